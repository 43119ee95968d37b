"""Which of Django's commands need the private database, and having it up for them."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import types
import warnings
from collections.abc import Iterator, Sequence

WITHOUT_DATABASE = frozenset(
    {
        "demo",  # starts its own
        "help",
        "version",
        "check",
        "collectstatic",
        "compile_messages",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "makemessages",
        "makemigrations",
        "sendtestemail",
        "spectacular",
        "startapp",
        "startproject",
    }
)
WITH_REDIS = frozenset({"runserver", "shell"})


@contextlib.contextmanager
def for_command(argv: Sequence[str]) -> Iterator[None]:
    """Have the private servers up while the command of `argv` runs, when it needs them and none are configured.

    Raises `SilentError` when it needs the database, and the one that is configured does not answer.
    """
    from django.conf import settings

    from lmis import configured

    name = next((word for word in argv[1:] if not word.startswith("-")), "help")
    if name in WITHOUT_DATABASE or {"-h", "--help", "--version"} & set(argv):
        # makemigrations looks whether the applied history is consistent, and only warns when nobody answers
        warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
        yield
    elif settings.EMBEDDED:
        from lmis.embedded import redis_url
        from lmis.embedded.servers import running

        own_redis = redis_url(settings.DATA_DIR) == settings.CELERY_BROKER_URL
        with _orderly_end(), running(settings.DATA_DIR, with_redis=own_redis and name in WITH_REDIS):
            yield
    else:
        configured.check_database()
        yield


@contextlib.contextmanager
def _orderly_end() -> Iterator[None]:
    """Turn a SIGTERM into an exit, so that the servers do not outlive the command."""

    def leave(number: int, _frame: types.FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
