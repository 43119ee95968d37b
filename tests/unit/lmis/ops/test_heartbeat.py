"""Signs of life: who is taken for living, and that nothing stops the sign."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from lmis.models import Heartbeat
from lmis.ops import heartbeat
from lmis.ops.beat import STANDS_STILL, Scheduler
from lmis.ops.every import Every
from lmis.services import heartbeats
from lmis.services.heartbeats import ALIVE_FOR, Process
from tests.statements import listed, statements

NOW = timezone.now()


def a_sign(kind="worker", *, ago=0, name="", queues=()):
    process = Process.this(kind, now=NOW - dt.timedelta(hours=1), name=name, queues=queues)
    heartbeats.sign(process=process, now=NOW - dt.timedelta(seconds=ago))
    return process


@pytest.mark.django_db
class TestPresent:
    def test_nobody(self):
        present = heartbeats.present(now=NOW)
        assert (present.workers, present.beats, present.webs) == ([], [], [])
        assert present.last_worker is present.last_beat is None

    def test_a_living_beat_with_dead_workers(self):
        a_sign("beat", ago=5)
        a_sign("worker", name="w@host", ago=300)
        present = heartbeats.present(now=NOW)
        assert [one.kind for one in present.beats] == ["beat"]
        assert present.workers == []
        assert present.last_worker == NOW - dt.timedelta(seconds=300)

    def test_exactly_how_long_a_sign_counts(self):
        a_sign(ago=ALIVE_FOR.total_seconds() - 1)
        assert len(heartbeats.present(now=NOW).workers) == 1
        assert heartbeats.present(now=NOW + dt.timedelta(seconds=1)).workers == []

    def test_one_statement(self):
        [a_sign(name=str(number)) for number in range(3)]
        with statements() as found:
            heartbeats.present(now=NOW)
        assert len(found) == 1, listed(found)

    def test_by_queue(self):
        a_sign(name="both", queues={"mip", "default"})
        a_sign(name="one", queues=["default"])
        assert [one.name for one in heartbeats.present(now=NOW).listening_to("mip")] == ["both"]
        assert Heartbeat.objects.get(name="both").queues == ["default", "mip"]


@pytest.mark.django_db
class TestSign:
    def test_it_is_renewed_in_one_row_with_one_statement(self, settings):
        settings.VERSION = "abc123"
        process = a_sign(ago=60)
        with statements() as found:
            heartbeats.sign(process=process, now=NOW)
        row = Heartbeat.objects.get()
        assert len(found) == 1, listed(found)
        assert (row.seen_at, row.version, row.started_at) == (NOW, "abc123", NOW - dt.timedelta(hours=1))

    def test_it_goes_in_good_order(self):
        heartbeats.leave(process=a_sign())
        assert not Heartbeat.objects.exists()

    def test_old_ones_are_forgotten(self):
        a_sign(name="old", ago=90_000)
        a_sign(name="new", ago=80_000)
        assert heartbeats.prune(now=NOW) == 1
        assert Heartbeat.objects.get().name == "new"

    def test_the_table_knows_its_kinds(self):
        with pytest.raises(IntegrityError, match="heartbeat_kind_known"):
            a_sign("ghost")


@pytest.mark.django_db(transaction=True)
class TestHeart:
    def test_it_signs_at_once_and_takes_its_sign_away(self):
        heartbeat.begin("worker", name="w@host", queues=["mip"])
        try:
            seen = wait_for(lambda: heartbeats.present(now=timezone.now()).workers)
            assert [(one.name, one.queues) for one in seen] == [("w@host", ["mip"])]
        finally:
            heartbeat.end("worker")
        assert not Heartbeat.objects.exists()

    def test_hooks_are_called_with_the_time_and_one_that_fails_stops_nobody(self, monkeypatch, caplog):
        called = threading.Event()
        monkeypatch.setattr(heartbeat, "EACH_BEAT", [broken, lambda now: called.set() if now.tzinfo else None])
        heartbeat.begin("worker", name="w@host")
        try:
            assert called.wait(30)
            assert wait_for(lambda: Heartbeat.objects.exists())
        finally:
            heartbeat.end("worker")
        assert "broken failed" in caplog.text
        assert "Петров" not in caplog.text

    def test_without_a_database_it_goes_on(self, caplog):
        turns = []

        def work():
            turns.append(1)
            if len(turns) < 3:
                raise OperationalError("password of user secret is wrong")

        thread = Every(0.01, work, name="test")
        thread.start()
        wait_for(lambda: len(turns) > 3)
        thread.end()
        assert not thread.is_alive()
        assert "the database is away (OperationalError)" in caplog.text
        assert "secret" not in caplog.text

    def test_a_beat_that_stands_still_gives_no_sign(self):
        scheduler = Scheduler.__new__(Scheduler)
        heart = heartbeat.Heart(Process.this("beat", now=NOW), alive=scheduler.turns)
        scheduler._waits, scheduler._turned = False, -STANDS_STILL
        heart._sign()
        assert not Heartbeat.objects.exists()
        scheduler._waits = True  # for the broker
        heart._sign()
        assert Heartbeat.objects.get().kind == "beat"


def broken(now):
    raise ValueError("Петров")


def wait_for(condition):
    for _ in range(600):
        if found := condition():
            return found
        threading.Event().wait(0.05)
    raise AssertionError("waited in vain")
