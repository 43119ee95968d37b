"""Extra hours: what they would give, and giving it."""

import datetime as dt

import pytest
from django.utils import timezone

from appointments.models import ScheduleException, Slot
from appointments.services import extra_hours
from appointments.services.horizon import keep_full
from lmis.actors import SYSTEM
from lmis.exceptions import ValidationFailed
from lmis.models import Room
from tests.factories import cast
from tests.factories.schedule import a_slot_at, a_template, an_exception, at
from tests.factories.staff import refused
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    lpu = cast.an_lpu()
    return cast.a_doctor(lpu, room=Room.objects.create(lpu=lpu, number="201"))


@pytest.fixture
def day():
    return timezone.now().date() + dt.timedelta(days=3)


def hours(doctor, day, begin="09:00", end="10:00", **fields):
    values = {"kind": "extra", "doctor": doctor, "reason": "Дополнительный приём", "channels": list(cast.OPEN)}
    values |= {"begin": at(doctor.lpu, day, begin), "end": at(doctor.lpu, day, end)}
    return ScheduleException(**values | fields)


def add(extra):
    return list(extra_hours.add(extra=extra, by=SYSTEM, now=timezone.now()))


def test_makes_what_the_preview_shows(doctor, day):
    a_slot_at(doctor, at(doctor.lpu, day, "09:10"))
    an_exception("absence", at(doctor.lpu, day, "09:50"), at(doctor.lpu, day, "12:00"), doctor=doctor)
    extra = hours(doctor, day, capacity=2)
    with statements() as found:
        shown = extra_hours.preview(extra, timezone.now())
    assert len(found) == 3, listed(found)
    why = [piece.why_not for piece in shown.pieces]
    assert why == [extra_hours.OWN_PLACE, extra_hours.OWN_PLACE, "", extra_hours.AWAY]
    made = [slot for slot in add(extra) if slot.pattern]
    assert [(slot.begin, slot.end, slot.capacity) for slot in made] == [
        (piece.begin, piece.end, 2) for piece in shown.pieces if not piece.why_not
    ]


def test_says_who_has_the_room(doctor, day):
    colleague = cast.a_doctor(doctor.lpu, room=doctor.room)
    a_slot_at(colleague, at(doctor.lpu, day, "09:30"))
    a_slot_at(cast.a_doctor(doctor.lpu), at(doctor.lpu, day, "09:30"))
    assert extra_hours.preview(hours(doctor, day), timezone.now()).room_used_by == [colleague.short_name]


class TestBeyondTheHorizon:
    @pytest.fixture
    def far(self, settings):
        return timezone.now().date() + dt.timedelta(days=settings.SCHEDULE_HORIZON_DAYS + 3)

    def test_the_places_are_there_at_once_and_those_of_the_pattern_are_not(self, doctor, far):
        a_template(doctor, weekday=far.isoweekday(), begin="09:30", end="14:00", slot_minutes=30)
        extra = hours(doctor, far, slot_minutes=15)
        shown = extra_hours.preview(extra, timezone.now())
        assert shown.beyond_horizon
        assert [piece.why_not for piece in shown.pieces] == ["", "", extra_hours.OWN_PLACE, extra_hours.OWN_PLACE]
        made = add(extra)
        assert [slot.begin for slot in made] == [piece.begin for piece in shown.pieces if not piece.why_not]
        assert set(Slot.objects.all()) == set(made)

    def test_they_stay_when_the_schedule_gets_there(self, doctor, far):
        a_template(doctor, weekday=far.isoweekday(), begin="09:30", end="14:00", slot_minutes=30)
        made = add(hours(doctor, far, slot_minutes=15))
        keep_full(by=SYSTEM, now=timezone.now())
        assert set(Slot.objects.in_schedule().filter(day=far)) == set(made)
        keep_full(by=SYSTEM, now=timezone.now() + dt.timedelta(days=4))
        there = Slot.objects.in_schedule().filter(day=far)
        assert set(made) < set(there)
        assert there.count() == len(made) + 9

    def test_what_is_there_already_stays(self, doctor, far):
        first = add(hours(doctor, far, "09:00", "10:00", slot_minutes=20))
        by_hand = a_slot_at(doctor, at(doctor.lpu, far, "11:00"), minutes=20)
        second = add(hours(doctor, far, "10:00", "12:00", slot_minutes=20))
        assert {*first, by_hand, *second} == set(Slot.objects.in_schedule())
        assert len(second) == 6  # five made, and the one laid by hand

    def test_the_last_open_day_is_filled_as_a_whole(self, doctor, settings):
        last = timezone.now().astimezone(doctor.lpu.tz).date() + dt.timedelta(days=settings.SCHEDULE_HORIZON_DAYS)
        extra = hours(doctor, last, "23:00", "23:30", slot_minutes=15)
        assert not extra_hours.preview(extra, timezone.now()).beyond_horizon
        assert len(add(extra)) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"end": "09:00"}, "end"),
        ({"reason": ""}, "reason"),
        ({"slot_minutes": 61}, "slot_minutes"),
        ({"slot_minutes": 0}, "slot_minutes"),
        ({"channels": []}, "channels"),
        ({"capacity": 0}, "channels"),
    ],
)
def test_bad_input_changes_nothing(doctor, day, wrong, field):
    with refused(ValidationFailed) as caught:
        add(hours(doctor, day, **wrong))
    assert field in [error.field for error in caught.value.errors]
    assert not ScheduleException.objects.exists()
    assert not Slot.objects.exists()


def test_neither_past_nor_several_days(doctor, day):
    for extra in (
        hours(doctor, day, end="10:00", begin="09:00"),
        hours(doctor, day),
    ):
        extra.begin -= dt.timedelta(days=30)
        with refused(ValidationFailed):
            add(extra)
