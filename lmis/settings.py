"""Settings come from the environment; `.env.example` lists them all.

With `DATABASE_URL` unset the project runs on its own private PostgreSQL and Redis (`lmis.embedded`): the
demo, the tests and a developer's commands. Only then a secret key is made up; elsewhere a start without one is refused.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from lmis import configured, embedded
from lmis.unfold_settings import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("LMIS_DATA_DIR", default="") or BASE_DIR / "var")
EMBEDDED = not env.str("DATABASE_URL", default="")
DEMO = env.bool("LMIS_DEMO", default=EMBEDDED)

_PROJECT = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
VERSION = env.str("LMIS_VERSION", default="") or _PROJECT["version"]
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not EMBEDDED:
        raise ImproperlyConfigured("SECRET_KEY is not set: put a long random string into the environment.")
    SECRET_KEY = embedded.secret_key(DATA_DIR)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if EMBEDDED else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site is our own
    "unfold.contrib.filters",
    "lmis.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "auditlog",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lmis",
    "patients",
    "directions",
    "appointments",
]
MIDDLEWARE = [
    "lmis.ops.counting.CountingMiddleware",
    "lmis.api.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lmis.api.middleware.ApiGateMiddleware",
    "lmis.screens.policy.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lmis.screens.temporary.TemporaryPasswordMiddleware",
    "lmis.screens.lock.LockMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "lmis.audit.AuditMiddleware",
]
ROOT_URLCONF = "lmis.urls"
WSGI_APPLICATION = "lmis.wsgi.application"
APPEND_SLASH = False  # a redirected POST loses its body; every API path answers with and without the slash
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database and broker -------------------------------------------------------------------------------
DATABASE: dict[str, Any] = (
    embedded.database_settings(DATA_DIR) if EMBEDDED else configured.database_settings(env.str("DATABASE_URL"))
)
DATABASE["OPTIONS"] = {**DATABASE.get("OPTIONS", {}), "connect_timeout": 5}
if not env.bool("PGBOUNCER", default=False):  # it may hand the next call to a session that has prepared nothing
    DATABASE["OPTIONS"]["prepare_threshold"] = 5
DATABASE["DISABLE_SERVER_SIDE_CURSORS"] = env.bool("PGBOUNCER", default=False)
DATABASE["CONN_HEALTH_CHECKS"] = True  # else each connection that a restart broke costs somebody a request
if env.bool("DATABASE_POOL", default=False):  # set by wsgi.py; Celery's workers keep one connection a process
    DATABASE["OPTIONS"]["pool"] = {
        "min_size": 2,
        "max_size": env.int("DATABASE_POOL_SIZE", default=16),
        "timeout": 5,
    }
else:
    DATABASE["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="") or embedded.redis_url(DATA_DIR)
# A unix socket has two spellings: Celery's and that of redis-py; either may be configured.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
REDIS_URL = REDIS_URL.replace("redis+socket://", "unix://", 1)

# --- Celery --------------------------------------------------------------------------------------------
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "lmis.ops.beat:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 15  # seconds: beat's clock turns at least so often, and says so

# --- language and time ---------------------------------------------------------------------------------
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["lmis.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Moscow")

# --- static files --------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("WHITENOISE_USE_FINDERS", default=EMBEDDED)

# --- staff ---------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "screens:start"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # names have no business in a cookie
SCREEN_LOCK_MINUTES = env.int("SCREEN_LOCK_MINUTES", default=10)
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=12 * 3600)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # else whoever opens the browser of a shared computer next goes on as before
ACCESS_LOG_DAYS = env.int("ACCESS_LOG_DAYS", default=1095)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("COOKIES_SECURE", default=not EMBEDDED)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]  # HSTS and the redirect belong to the proxy

# --- the integration API -------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20  # of the staff's imports; the API has its own limit below
API_MAX_BODY = 256 * 2**10
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])
METRICS_NETWORKS: list[str] = env.list("METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"])
DIRECTION_BOOKING_STATUS = env.int("DIRECTION_BOOKING_STATUS", default=201)
CHECK_DIRECTION_EXPIRY = env.bool("CHECK_DIRECTION_EXPIRY", default=False)
CHECK_DIRECTION_SPECIALITY = env.bool("CHECK_DIRECTION_SPECIALITY", default=False)
REGION = env.str("REGION", default="")
CANCEL_UNTIL_MINUTES = env.int("CANCEL_UNTIL_MINUTES", default=0)
SCHEDULE_HORIZON_DAYS = env.int("SCHEDULE_HORIZON_DAYS", default=14)

PATIENT_TOKEN = {
    "ALGORITHMS": env.list("PATIENT_TOKEN_ALGORITHMS", default=["HS256"]),
    "KEY": env.str("PATIENT_TOKEN_KEY", default="", multiline=True),
    "JWKS_URL": env.str("PATIENT_TOKEN_JWKS_URL", default=""),
    "ISSUER": env.str("PATIENT_TOKEN_ISSUER", default=""),
    "AUDIENCE": env.str("PATIENT_TOKEN_AUDIENCE", default=""),
    "LEEWAY": 60,  # seconds
    "CLAIM_PERSON": env.str("PATIENT_TOKEN_CLAIM_PERSON", default="personGuid"),
    "CLAIM_MKABS": env.str("PATIENT_TOKEN_CLAIM_MKABS", default="mkabs"),
    "CLAIM_SOURCE": env.str("PATIENT_TOKEN_CLAIM_SOURCE", default="source"),
}
MIP: dict[str, Any] = {
    "URL": env.str("MIP_URL", default=""),
    "LOGIN": env.str("MIP_LOGIN", default=""),
    "PASSWORD": env.str("MIP_PASSWORD", default=""),
    "TIMEOUT": env.float("MIP_TIMEOUT", default=10.0),  # seconds
    "SWEEP_SECONDS": env.float("MIP_SWEEP_SECONDS", default=2.0),
    "HISTORY_DAYS": env.int("MIP_HISTORY_DAYS", default=60),
}

# --- alarms ---------------------------------------------------------------------------------------------
ALARMS: dict[str, Any] = {
    "EMAILS": env.list("ALARM_EMAILS", default=[]),
    "WEBHOOK": env.str("ALARM_WEBHOOK", default=""),
    "SITE": env.str("ALARM_SITE", default=""),
    "REFUSED_DAYS": env.int("ALARM_REFUSED_DAYS", default=7),
    "EXISTING_DAYS": env.int("ALARM_EXISTING_DAYS", default=3),
}
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="lmis@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["lmis.api.authentication.ClientAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["lmis.api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["lmis.api.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lmis.api.rendering.JSONParser"],
    "EXCEPTION_HANDLER": "lmis.api.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "lmis.api.schema.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # unknown parameters are ignored, `format` too
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LMIS integration API",
    "DESCRIPTION": (
        "An unknown path, one with a guid that is none included, answers 404 `not_found`; a method that a path does "
        "not have answers 405 `method_not_allowed`, once the caller is known. Both come in the envelope of every error."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "PATH_CONVERTER_OVERRIDES": {"guid": {"type": "string", "format": "uuid"}},
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},  # the validator is an outside host
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"SourceEnum": "lmis.models.Source"},  # sources and channels are the same six
}

SENTRY_DSN = env.str("SENTRY_DSN", default="")
LOG_FORMAT = env.str("LOG_FORMAT", default="text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured("LOG_FORMAT must be text or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "lmis.ops.logs.ContextFilter"}},
    "formatters": {
        "text": {
            "()": "lmis.ops.logs.TextFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(context)s] %(message)s",
        },
        "json": {"()": "lmis.ops.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"pyBarcode": {"level": "WARNING"}},  # says at each start that it could not draw pictures
}
