"""How long a write waits for its rivals: all identities of a request are one wait (contract §2.2)."""

import contextlib
import threading
import time

import psycopg
import pytest
from django.db import connection, transaction

from lmis.exceptions import Unavailable
from lmis.services.transactions import run_write
from patients import locks

KEYS = [1001, 1002, 1003, 1004]
EACH = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"


@contextlib.contextmanager
def let_go_one_after_the_other(seconds):
    """Somebody else holds each key; a key is let go so long after the one before."""
    held, over = threading.Event(), threading.Event()

    def hold():
        with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as rival:
            rival.execute("SELECT pg_advisory_lock(key) FROM unnest(%s::bigint[]) AS key", [KEYS])
            held.set()
            for key in KEYS:
                if over.wait(seconds):
                    return
                rival.execute("SELECT pg_advisory_unlock(%s)", [key])

    rival = threading.Thread(target=hold)
    rival.start()
    held.wait()
    try:
        yield
    finally:
        over.set()
        rival.join()


def test_the_keys_of_one_request_are_waited_for_together():
    """Each would be had in time, all of them together are not."""
    with let_go_one_after_the_other(0.7), pytest.raises(Unavailable):
        run_write(lambda: locks.lock_identities(KEYS))


def test_twin_each_by_itself_they_are_waited_for_as_often_as_there_are_keys(monkeypatch):
    monkeypatch.setattr(locks, "_LOCK", EACH)
    with let_go_one_after_the_other(0.7):
        begun = time.monotonic()
        run_write(lambda: locks.lock_identities(KEYS))
        assert time.monotonic() - begun > 2  # s, where one wait has 1.1


def test_without_a_limit_they_are_waited_for_as_long_as_it_takes():
    with let_go_one_after_the_other(0.4), transaction.atomic():
        locks.lock_identities(KEYS)
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)
