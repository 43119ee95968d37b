"""Bookings of the desk: in one transaction with what belongs to them, and never twice."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from appointments.exceptions import AlreadyCancelled, DirectionAlreadyBooked, SlotTaken
from appointments.models import Appointment, WaitingEntry
from appointments.services import desk, waiting
from appointments.services.desk import Order, Paper
from directions.exceptions import DirectionCancelled, DirectionExpired, DirectionMismatch, ReferringLpuUnknown
from directions.models import Direction
from lmis.actors import Actor
from lmis.models import IdempotencyRecord, Lpu, Source
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.staff import an_employee, refused
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    return cast.a_doctor()


@pytest.fixture
def patient(doctor):
    return cast.a_patient(doctor.lpu, phone="79000000000")


@pytest.fixture
def by():
    return Actor.of_user(an_employee("registrar"))


def order(patient, slot, **more):
    return Order(**{"patient": patient, "slot_guid": slot.guid, "token": uuid.uuid4(), **more})


def book(wanted, by):
    return desk.book(order=wanted, source=Source.CALL_CENTER, channels={Source.REGISTRY}, by=by, now=timezone.now())


class TestBook:
    def test_it_says_how_it_was_made(self, doctor, patient, by):
        made = book(order(patient, cast.a_slot(doctor)), by)
        assert (made.patient, made.source, made.user, made.direction) == (patient, Source.CALL_CENTER, by.user, None)

    def test_the_same_form_sent_twice_books_once(self, doctor, patient, by):
        wanted = order(patient, cast.a_slot(doctor, capacity=2))
        assert book(wanted, by) == book(wanted, by)
        assert Appointment.objects.count() == 1

    def test_another_place_with_the_same_form_is_told_and_not_booked(self, doctor, patient, by):
        wanted = order(patient, cast.a_slot(doctor))
        first = book(wanted, by)
        with refused(desk.BookedBefore) as caught:
            book(order(patient, cast.a_slot(doctor, hours=25), token=wanted.token), by)
        assert caught.value.appointment == first
        assert Appointment.objects.count() == 1

    def test_a_token_is_the_employees_own(self, doctor, patient, by):
        wanted = order(patient, cast.a_slot(doctor))
        book(wanted, by)
        other = Actor.of_user(an_employee("registrar"))
        book(order(cast.a_patient(doctor.lpu), cast.a_slot(doctor, hours=25), token=wanted.token), other)
        assert Appointment.objects.count() == 2

    def test_a_refused_form_may_be_sent_again(self, doctor, patient, by):
        full, free = cast.a_slot(doctor), cast.a_slot(doctor, hours=25)
        book(order(cast.a_patient(doctor.lpu), full), by)
        wanted = order(patient, full)
        with refused(SlotTaken):
            book(wanted, by)
        assert IdempotencyRecord.objects.count() == 1
        assert book(order(patient, free, token=wanted.token), by).slot == free

    def test_beyond_the_plan_with_a_reason(self, doctor, patient, by):
        full = cast.a_slot(doctor)
        book(order(cast.a_patient(doctor.lpu), full), by)
        made = book(order(patient, full, over_plan_reason="acute pain"), by)
        assert (made.over_plan, made.over_reason) == (True, "acute pain")

    def test_what_the_patient_waited_for_is_over(self, doctor, patient, by):
        entry = waiting.add(patient=patient, speciality=doctor.speciality, by=by, now=timezone.now())
        made = book(order(patient, cast.a_slot(doctor)), by)
        entry.refresh_from_db()
        assert (entry.state, entry.appointment) == (WaitingEntry.State.BOOKED, made)

    def test_statements(self, doctor, patient, by):
        wanted = order(patient, cast.a_slot(doctor))
        # 1 token's lock; 2 what it made before; 3 slot; 4 INSERT; 5 journal; 6 waiting list; 7 token kept
        with statements() as found:
            book(wanted, by)
        assert len(found) == 7, listed(found)


class TestByDirection:
    def test_it_is_held(self, doctor, patient, by):
        direction = a_direction(patient=patient)
        assert book(order(patient, cast.a_slot(doctor), direction=direction), by).direction == direction

    def test_a_second_appointment_is_refused_with_the_first(self, doctor, patient, by):
        direction = a_direction(patient=patient)
        first = book(order(patient, cast.a_slot(doctor), direction=direction), by)
        with refused(DirectionAlreadyBooked) as caught:
            book(order(patient, cast.a_slot(doctor, hours=25), direction=direction), by)
        assert caught.value.appointment == first

    def test_a_cancelled_one(self, doctor, patient, by):
        direction = a_direction(patient=patient, cancelled_at=timezone.now())
        with refused(DirectionCancelled):
            book(order(patient, cast.a_slot(doctor), direction=direction), by)
        assert not Appointment.objects.exists()

    def test_somebody_elses(self, doctor, patient, by):
        direction = a_direction(patient=cast.a_patient(doctor.lpu))
        with refused(DirectionMismatch):
            book(order(patient, cast.a_slot(doctor), direction=direction), by)
        assert not Appointment.objects.exists()

    def test_an_expired_one_when_that_is_checked(self, doctor, patient, by, settings):
        direction = a_direction(patient=patient, valid_until=timezone.localdate() - dt.timedelta(days=2))
        settings.CHECK_DIRECTION_EXPIRY = True
        with refused(DirectionExpired):
            book(order(patient, cast.a_slot(doctor), direction=direction), by)
        settings.CHECK_DIRECTION_EXPIRY = False
        assert book(order(patient, cast.a_slot(doctor), direction=direction), by).direction == direction


class TestByPaper:
    def test_entered_and_booked_in_one_step(self, doctor, patient, by):
        typed = Paper(lpu_from="Районная больница", number="77", diagnosis="i10", sender="Шишкин")
        made = book(order(patient, cast.a_slot(doctor), paper=typed), by)
        direction = made.direction
        assert direction.origin == Direction.Origin.DESK
        assert (direction.number, direction.diagnosis_code, direction.sender_family) == ("77", "I10", "Шишкин")
        assert direction.speciality_name == doctor.speciality.name
        assert direction.lpu_from.name == "Районная больница"

    def test_a_place_that_is_gone_leaves_no_paper_and_no_lpu(self, doctor, patient, by):
        full = cast.a_slot(doctor)
        book(order(cast.a_patient(doctor.lpu), full), by)
        lpus = Lpu.objects.count()
        with refused(SlotTaken):
            book(order(patient, full, paper=Paper(lpu_from="Районная больница", number="77")), by)
        assert not Direction.objects.exists()
        assert Lpu.objects.count() == lpus

    def test_without_a_referring_lpu(self, doctor, patient, by):
        with refused(ReferringLpuUnknown):
            book(order(patient, cast.a_slot(doctor), paper=Paper(lpu_from="", number="77")), by)
        assert not Appointment.objects.exists()


class TestMoveAndCancel:
    def test_moved_twice_is_moved_once(self, doctor, patient, by):
        made, target = book(order(patient, cast.a_slot(doctor)), by), cast.a_slot(doctor, hours=25)
        for _ in range(2):
            moved = desk.move(
                guid=made.guid, to_slot_guid=target.guid, channels={Source.REGISTRY}, by=by, now=timezone.now()
            )
            assert (moved.pk, moved.slot) == (made.pk, target)

    def test_to_a_full_place_nothing_moves(self, doctor, patient, by):
        made, full = book(order(patient, cast.a_slot(doctor)), by), cast.a_slot(doctor, hours=25)
        book(order(cast.a_patient(doctor.lpu), full), by)
        with refused(SlotTaken):
            desk.move(guid=made.guid, to_slot_guid=full.guid, channels={Source.REGISTRY}, by=by, now=timezone.now())
        assert Appointment.objects.get(pk=made.pk).slot_id == made.slot_id

    def test_cancelled_with_a_reason_only(self, doctor, patient, by):
        made = book(order(patient, cast.a_slot(doctor)), by)
        with refused(desk.NoReason):
            desk.cancel(guid=made.guid, reason="  ", by=by, now=timezone.now())
        assert desk.cancel(guid=made.guid, reason=" ill ", by=by, now=timezone.now()).cancel_reason == "ill"
        with refused(AlreadyCancelled):
            desk.cancel(guid=made.guid, reason="ill", by=by, now=timezone.now())
