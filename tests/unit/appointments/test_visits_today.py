"""Who is here and waits, and what was booked by a slip."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.exceptions import (
    AlreadyCancelled,
    NothingMoved,
    NotOurMistake,
    OldPlaceGone,
    TooLateForMistake,
    VisitDone,
)
from appointments.models import Appointment, Slot
from appointments.services import booking, cancelling, slots, visits
from lmis.actors import SYSTEM, Actor
from lmis.models import Source
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.staff import an_employee, refused

pytestmark = pytest.mark.django_db
EVERYTHING = Appointment.objects.all()


@pytest.fixture
def clinic():
    return cast.an_lpu()


@pytest.fixture
def desk():
    return Actor.of_user(an_employee("registrar"))


def booked(lpu, by=SYSTEM, *, slot=None, now=None, **fields):
    slot = slot or cast.a_slot(cast.a_doctor(lpu))
    return booking.book(
        slot_guid=slot.guid,
        patient=fields.pop("patient", None) or cast.a_patient(lpu),
        source=Source.REGISTRY,
        channels={Source.REGISTRY},
        by=by,
        now=now or timezone.now(),
        **fields,
    )


def again(appointment):
    return Appointment.objects.get(pk=appointment.pk)


def arrive(appointment, now=None):
    return visits.arrive(appointment=appointment, by=SYSTEM, now=now or appointment.slot.begin)


class TestArriving:
    def test_the_state_stays_and_saying_it_twice_keeps_the_first_time(self, clinic):
        appointment = booked(clinic)
        early = appointment.slot.begin - dt.timedelta(seconds=1)
        if early.astimezone(clinic.tz).date() != appointment.slot.day:
            early = appointment.slot.begin
        arrive(appointment, early)
        arrive(appointment, early + dt.timedelta(seconds=1))
        assert (again(appointment).state, again(appointment).arrived_at) == ("booked", early)

    @pytest.mark.parametrize("days", [-1, 1])
    def test_on_its_day_alone(self, clinic, days):
        appointment = booked(clinic)
        with refused(visits.NotItsDay):
            arrive(appointment, appointment.slot.begin + dt.timedelta(days=days))
        assert again(appointment).arrived_at is None

    def test_the_day_is_that_of_the_lpu(self):
        far = cast.an_lpu(time_zone="Asia/Vladivostok")
        appointment = booked(far)
        midnight = dt.datetime.combine(appointment.slot.day, dt.time(), tzinfo=far.tz)
        with refused(visits.NotItsDay):
            arrive(appointment, midnight - dt.timedelta(seconds=1))
        assert arrive(appointment, midnight).arrived_at == midnight

    def test_not_when_the_visit_is_over_or_off(self, clinic, desk):
        seen, off = booked(clinic), booked(clinic)
        visits.mark(appointment=seen, state="visited", by=desk, now=seen.slot.begin)
        cancelling.cancel(guid=off.guid, among=EVERYTHING, reason="", by=desk, now=timezone.now())
        with refused(visits.AlreadyMarked):
            arrive(seen)
        with refused(AlreadyCancelled):
            arrive(off)

    def test_taken_back(self, clinic, desk):
        appointment = booked(clinic)
        with refused(visits.NotMarked):
            visits.leave(appointment=appointment, by=desk)
        arrive(appointment)
        visits.leave(appointment=appointment, by=desk)
        assert again(appointment).arrived_at is None

    def test_who_came_cannot_have_stayed_away(self, clinic, desk):
        appointment = arrive(booked(clinic))
        with refused(visits.PatientIsHere):
            visits.mark(appointment=appointment, state="missed", by=desk, now=again(appointment).slot.end)
        assert again(appointment).state == "booked"
        with pytest.raises(IntegrityError, match="appointment_missed_never_came"), transaction.atomic():
            EVERYTHING.filter(pk=appointment.pk).update(state="missed")

    def test_who_is_here_is_not_here_for_another_day(self, clinic, desk):
        doctor = cast.a_doctor(clinic)
        today = cast.a_slot(doctor)
        later, same = cast.a_slot(doctor, hours=24 * 7), cast.a_slot(doctor, minutes=15, hours=24.25)
        appointment = arrive(booked(clinic, slot=today))
        if same.day == today.day:
            move(appointment, same, desk)
            assert again(appointment).arrived_at is not None
        move(appointment, later, desk)
        assert again(appointment).arrived_at is None


def move(appointment, slot, by):
    return cancelling.move(
        guid=appointment.guid,
        among=EVERYTHING,
        to_slot_guid=slot.guid,
        channels={Source.REGISTRY},
        by=by,
        now=timezone.now(),
    )


def undo(appointment, by, now):
    return cancelling.undo_mistake(guid=appointment.guid, among=EVERYTHING, by=by, now=now)


class TestMistake:
    def test_within_two_minutes_the_place_and_the_direction_are_free_and_nothing_counts(self, clinic, desk):
        patient = cast.a_patient(clinic)
        direction = a_direction(patient=patient)
        appointment = booked(clinic, desk, patient=patient, direction=direction)
        undo(appointment, desk, appointment.created_at + dt.timedelta(minutes=2))
        found = again(appointment)
        assert (found.state, found.mistake, found.slot.booked) == ("cancelled", True, 0)
        assert not EVERYTHING.counted().exists()
        assert not EVERYTHING.holding_direction(direction).exists()

    def test_a_moment_later_it_is_a_cancelling(self, clinic, desk):
        appointment = booked(clinic, desk)
        with refused(TooLateForMistake):
            undo(appointment, desk, appointment.created_at + dt.timedelta(minutes=2, microseconds=1))
        assert again(appointment).state == "booked"

    def test_what_the_patient_booked_is_no_mistake_of_ours(self, clinic, desk):
        appointment = booked(clinic, Actor.of_client(cast.Region().client))
        with refused(NotOurMistake):
            undo(appointment, desk, appointment.created_at)
        alone = booked(clinic, Actor.of_client(None))
        with refused(NotOurMistake):
            undo(alone, desk, alone.created_at)
        assert {one.state for one in EVERYTHING} == {"booked"}

    def test_nothing_left_to_take_back(self, clinic, desk):
        seen, off = booked(clinic, desk), booked(clinic, desk)
        visits.mark(appointment=seen, state="visited", by=desk, now=seen.slot.begin)
        undo(off, desk, off.created_at)
        with refused(VisitDone):
            undo(seen, desk, seen.created_at)
        with refused(AlreadyCancelled):
            undo(off, desk, off.created_at)

    @pytest.mark.parametrize(
        "change",
        [
            {"mistake": True},
            {"mistake": True, "state": "cancelled", "after": dt.timedelta(minutes=3)},
            {"mistake": True, "state": "cancelled", "after": dt.timedelta(), "user": None},
        ],
    )
    def test_the_database_says_the_same(self, clinic, desk, change):
        appointment = booked(clinic, desk)
        if "after" in change:
            change = {**change, "cancelled_at": appointment.created_at + change["after"]}
            del change["after"]
        with pytest.raises(IntegrityError, match="appointment_mistake_is_fresh"), transaction.atomic():
            EVERYTHING.filter(pk=appointment.pk).update(**change)


def unmove(appointment, by, now):
    return cancelling.undo_move(guid=appointment.guid, among=EVERYTHING, by=by, now=now)


class TestMovedByMistake:
    @pytest.fixture
    def visit(self, clinic, desk):
        doctor = cast.a_doctor(clinic)
        visit = booked(clinic, desk, slot=cast.a_slot(doctor, channels=["Internet", "Registry"]))
        visit.was, visit.target = visit.slot, cast.a_slot(doctor, hours=48)
        move(visit, visit.target, desk)
        return again_with(visit)

    def test_back_within_two_minutes_through_whatever_channel(self, visit, desk):
        Slot.objects.filter(pk=visit.was.pk).update(channels=["Internet"])
        unmove(visit, desk, visit.moved_at + dt.timedelta(minutes=2))
        found = again(visit)
        assert (found.slot, found.number, found.state) == (visit.was, visit.was.number_of(1), "booked")
        assert (found.moved_from, found.moved_at, found.over_plan) == (None, None, False)
        places = [Slot.objects.get(pk=slot.pk).booked for slot in (visit.was, visit.target)]
        assert places == [1, 0]

    def test_a_moment_later_or_twice_nothing_is_taken_back(self, visit, desk):
        with refused(NothingMoved):
            unmove(visit, desk, visit.moved_at + dt.timedelta(minutes=2, microseconds=1))
        assert again(visit).slot == visit.target
        unmove(visit, desk, visit.moved_at)
        with refused(NothingMoved):
            unmove(visit, desk, visit.moved_at)
        assert again(visit).slot == visit.was

    def test_the_old_place_was_taken_meanwhile(self, clinic, visit, desk):
        booked(clinic, desk, slot=visit.was)
        with refused(OldPlaceGone):
            unmove(visit, desk, visit.moved_at)
        assert again(visit).slot == visit.target

    def test_the_old_place_was_closed_meanwhile(self, visit, desk):
        slots.block(guids=[visit.was.guid], reason="x", by=desk, now=timezone.now())
        with refused(OldPlaceGone):
            unmove(visit, desk, visit.moved_at)
        assert again(visit).slot == visit.target

    def test_whoever_sat_there_beyond_the_plan_finds_no_place_to_go_back_to(self, clinic, visit, desk):
        full = cast.a_slot(visit.was.doctor, hours=72)
        booked(clinic, desk, slot=full)
        over = booked(clinic, desk, slot=full, over_plan_reason="x")
        move(over, cast.a_slot(visit.was.doctor, hours=96), desk)
        with refused(OldPlaceGone):
            unmove(over, desk, timezone.now())

    def test_only_what_is_still_booked(self, visit, desk):
        visits.mark(appointment=visit, state="visited", by=desk, now=visit.target.begin)
        with refused(VisitDone):
            unmove(visit, desk, visit.moved_at)

    def test_the_last_act_is_taken_back_first_the_booking_then(self, visit, desk):
        def take_back():
            return cancelling.take_back(guid=visit.guid, among=EVERYTHING, by=desk, now=visit.moved_at)

        assert (take_back().slot, again(visit).state) == (visit.was, "booked")
        take_back()
        assert (again(visit).state, again(visit).mistake) == ("cancelled", True)

    def test_what_was_never_moved(self, clinic, desk):
        appointment = booked(clinic, desk)
        with refused(NothingMoved):
            unmove(appointment, desk, timezone.now())


def again_with(visit):
    found = again(visit)
    found.was, found.target = visit.was, visit.target
    return found


class TestStamp:
    def test_a_mark_stamps_the_appointment_and_not_the_slot(self, clinic, desk):
        appointment = booked(clinic, desk)
        before = again(appointment)
        visits.mark(appointment=appointment, state="visited", by=desk, now=appointment.slot.begin)
        after = again(appointment)
        assert after.changed > before.changed
        assert after.slot.changed == before.slot.changed

    def test_a_stale_save_does_not_write_the_old_stamp_back(self, clinic, desk):
        appointment = booked(clinic, desk)
        arrive(appointment)
        stamp = again(appointment).changed
        stale = again(appointment)
        stale.changed = 0
        stale.save()
        assert again(appointment).changed >= stamp
