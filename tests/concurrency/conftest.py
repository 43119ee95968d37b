"""Rivals: threads with a connection each that start at the same moment."""

import contextlib
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection

from tests.factories import cast


@pytest.fixture(autouse=True)
def _committed(transactional_db):
    """Rivals see only what is committed."""


@pytest.fixture(autouse=True)
def _token_key():
    settings.PATIENT_TOKEN["KEY"] = settings.PATIENT_TOKEN["KEY"] or "a-secret-of-the-region-of-32-bytes"


def rivals(count, work):
    """Call `work(index)` in `count` threads that start together; what they return, in order.

    An exception of one is raised here.
    """
    barrier = threading.Barrier(count)
    # So many threads on one interpreter wait for each other and not for the database, each for a whole turn of
    # another: shorter turns make them what they stand for, processes of their own.
    turn = sys.getswitchinterval()
    sys.setswitchinterval(turn / 50)

    def one(index):
        try:
            connection.ensure_connection()
            barrier.wait()
            return work(index)
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))
    finally:
        sys.setswitchinterval(turn)


def meeting_after(work, count):
    """`work`, but whoever has done it waits until `count` have: a twin's race, made certain.

    Nobody waits for ever: when some never come, the others go on.
    """
    barrier = threading.Barrier(count, timeout=5)

    def wrapped(*args, **kwargs):
        found = work(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait()
        return found

    return wrapped


@contextlib.contextmanager
def without(table, *constraints):
    """Take constraints (or unique indexes) off a table for a while: what a twin without its guard needs."""
    saved = []
    with connection.cursor() as cursor:
        for name in constraints:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
            if row := cursor.fetchone():
                saved.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {row[0]}")
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
                continue
            cursor.execute("SELECT pg_get_indexdef(to_regclass(%s))", [name])
            saved.append(cursor.fetchone()[0])
            cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("DELETE FROM appointments_appointment")
            cursor.execute("UPDATE appointments_slot SET booked = 0, overbooked = 0")
            cursor.execute("SET session_replication_role = DEFAULT")
            for statement in saved:
                cursor.execute(statement)


@contextlib.contextmanager
def elsewhere():
    """A thread with a connection of its own: `submit` runs something in it."""

    def run(work):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(run, work)


def wait_until_somebody_waits():
    """Another connection waits for a lock of ours."""
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.005)
    raise AssertionError("nobody waits")


@pytest.fixture
def region():
    return cast.Region()


@pytest.fixture
def doctor():
    return cast.a_doctor()
