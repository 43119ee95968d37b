"""What every test stands on: a real PostgreSQL and a real Redis, and a flush that our triggers allow.

With `DATABASE_URL` unset both servers are private ones under `LMIS_DATA_DIR` (`var/test`), up for the session;
with it set, its role must be a superuser, or have `GRANT SET ON PARAMETER session_replication_role`.
"""

import contextlib
import os
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection

from lmis import configured, embedded, translations
from lmis.embedded.layout import Layout
from lmis.embedded.postgres import UNSAFE_SPEED
from lmis.embedded.processes import FileLock
from lmis.embedded.servers import running
from tests import flush


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Compile the texts; have the servers, our own or the configured ones, before anything asks for a connection."""
    if translations.main(["compile"]):  # a catalogue that was pulled since the last `make` would speak the old words
        pytest.exit("The catalogue named above cannot be compiled.", returncode=2)
    # Every other run of pytest on this machine shuts pytest's usual folder, and servers of tests that lie in it could
    # not reach their own data any more (as root they run as a system user).
    config.option.basetemp = config.option.basetemp or str(settings.DATA_DIR / "pytest")
    if config.option.collectonly or config.option.help:
        return
    held = contextlib.ExitStack()
    config.add_cleanup(held.close)
    try:
        configured.check_redis()
        if settings.EMBEDDED:
            only = FileLock(Layout.of(settings.DATA_DIR).run / "tests.lock")
            held.callback(only.release)
            if not only.take(wait=False):
                pytest.exit(f"Another test run uses {settings.DATA_DIR}: wait, or set LMIS_DATA_DIR.", returncode=2)
            own_redis = embedded.redis_url(settings.DATA_DIR) == settings.CELERY_BROKER_URL
            held.enter_context(running(settings.DATA_DIR, with_redis=own_redis, options=UNSAFE_SPEED))
        else:
            configured.check_database(name="postgres")  # the tests make their own database beside the configured one
    except (embedded.EmbeddedError, configured.SilentError) as error:
        pytest.exit(str(error), returncode=2)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database, and a copy of what the migrations put there, for every later flush."""
    with django_db_blocker.unblock():
        flush.remember(connection)
    flush.install()


@pytest.fixture
def private_env():
    """The environment for processes that tests start: settings by name, as the test run itself has them."""
    given = connection.get_connection_params()
    auth = ":".join(quote(given[name], safe="") for name in ("user", "password") if given.get(name))
    where = urlencode({name: given[name] for name in ("host", "port") if given.get(name)})
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "lmis.settings",
        "DATABASE_URL": f"postgresql://{auth}@/{given['dbname']}?{where}",
        "REDIS_URL": settings.CELERY_BROKER_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "LMIS_DATA_DIR": str(settings.DATA_DIR),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "COOKIES_SECURE": "0",
    }
