"""Every knob, read from the environment (or `.data/env`, which `manage.py up` writes); fails closed.

Variants of deployment are variables, never other modules. `.env.example` documents each one.
"""

from datetime import timedelta
from pathlib import Path

import environ

from issuing_portal.core.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data"

env = environ.Env()
environ.Env.read_env(DATA_DIR / "env", overwrite=False)

ENVIRONMENT = env.str("ENVIRONMENT", default="production")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)
PROCESS = env.str("ISSUING_PROCESS", default="portal")
"""`portal` (web, workers, commands) or `processor` (the tap path: its own URLs, no middleware)."""

# Secrets have no default: without them nothing starts.
SECRET_KEY = env.str("SECRET_KEY")
VAULT_KEK = env.str("VAULT_KEK")
VAULT_KEK_PREVIOUS = env.list("VAULT_KEK_PREVIOUS", default=[])
VAULT_HASH_KEY = env.str("VAULT_HASH_KEY")
AUDIT_SALT = env.str("AUDIT_SALT")
CARD_TEST_KEY = env.str("CARD_TEST_KEY", default="")
CARD_SECRETS = env.str("CARD_SECRETS", default="software")
"""Who computes CVV2: `software` is for test cards only; live mode refuses it."""

REVEAL_FRAME_ANCESTORS = env.list("REVEAL_FRAME_ANCESTORS", default=[])
"""Origins that may embed the frame with a card's details; empty: none in production, any in a test installation."""

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
PORTAL_ORIGIN = env.str("PORTAL_ORIGIN", default="")
PROCESSOR_ORIGIN = env.str("PROCESSOR_ORIGIN", default="http://127.0.0.1:8001")
"""Where the sandbox finds the processor entry."""

DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {"ATOMIC_REQUESTS": False, "CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60)}
if PROCESS == "processor":
    # Two autocommit statements per tap, prepared on the server (decision 0003). No reconnect and no
    # health check on the path (that is a third statement): a dead connection is found by its first use, and mended there.
    DATABASES["default"] |= {
        "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 0,
                    "options": "-c statement_timeout=150 -c lock_timeout=100 -c jit=off"},
    }
REDIS_URL = env.str("REDIS_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "staff.User"
INSTALLED_APPS = [
    "issuing_portal.core",
    "issuing_portal.events",
    "issuing_portal.audit",
    "issuing_portal.staff",
    "issuing_portal.partners",
    "issuing_portal.idempotency",
    "issuing_portal.api",
    "cardholders",
    "issuing_portal.ledger",
    "cards",
    "kyc",
    "authorisations",
    "fulfilment",
    "issuing_portal.sandbox",
    "issuing_portal.portal",
    "issuing_portal.staff.admin_site.LookingGlassConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "auditlog",
    "axes",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
]
MIDDLEWARE = [
    "issuing_portal.api.request_ids.RequestIdMiddleware",
    "issuing_portal.core.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "issuing_portal.staff.middleware.PortalSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "issuing_portal.staff.middleware.PortalCsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "issuing_portal.staff.middleware.StaffGateMiddleware",
    "issuing_portal.portal.middleware.ViewerZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "issuing_portal.urls"
WSGI_APPLICATION = "issuing_portal.wsgi.application"
APPEND_SLASH = False
if PROCESS == "processor":
    MIDDLEWARE = []
    ROOT_URLCONF = "issuing_portal.urls_processor"

TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [BASE_DIR / "templates"],
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "issuing_portal.portal.context.portal",
    ]},
}]

# Staff sign-in
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "issuing_portal.staff.passwords.LettersAndDigitsValidator"},
]
LOGIN_URL = "staff:sign_in"
LOGIN_REDIRECT_URL = "portal:home"
STAFF_IDLE = timedelta(minutes=env.int("STAFF_IDLE_MINUTES", default=15))
STAFF_SESSION_MAX = timedelta(hours=12)
STAFF_STEP_UP = timedelta(minutes=5)
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "staff/locked_out.html"
AXES_USERNAME_FORM_FIELD = "email"
AXES_CLIENT_IP_CALLABLE = "issuing_portal.core.addresses.client_address"
OTP_TOTP_ISSUER = "Issuing Portal" + ("" if PRODUCTION else f" ({ENVIRONMENT})")
OTP_TOTP_THROTTLE_FACTOR = 1
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Browser hardening
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {
    "default-src": ["'self'"], "script-src": ["'self'"], "style-src": ["'self'"], "img-src": ["'self'", "data:"],
    "object-src": ["'none'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"], "form-action": ["'self'"],
}}

# Language, time, static files
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "issuing_portal.portal.static_files.PackageFinder",
]
COLLECTED = env.bool("STATIC_COLLECTED", default=PRODUCTION)
WHITENOISE_USE_FINDERS = not COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "issuing_portal.portal.static_files.PortalStaticStorage" if COLLECTED
                    else "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["issuing_portal.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["issuing_portal.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["issuing_portal.api.throttles.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["issuing_portal.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "issuing_portal.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "issuing_portal.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Issuing Portal API",
    "DESCRIPTION": "Onboard cardholders, issue and control cards, read money. Conventions: docs/api.md.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/v1",
    "PREPROCESSING_HOOKS": ["issuing_portal.api.schema.only_partner_api"],
    "POSTPROCESSING_HOOKS": ["issuing_portal.api.schema.finish"],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_REQUEST": True,
}
API_BODY_LIMIT = 256 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
API_RATE_PER_SECOND = env.int("API_RATE_PER_SECOND", default=100)
IDEMPOTENCY_KEPT = timedelta(days=7)

# The tap path
TAP_DEADLINE = timedelta(milliseconds=200)
SIGNATURE_TOLERANCE = timedelta(seconds=300)

# The audit trail and what is measured
AUDIT_ANCHOR_FILE = env.str("AUDIT_ANCHOR_FILE", default=str(DATA_DIR / "audit-anchors.jsonl"))
"""Where the daily anchor is written; in production a place that the database's administrators cannot write."""
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = env.list("METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"])
"""Who may read /metrics: these networks, or whoever sends the token as `Authorization: Bearer`."""

# Workers: PostgreSQL is the queue of record, Celery the doorbell (docs/decisions/0002).
CELERY = {
    "broker_url": REDIS_URL,
    "task_default_queue": "default",  # the one that core.jobs rings and that a plain worker listens to
    "task_serializer": "json", "accept_content": ["json"],
    "task_ignore_result": True, "task_acks_late": True, "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1, "task_time_limit": 300, "task_soft_time_limit": 240,
    "worker_soft_shutdown_timeout": 2, "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True, "broker_connection_timeout": 2,
    "task_publish_retry": False,
    "broker_transport_options": {
        "visibility_timeout": 900, "socket_timeout": 5, "socket_connect_timeout": 2,
        "socket_keepalive": True, "unacked_restore_throttle": 1,
    },
    "timezone": "UTC",
}

LOGGING_CONFIG = None
LOGGING = logging_config(json=env.bool("LOG_JSON", default=PRODUCTION), level=env.str("LOG_LEVEL", default="INFO"))
AUDITLOG_DISABLE_REMOTE_ADDR = False
SILENCED_SYSTEM_CHECKS = [
    "urls.W002",
    "auth.W004",  # the address is unique without regard to case: a constraint on lower(email), which the check does not see
]
