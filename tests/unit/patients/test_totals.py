"""Sums of attempts for Prometheus: they only rise, whatever is pruned."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from patients.models import UploadMinute, UploadTotal
from patients.services import history, totals
from tests.statements import listed, statements

NOW = timezone.now().replace(second=0, microsecond=0)


def minute(ago, count, outcome="accepted", code=""):
    """So many attempts, `ago` before now, of 200 ms each."""
    UploadMinute.objects.create(
        minute=NOW - dt.timedelta(**ago),
        outcome=outcome,
        code=code,
        count=count,
        milliseconds=200 * count,
        **{f"le_{bound}": count if bound >= 200 else 0 for bound in history.BOUNDS},
    )


def read():
    return {one.outcome: one.count for one in totals.read()}


@pytest.mark.django_db
class TestRead:
    def test_nothing_yet(self):
        assert totals.read() == []

    def test_codes_come_together(self):
        minute({"minutes": 1}, 2, "later", "timeout")
        minute({"minutes": 1}, 3, "later", "http_500")
        minute({"minutes": 1}, 1)
        assert read() == {"accepted": 1, "later": 5}

    def test_the_histogram(self):
        minute({"minutes": 1}, 4)
        minute({"hours": 3}, 1)
        totals.advance(now=NOW)
        found = totals.read()[0]
        assert (found.count, found.milliseconds) == (5, 1000)
        assert found.within == {100: 0, 300: 5, 1000: 5, 3000: 5, 10_000: 5}

    def test_one_statement(self):
        minute({"hours": 3}, 1)
        with statements() as found:
            totals.read()
        assert len(found) == 1, listed(found)


@pytest.mark.django_db
class TestAdvance:
    def test_the_sum_stays_through_adding_up_and_pruning(self, settings):
        settings.MIP = {**settings.MIP, "HISTORY_DAYS": 30}
        minute({"days": 40}, 1)
        minute({"days": 20}, 2)
        minute({"minutes": 5}, 4)
        seen = [read()]
        for _ in range(2):  # twice is once
            totals.advance(now=NOW)
            seen.append(read())
        history.prune(now=NOW)
        assert UploadMinute.objects.count() == 2
        assert [*seen, read()] == [{"accepted": 7}] * 4

    def test_a_minute_that_may_still_grow_is_left_for_later(self):
        minute({"minutes": 50}, 1)
        totals.advance(now=NOW)
        UploadMinute.objects.update(count=5)
        assert read() == {"accepted": 5}
        totals.advance(now=NOW + dt.timedelta(hours=1))
        assert UploadTotal.objects.get().count == 5
        assert read() == {"accepted": 5}

    def test_an_outcome_that_is_new_later(self):
        minute({"hours": 5}, 1)
        totals.advance(now=NOW - dt.timedelta(hours=3))
        minute({"hours": 3}, 2, "rejected", "validation_error")
        totals.advance(now=NOW)
        assert read() == {"accepted": 1, "rejected": 2}

    def test_a_clock_that_goes_back_adds_nothing_twice(self):
        minute({"hours": 5}, 1)
        totals.advance(now=NOW)
        totals.advance(now=NOW - dt.timedelta(hours=2))
        totals.advance(now=NOW)
        assert read() == {"accepted": 1}


@pytest.mark.django_db(transaction=True)
def test_many_at_once_add_once():
    for hours in range(2, 30):
        minute({"hours": hours}, 1)
    start = threading.Barrier(4)

    def advance():
        start.wait()
        totals.advance(now=NOW)
        connection.close()

    threads = [threading.Thread(target=advance) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert read() == {"accepted": 28}
    assert UploadTotal.objects.get().count == 28
