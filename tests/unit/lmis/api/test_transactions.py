"""The durable transaction of a write: its timeouts, its one retry, its refusals."""

import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from lmis.exceptions import RequestInProgress, Unavailable
from lmis.models import Speciality
from lmis.services.transactions import run_write

pytestmark = pytest.mark.django_db(transaction=True)


def setting(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]


def elsewhere(function):
    """Run in a thread with a connection of its own."""
    caught = []

    def run():
        try:
            function()
        except Exception as error:
            caught.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, caught


def test_the_timeouts_hold_inside_and_only_there():
    before = setting("lock_timeout"), setting("idle_in_transaction_session_timeout")
    inside = run_write(lambda: (setting("lock_timeout"), setting("idle_in_transaction_session_timeout")))
    assert inside == ("1100ms", "10s")
    assert (setting("lock_timeout"), setting("idle_in_transaction_session_timeout")) == before


def test_it_refuses_to_be_nested():
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        run_write(lambda: None)


def test_an_error_rolls_back():
    def work():
        Speciality.objects.create(name="терапия")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        run_write(work)
    assert not Speciality.objects.exists()


def test_a_lock_not_had_in_time_is_unavailable():
    row = Speciality.objects.create(name="терапия")

    def work():
        Speciality.objects.select_for_update().get(pk=row.pk)

    with transaction.atomic():
        work()
        thread, caught = elsewhere(lambda: run_write(work))
        thread.join()
    assert [type(error) for error in caught] == [Unavailable]
    assert caught[0].headers["Retry-After"] == "1"


def test_the_key_lock_is_tried_and_not_waited_for():
    with transaction.atomic():
        connection.cursor().execute("SELECT pg_advisory_xact_lock(5)")
        thread, caught = elsewhere(lambda: run_write(lambda: None, key_lock=5))
        thread.join()
    assert [type(error) for error in caught] == [RequestInProgress]
    assert run_write(lambda: "free again", key_lock=5) == "free again"


def crosswise(retries):
    """Two writers that lock two rows in opposite order, meeting in between the first time round."""
    rows = [Speciality.objects.create(name=name).pk for name in "ab"]
    meeting, attempts = threading.Barrier(2), []

    def writer(first, second):
        met = []

        def work():
            attempts.append(first)
            Speciality.objects.select_for_update().get(pk=first)
            if not met:
                met.append(True)
                meeting.wait()
            Speciality.objects.select_for_update().get(pk=second)

        return lambda: run_write(work, retries=retries)

    running = [elsewhere(writer(*rows)), elsewhere(writer(*reversed(rows)))]
    for thread, _ in running:
        thread.join()
    return [error for _, caught in running for error in caught], len(attempts)


def test_a_deadlock_is_retried_once():
    """With the server's own `deadlock_timeout`, which a plain role cannot change."""
    errors, attempts = crosswise(retries=1)
    assert errors == []
    assert attempts >= 3


def test_without_a_retry_a_deadlock_reaches_the_caller_as_unavailable():
    errors, attempts = crosswise(retries=0)
    assert {type(error) for error in errors} == {Unavailable}
    assert attempts == 2


def test_other_database_errors_are_not_hidden():
    def work():
        connection.cursor().execute("SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(1)")

    with pytest.raises(OperationalError):
        run_write(work)
