"""The one durable transaction of a write that comes through the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from psycopg import pq

from lmis.exceptions import RequestInProgress, Unavailable

T = TypeVar("T")

# Of each wait (contract §2.2: 1 s, at most three). A little more than PostgreSQL's `deadlock_timeout` of 1 s:
# with both at 1 s the lock timeout wins, on both sides of a deadlock (tried), and nobody is left to retry.
LOCK_TIMEOUT = "1100ms"
AFTER_DEADLOCK = 0.05  # seconds
IDLE_TIMEOUT = "10s"  # a frozen process must not hold a slot
# Local to this transaction: PgBouncer hands the session on.
_SETTINGS = (
    f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}'"
)
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
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
                _begin(key_lock)
                return work()
        except OperationalError as error:
            if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise Unavailable from error
            if not isinstance(error.__cause__, _RIVALRY):
                raise
            if not left:
                raise Unavailable from error
            # At once we would take the row again before the rival wakes up for it: let the rival finish.
            time.sleep(AFTER_DEADLOCK)
    raise AssertionError("unreachable")


def _begin(key_lock: int | None) -> None:
    """Both timeouts and the lock in the message that begins the transaction: each of its own costs another trip.

    The driver begins what has not begun yet before the first statement, and sees here that it has.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    pgconn = wrapper.connection.pgconn
    begin = "BEGIN; " if pgconn.transaction_status == pq.TransactionStatus.IDLE else ""
    lock = "" if key_lock is None else f"; SELECT pg_try_advisory_xact_lock({key_lock:d})"
    with wrapper.wrap_database_errors:
        result = pgconn.exec_(f"{begin}{_SETTINGS}{lock}".encode())
        if result.status not in _DONE:
            raise psycopg.errors.error_from_result(result)
    if key_lock is not None and result.get_value(0, 0) != b"t":
        raise RequestInProgress
