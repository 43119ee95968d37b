"""Work that is done once a night, by the clinic's clock."""

import datetime as dt
import logging
import threading
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from appointments import tasks as appointments_tasks
from lmis.models import Lpu, NightWork
from lmis.services import nights
from patients import tasks as patients_tasks
from patients.models import LikelyDuplicate
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(params=["Asia/Kamchatka", "Europe/Kaliningrad", "Europe/Moscow"])
def zone(request):
    lpu = an_lpu()
    Lpu.objects.filter(pk=lpu.pk).update(time_zone=request.param)
    return ZoneInfo(request.param)


@pytest.fixture
def done():
    return []


def at(zone, hour, minute=0, day=22):
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=zone)


def once(done, now, work=None):
    return nights.once(name="trial", work=work or (lambda: done.append(now)), now=now, begins=dt.time(1, 30))


def move_the_clinic(hour):
    """To where it is so late just now."""
    east = (hour - dt.datetime.now(dt.UTC).hour + 11) % 24 - 11
    Lpu.objects.filter(is_own=True).update(time_zone=f"Etc/GMT{-east:+d}")


class TestTheNight:
    @pytest.mark.parametrize(("hour", "minute"), [(0, 30), (5, 0), (12, 0), (23, 50)])
    def test_is_not_by_day(self, zone, hour, minute):
        assert nights.tonight(now=at(zone, hour, minute).astimezone(dt.UTC)) is None

    @pytest.mark.parametrize(("hour", "minute"), [(0, 40), (4, 59)])
    def test_begins_by_the_clinics_clock(self, zone, hour, minute):
        assert nights.tonight(now=at(zone, hour, minute).astimezone(dt.UTC)) == at(zone, 0, 40)

    def test_is_that_of_the_first_lpu(self, zone):
        other = an_lpu(short_name="Я")
        Lpu.objects.filter(pk=other.pk).update(time_zone="America/Los_Angeles")
        assert nights.tonight(now=at(zone, 1))

    def test_without_an_lpu_it_is_that_of_the_settings(self, settings):
        settings.TIME_ZONE = "Asia/Kamchatka"
        assert nights.tonight(now=at(ZoneInfo("Asia/Kamchatka"), 1))
        assert nights.tonight(now=at(ZoneInfo("Asia/Kamchatka"), 13)) is None


class TestOnce:
    def test_begins_in_its_hour_and_once_a_night(self, zone, done):
        asked = [at(zone, 0, 50), at(zone, 1, 30), at(zone, 1, 40), at(zone, 4, 50), at(zone, 5, 0), at(zone, 12)]
        assert [once(done, now) for now in asked] == [False, True, False, False, False, False]
        assert once(done, at(zone, 1, 30, day=23))
        assert done == [at(zone, 1, 30), at(zone, 1, 30, day=23)]

    def test_a_beat_that_comes_late_begins_it_late(self, zone, done):
        assert once(done, at(zone, 4, 50))

    def test_a_late_one_does_not_put_off_the_next_night(self, zone, done):
        assert once(done, at(zone, 4, 50))
        assert once(done, at(zone, 1, 30, day=23))

    def test_one_work_does_not_hold_up_another(self, zone, done):
        assert once(done, at(zone, 2))
        assert nights.once(name="other", work=lambda: None, now=at(zone, 2))

    def test_what_fails_has_been_done_for_tonight(self, zone, done):
        with pytest.raises(ZeroDivisionError):
            once(done, at(zone, 2), lambda: 1 / 0)
        assert not once(done, at(zone, 3))
        assert once(done, at(zone, 2, day=23))

    def test_what_was_killed_is_begun_anew_but_not_beside_one_that_lives(self, zone, done):
        class Killed(BaseException):
            pass

        def work_until_killed():
            # What a killed worker leaves behind: the row as it was when the work began.
            NightWork.objects.filter(name="trial").update(begun_at=at(zone, 2) - dt.timedelta(microseconds=1))
            raise Killed

        with pytest.raises(Killed):
            once(done, at(zone, 2), work_until_killed)
        assert NightWork.objects.get().ended_at is None
        assert not once(done, at(zone, 2, 10))
        assert once(done, at(zone, 2, 20))
        assert not once(done, at(zone, 2, 50))

    def test_two_workers_at_once_do_it_once(self, zone, done):
        gate, begun = threading.Barrier(2), []

        def one():
            gate.wait()
            begun.append(once(done, at(zone, 2)))
            connections.close_all()

        threads = [threading.Thread(target=one) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(begun) == [False, True]
        assert len(done) == 1


class TestTheTasks:
    def test_duplicates_are_looked_for_at_night(self):
        lpu = an_lpu()
        for _number in range(2):
            a_card(lpu, polis_number="7700000000000001")
        move_the_clinic(hour=12)
        patients_tasks.look_for_duplicates()
        assert not LikelyDuplicate.objects.exists()
        move_the_clinic(hour=2)
        patients_tasks.look_for_duplicates()
        assert LikelyDuplicate.objects.exists()

    def test_the_promises_are_checked_at_night(self, monkeypatch, caplog):
        finding = type("Finding", (), {"check": "seat_twice", "count": 1, "sample": [7]})
        monkeypatch.setattr(appointments_tasks.integrity, "report", lambda: [finding])
        an_lpu()
        move_the_clinic(hour=12)
        with caplog.at_level(logging.ERROR):
            appointments_tasks.check_integrity()
            assert not caplog.records
            move_the_clinic(hour=3)
            appointments_tasks.check_integrity()
            appointments_tasks.check_integrity()
        assert [record.getMessage() for record in caplog.records] == ["integrity: seat_twice, 1 times, ids [7]"]
        assert NightWork.objects.get(name="check_integrity").begun_at <= timezone.now()
