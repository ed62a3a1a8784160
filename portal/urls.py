"""Root URL configuration."""

from allauth.account import views as account_views
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/login/", account_views.login, name="account_login"),
    path("accounts/logout/", account_views.logout, name="account_logout"),
    path("api/v1/", include("portal.api.urls")),
    path("", include("deployments_ui.urls")),
]

handler400 = "deployments_ui.errors.bad_request"
handler403 = "deployments_ui.errors.forbidden"
handler404 = "deployments_ui.errors.not_found"
handler429 = "deployments_ui.errors.too_many"  # used by the rate limits of allauth
handler500 = "deployments_ui.errors.broken"
