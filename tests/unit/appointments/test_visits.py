"""Marking visits, and taking marks back."""

import datetime as dt

import pytest
from django.utils import timezone

from appointments.exceptions import AlreadyCancelled, DirectionAlreadyBooked
from appointments.models import Appointment
from appointments.services import booking, cancelling, visits
from lmis.actors import SYSTEM
from lmis.models import Source
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.staff import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    return cast.an_lpu()


def booked(lpu, *, patient=None, direction=None, hours=24.0):
    """An appointment in so many hours from now."""
    slot = cast.a_slot(cast.a_doctor(lpu), hours=hours)
    return booking.book(
        slot_guid=slot.guid,
        patient=patient or cast.a_patient(lpu),
        source=Source.REGISTRY,
        channels={Source.REGISTRY},
        by=SYSTEM,
        now=slot.begin - dt.timedelta(minutes=1),
        direction=direction,
    )


def mark(appointment, state, *, now=None):
    return visits.mark(appointment=appointment, state=state, by=SYSTEM, now=now or timezone.now())


def state_of(appointment):
    return Appointment.objects.get(pk=appointment.pk).state


class TestMark:
    @pytest.mark.parametrize("state", ["visited", "missed"])
    def test_after_its_time(self, clinic, state):
        appointment = booked(clinic, hours=-1)
        assert mark(appointment, state).state == state
        assert state_of(appointment) == state

    def test_the_place_stays_taken(self, clinic):
        appointment = booked(clinic, hours=-1)
        mark(appointment, "missed")
        appointment.slot.refresh_from_db()
        assert appointment.slot.booked == 1

    def test_whoever_comes_early_has_come_on_the_day_but_not_before(self, clinic):
        appointment = booked(clinic)
        midnight = dt.datetime.combine(appointment.slot.day, dt.time(), tzinfo=clinic.tz)
        with refused(visits.TooEarlyToMark):
            mark(appointment, "visited", now=midnight - dt.timedelta(seconds=1))
        assert state_of(appointment) == "booked"
        mark(appointment, "visited", now=midnight)
        assert state_of(appointment) == "visited"

    def test_nobody_stays_away_before_the_time_has_begun(self, clinic):
        appointment = booked(clinic)
        with refused(visits.TooEarlyToMark):
            mark(appointment, "missed", now=appointment.slot.begin - dt.timedelta(seconds=1))
        mark(appointment, "missed", now=appointment.slot.begin)
        assert state_of(appointment) == "missed"

    def test_the_day_is_that_of_the_lpu(self):
        far = cast.an_lpu(time_zone="Asia/Vladivostok")
        appointment = booked(far)
        midnight = dt.datetime.combine(appointment.slot.day, dt.time(), tzinfo=far.tz)
        mark(appointment, "visited", now=midnight)
        assert state_of(appointment) == "visited"

    def test_once(self, clinic):
        appointment = booked(clinic, hours=-1)
        mark(appointment, "visited")
        with refused(visits.AlreadyMarked):
            mark(appointment, "missed")
        assert state_of(appointment) == "visited"

    def test_not_a_cancelled_one(self, clinic):
        appointment = booked(clinic)
        everything = Appointment.objects.all()
        cancelling.cancel(guid=appointment.guid, among=everything, reason="", by=SYSTEM, now=timezone.now())
        with refused(AlreadyCancelled):
            mark(appointment, "visited", now=appointment.slot.end)
        assert state_of(appointment) == "cancelled"

    @pytest.mark.parametrize("state", ["cancelled", "booked", "seen"])
    def test_nothing_else_is_a_mark(self, clinic, state):
        with pytest.raises(ValueError, match=state):
            mark(booked(clinic, hours=-1), state)


class TestUndo:
    @pytest.mark.parametrize("state", ["visited", "missed"])
    def test_booked_again(self, clinic, state):
        appointment = booked(clinic, hours=-1)
        mark(appointment, state)
        visits.undo(appointment=appointment, by=SYSTEM)
        assert state_of(appointment) == "booked"

    def test_nothing_to_take_back(self, clinic):
        with refused(visits.NotMarked):
            visits.undo(appointment=booked(clinic), by=SYSTEM)

    def test_a_direction_used_again_since_is_not_taken_from_its_new_appointment(self, clinic):
        patient = cast.a_patient(clinic)
        direction = a_direction(patient=patient)
        missed = booked(clinic, patient=patient, direction=direction, hours=-1)
        mark(missed, "missed")
        second = booked(clinic, patient=patient, direction=direction)
        with refused(DirectionAlreadyBooked) as caught:
            visits.undo(appointment=missed, by=SYSTEM)
        assert caught.value.appointment == second
        assert state_of(missed) == "missed"

    def test_the_same_direction_still_free_is_held_again(self, clinic):
        patient = cast.a_patient(clinic)
        direction = a_direction(patient=patient)
        missed = booked(clinic, patient=patient, direction=direction, hours=-1)
        mark(missed, "missed")
        visits.undo(appointment=missed, by=SYSTEM)
        assert Appointment.objects.holding_direction(direction).get() == missed
