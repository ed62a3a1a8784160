"""Django's settings. Values that differ between installations come from environment variables (`config`)."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from jinja2 import StrictUndefined, Undefined

from portal import logs
from portal import setting_types as types
from portal.config import BASE_DIR, reveal
from portal.environment import ConfigError, load_config

django_stubs_ext.monkeypatch()

try:
    CONFIG = load_config()
except ConfigError as error:
    sys.exit(str(error))

DEBUG = CONFIG.debug
SECRET_KEY = reveal(CONFIG.secret_key)
MIOSA = CONFIG.miosa
DNS = CONFIG.dns
PORTAL_NAME = CONFIG.portal_name
PORTAL_URL = CONFIG.public_url
SHOW_STAFF_NAMES = CONFIG.show_staff_names
METRICS_TOKEN = reveal(CONFIG.metrics_token)
VAR_DIR = CONFIG.var_dir

# --- Applications ---

INSTALLED_APPS = [
    "portal",
    "deployments_ui",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "portal.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.RequestMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.NoStoreMiddleware",
    "portal.middleware.LockWaitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "deployments_ui.uploads.UploadMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.BrandMiddleware",
    "portal.sign_in.session_limits.SessionLimitMiddleware",
    "portal.middleware.PersonMiddleware",
    "portal.audit_middleware.AuditMiddleware",
    "portal.middleware.TimeZoneMiddleware",
    "deployments_ui.guards.BodyLimitMiddleware",
    "deployments_ui.guards.SignInMiddleware",
    "deployments_ui.guards.SecondFactorMiddleware",
    "deployments_ui.errors.ErrorMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "deployments_ui.jinja2_environment.environment",
            "lstrip_blocks": True,  # a line break is left, which is a space
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "deployments_ui.frame.frame",
            ],
            # A name that a template misspells is an error while we work, and empty for a customer.
            "undefined": StrictUndefined if DEBUG else Undefined,
        },
    },
    {  # for pages of third parties
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Users and sign-in ---

AUTH_USER_MODEL = "portal.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail addresses are unique; people without one never sign in with it
AUTHENTICATION_BACKENDS = ["portal.sign_in.accounts.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.sign_in.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_NOTIFICATIONS = False  # portal.sign_in.events sends them
ACCOUNT_FORMS = {
    "change_password": "portal.sign_in.forms.ChangePasswordForm",
    "login": "portal.sign_in.forms.LoginForm",
    "reset_password": "portal.sign_in.forms.ResetPasswordForm",
    "user_token": "portal.sign_in.forms.ResetTokenForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 3600
# portal.services.accounts.sign_ins limits attempts to sign in and to reset a password.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": None}
ALLAUTH_TRUSTED_PROXY_COUNT = CONFIG.trusted_proxy_count
MFA_ADAPTER = "portal.sign_in.second_factors.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # always: what one page asks for can be sent to the one that signs in
MFA_TOTP_PERIOD = 30
MFA_TOTP_TOLERANCE = 1  # people type slowly, and clocks differ
MFA_ALLOW_UNVERIFIED_EMAIL = True  # no address is taken without its confirmation
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}  # an office shares an address, and there is nothing to guess
MFA_FORMS = {
    "authenticate": "portal.sign_in.forms.AuthenticateForm",
    "reauthenticate": "portal.sign_in.forms.ReauthenticateForm",
    "activate_totp": "portal.sign_in.forms.ActivateAppForm",
    "add_webauthn": "portal.sign_in.forms.AddPasskeyForm",
    "edit_webauthn": "portal.sign_in.forms.RenamePasskeyForm",
    "login_webauthn": "portal.sign_in.forms.PasskeyLoginForm",
}
HAND_OFF = CONFIG.hand_off
SECOND_FACTOR_FOR = frozenset(CONFIG.second_factor_for)
SOCIALACCOUNT_ADAPTER = "portal.sign_in.single_sign_on.SocialAccountAdapter"
OIDC_ISSUER = CONFIG.oidc_issuer or ""
OIDC_NAME = CONFIG.oidc_name
OIDC_GROUPS_CLAIM = CONFIG.oidc_groups_claim
OIDC_OPERATOR_GROUPS = frozenset(CONFIG.oidc_operator_groups)
OIDC_SUPPORT_GROUPS = frozenset(CONFIG.oidc_support_groups)
# The provider's id is its issuer: an identity at another one is another person.
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": OIDC_ISSUER,
                "name": OIDC_NAME,
                "client_id": CONFIG.oidc_client_id or "",
                "secret": reveal(CONFIG.oidc_client_secret),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }
}

# --- Mail and audit log ---

SMTP_URL = CONFIG.mail_server
DEFAULT_FROM_EMAIL = CONFIG.mail_from
AUDIT_KEY = reveal(CONFIG.audit_key)
AUDIT_KEEP_D = CONFIG.audit_keep_d

# --- Database and cache ---

# FULL: the row of an operation must survive a power cut. No memory map: it quadruples the memory of a process.
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA foreign_keys=ON;"

DATABASES: dict[str, dict[str, Any]] = {"default": CONFIG.database}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # With deferred transactions, one that reads and then writes fails at once if another one wrote in between.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": SQLITE_PRAGMAS,
    }
DATABASES["default"].setdefault("CONN_MAX_AGE", 60)

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "portal.database_cache.ResilientDatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
if CONFIG.cache_url is not None:
    CACHES["default"] = {
        "BACKEND": "portal.caches.ResilientRedisCache",
        "LOCATION": reveal(CONFIG.cache_url),
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }

# --- Language and time ---

LANGUAGE_CODE = CONFIG.language_code
LANGUAGES = [(code, code) for code in types.list_languages()]
LOCALE_PATHS = [types.LOCALE_DIR]
TIME_ZONE = CONFIG.time_zone
USE_TZ = True
USE_I18N = True

# --- Static files ---

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
FILE_UPLOAD_PERMISSIONS = 0o600  # also applies to collected static files
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Requests ---

# Forms are small; the longest field is a pasted .env file. Only `deployments_ui.uploads` takes files.
MOST_BODY_BYTES = 2_000_000
WEB_THREADS = CONFIG.web_threads
DATA_UPLOAD_MAX_MEMORY_SIZE = MOST_BODY_BYTES
FILE_UPLOAD_HANDLERS: list[str] = []

# --- Security ---

ALLOWED_HOSTS = list(CONFIG.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(CONFIG.csrf_trusted_origins)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SESSION_IDLE_STAFF = timedelta(hours=CONFIG.session_idle_staff_h)
SESSION_IDLE_CUSTOMER = timedelta(days=CONFIG.session_idle_customer_d)
SESSION_ABSOLUTE = timedelta(days=CONFIG.session_absolute_d)
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CONFIG.https
CSRF_FAILURE_VIEW = "deployments_ui.csrf.refuse"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = CONFIG.https
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
if CONFIG.https:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if CONFIG.trusted_proxy_count:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- JSON API ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["portal.api.throttling.PersonThrottle"],
    "DEFAULT_THROTTLE_RATES": {"person": "600/min"},
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": PORTAL_NAME,
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- Logs ---

LOGGING = logs.configure(level=CONFIG.log_level, secrets=CONFIG.secrets)
