"""Values that the simulated platform fills in where a request or the seed gives none."""

from __future__ import annotations

from datetime import timedelta

SEED_NUMBER = 1
SEED_CUSTOMERS = 12

API_PREFIX = "/api/v1"
CONTROL_PREFIX = "/_control"
SITES_PREFIX = "/sites/"
APP_PREFIX = "/your-app/"
MAIL_PREFIX = "/mail/"

ENVIRONMENT = "production"
BRANCH = "main"
TEMPLATE = "static-site"  # sandboxes made from any other template run a program
BUILD_COMMAND = "npm ci && npm run build"
RUN_COMMAND = "node server.js"
RUNTIME_IMAGE = "node:22-slim"
PORT = 8080
HEALTH_CHECK_PATH = "/healthz"
ENTRYPOINT = "index.html"
PRODUCT = "miosa_deploy"

HOSTED_SUFFIX = "apps.example"  # CNAME targets of custom domains
APEX_ADDRESSES = ("192.0.2.44", "198.51.100.44")  # documentation ranges, never routed
ARTIFACT_RETENTION = timedelta(days=30)
