"""The one durable transaction of a write that comes through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from django.db import OperationalError, connection, transaction

from lmis.exceptions import RequestInProgress, Unavailable

T = TypeVar("T")

LOCK_TIMEOUT = "1s"  # of each wait; contract §2.2: at most three of them
IDLE_TIMEOUT = "10s"  # a frozen process must not hold a slot
_SETTINGS = (
    f"SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_TIMEOUT}', true)"
)
_RIVALRY = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


def run_write(work: Callable[[], T], *, retries: int = 1, key_lock: int | None = None) -> T:
    """Run `work` in a transaction of its own, and return what it returns once that is committed.

    `work` may run again (`retries` times) when PostgreSQL chose us as the victim of a deadlock, so it must not act
    outside the database. `key_lock` is an advisory lock, tried and never waited for.
    Raises `Unavailable` when a lock was not had in time, `RequestInProgress` when `key_lock` is taken.
    """
    for left in range(retries, -1, -1):
        try:
            with transaction.atomic(durable=True):
                _prepare(key_lock)
                return work()
        except OperationalError as error:
            if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise Unavailable from error
            if not isinstance(error.__cause__, _RIVALRY):
                raise
            if not left:
                raise Unavailable from error
    raise AssertionError("unreachable")


def _prepare(key_lock: int | None) -> None:
    """One statement: both timeouts (local to this transaction: PgBouncer hands the session on) and the lock."""
    with connection.cursor() as cursor:
        if key_lock is None:
            cursor.execute(_SETTINGS)
            return
        cursor.execute(f"{_SETTINGS}, pg_try_advisory_xact_lock(%s)", [key_lock])
        if not cursor.fetchone()[2]:
            raise RequestInProgress
