"""The waiting list: who may be on it, whom to call first, booking from it."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.exceptions import DirectionAlreadyBooked, SlotTaken
from appointments.models import Appointment, WaitingEntry
from appointments.services import cancelling, waiting, waiting_offers
from appointments.services.waiting import AlreadyWaiting, WaitingNotFound, WaitingOver
from directions.exceptions import DirectionCancelled
from lmis.actors import SYSTEM, Actor
from lmis.exceptions import ValidationFailed
from lmis.models import Source
from patients.models import Patient
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.schedule import a_slot_at, at
from tests.factories.staff import an_employee, refused
from tests.factories.waiting import an_entry, booked
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
DESK = {"source": Source.REGISTRY, "channels": {Source.REGISTRY}}


@pytest.fixture
def doctor():
    return cast.a_doctor()


@pytest.fixture
def by():
    return Actor.of_user(an_employee("registrar"))


def rows():
    return list(WaitingEntry.objects.order_by("pk").values())


class TestAdding:
    def test_today_and_the_cards_phone_unless_said_otherwise(self, doctor):
        patient = cast.a_patient(doctor.lpu, phone="79005554433")
        entry = an_entry(doctor, patient=patient, phone=None)
        entry.refresh_from_db()
        assert entry.phone == "79005554433"
        assert entry.first_day == timezone.now().astimezone(doctor.lpu.tz).date()
        assert (entry.last_day, entry.state, entry.created_by) == (None, "open", "system")

    def test_a_second_entry_for_the_same_is_refused_and_names_the_first(self, doctor):
        entry = an_entry(doctor)
        before = rows()
        with refused(AlreadyWaiting) as caught:
            an_entry(doctor, patient=entry.patient)
        assert caught.value.entry == entry
        assert rows() == before

    def test_for_the_doctor_and_for_the_speciality_are_two_things(self, doctor):
        entry = an_entry(doctor)
        an_entry(doctor, patient=entry.patient, by_name=True)
        with refused(AlreadyWaiting):
            an_entry(doctor, patient=entry.patient, by_name=True)

    def test_after_the_first_is_closed_there_may_be_another(self, doctor):
        entry = an_entry(doctor)
        waiting.close(guid=entry.guid, reason="сам", by=SYSTEM, now=timezone.now())
        assert an_entry(doctor, patient=entry.patient).state == "open"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"speciality": None}, "speciality"),
            ({"last_day": dt.date(2020, 1, 1)}, "last_day"),
            ({"part": "night"}, "part"),
            ({"weekdays": [8]}, "part"),
            ({"phone": " "}, "phone"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, doctor, wrong, field):
        with refused(ValidationFailed) as caught:
            an_entry(doctor, **wrong)
        assert [error.field for error in caught.value.errors] == [field]
        assert rows() == []

    def test_not_for_both(self, doctor):
        with refused(ValidationFailed) as caught:
            an_entry(doctor, by_name=True, speciality=doctor.speciality)
        assert [error.field for error in caught.value.errors] == ["speciality"]

    def test_neither_another_clinics_doctor_nor_another_patients_direction(self, doctor):
        stranger = cast.a_patient(cast.an_lpu())
        theirs = a_direction(patient=cast.a_patient(doctor.lpu))
        with refused(ValidationFailed) as caught:
            an_entry(doctor, patient=stranger, by_name=True, direction=theirs)
        assert [error.field for error in caught.value.errors] == ["doctor", "direction"]

    def test_a_merged_card_waits_for_nothing(self, doctor):
        survivor = cast.a_patient(doctor.lpu)
        merged = cast.a_patient(doctor.lpu, state=Patient.State.MERGED, merged_into=survivor)
        with refused(ValidationFailed):
            an_entry(doctor, patient=merged)


class TestPromises:
    """What the database refuses whoever asks."""

    @pytest.mark.parametrize(
        ("constraint", "change"),
        [
            ("waiting_for_doctor_or_speciality", {"speciality": None}),
            ("waiting_days_order", {"last_day": dt.date(2020, 1, 1)}),
            ("waiting_part_known", {"part": "night"}),
            ("waiting_weekdays_known", {"weekdays": [0]}),
            ("waiting_state_says_why", {"state": "booked"}),
            ("waiting_state_says_why", {"state": "closed", "closed_at": timezone.now()}),
            ("waiting_state_says_why", {"state": "lost"}),
        ],
    )
    def test_checks(self, doctor, constraint, change):
        entry = an_entry(doctor)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            WaitingEntry.objects.filter(pk=entry.pk).update(**change)

    def test_both_doctor_and_speciality(self, doctor):
        entry = an_entry(doctor)
        with pytest.raises(IntegrityError, match="waiting_for_doctor_or_speciality"), transaction.atomic():
            WaitingEntry.objects.filter(pk=entry.pk).update(doctor=doctor)

    @pytest.mark.parametrize("by_name", [True, False])
    def test_once(self, doctor, by_name):
        entry = an_entry(doctor, by_name=by_name)
        name = "waiting_once_a_doctor" if by_name else "waiting_once_a_speciality"
        entry.pk, entry.guid = None, "11111111-1111-1111-1111-111111111111"
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            entry.save(force_insert=True)


class TestWhomToCall:
    def test_urgent_first_then_the_norm_then_the_oldest(self, doctor):
        now = timezone.now()
        newer = an_entry(doctor)
        older = an_entry(doctor, now=now - dt.timedelta(days=3))
        due = an_entry(doctor, due=dt.date(2030, 1, 2))
        sooner = an_entry(doctor, due=dt.date(2030, 1, 1))
        urgent = an_entry(doctor, urgent=True)
        assert waiting.candidates_for(cast.a_slot(doctor)) == [urgent, sooner, due, older, newer]

    def test_only_those_whom_the_place_suits(self, doctor):
        day = dt.date(2030, 6, 3)  # a Monday
        slot = a_slot_at(doctor, at(doctor.lpu, day, "09:00"))
        fits = [
            an_entry(doctor, by_name=True),
            an_entry(doctor, last_day=day, part="morning", weekdays=[1]),
        ]
        an_entry(doctor, first_day=day + dt.timedelta(days=1))
        an_entry(doctor, last_day=day - dt.timedelta(days=1))
        an_entry(doctor, part="evening")
        an_entry(doctor, weekdays=[2, 3])
        an_entry(cast.a_doctor(doctor.lpu))
        an_entry(cast.a_doctor(doctor.lpu, speciality=doctor.speciality), by_name=True)
        an_entry(cast.a_doctor(speciality=doctor.speciality))  # of another clinic
        waiting.close(guid=an_entry(doctor).guid, reason="сам", by=SYSTEM, now=timezone.now())
        with statements() as found:
            assert waiting.candidates_for(slot) == fits
        assert len(found) == 1, listed(found)

    @pytest.mark.parametrize(
        ("part", "time", "suits"),
        [("morning", "11:59", 1), ("morning", "12:00", 0), ("evening", "15:59", 0), ("evening", "16:00", 1)],
    )
    def test_parts_of_the_day_are_on_the_wall_of_the_clinic(self, part, time, suits):
        lpu = cast.an_lpu(time_zone="Asia/Vladivostok")
        doctor = cast.a_doctor(lpu)
        an_entry(doctor, part=part)
        slot = a_slot_at(doctor, at(lpu, dt.date(2030, 6, 3), time))
        assert len(waiting.candidates_for(slot)) == suits


class TestBooking:
    def test_books_and_marks_in_one(self, doctor, by):
        slot, entry = cast.a_slot(doctor), an_entry(doctor)
        made = waiting.book_from(guid=entry.guid, slot_guid=slot.guid, now=timezone.now(), by=by, **DESK)
        entry.refresh_from_db()
        assert (entry.state, entry.appointment, entry.closed_by) == ("booked", made, by.label)
        assert (made.patient, made.slot) == (entry.patient, slot)

    def test_a_place_that_is_gone_leaves_the_patient_waiting(self, doctor, by):
        slot, entry = cast.a_slot(doctor), an_entry(doctor)
        booked(slot)
        before = rows()
        with refused(SlotTaken):
            waiting.book_from(guid=entry.guid, slot_guid=slot.guid, now=timezone.now(), by=by, **DESK)
        assert rows() == before

    def test_who_waits_no_longer_gets_no_place(self, doctor, by):
        slots, entry = cast.slots(doctor, 2), an_entry(doctor)
        waiting.book_from(guid=entry.guid, slot_guid=slots[0].guid, now=timezone.now(), by=by, **DESK)
        with refused(WaitingOver):
            waiting.book_from(guid=entry.guid, slot_guid=slots[1].guid, now=timezone.now(), by=by, **DESK)
        assert Appointment.objects.count() == 1
        with refused(WaitingNotFound):
            waiting.book_from(guid=slots[1].guid, slot_guid=slots[1].guid, now=timezone.now(), by=by, **DESK)

    def test_with_the_entrys_direction(self, doctor, by):
        patient = cast.a_patient(doctor.lpu)
        direction = a_direction(patient=patient)
        entry = an_entry(doctor, patient=patient, direction=direction)
        slots = cast.slots(doctor, 2)
        made = waiting.book_from(guid=entry.guid, slot_guid=slots[0].guid, now=timezone.now(), by=by, **DESK)
        assert made.direction == direction
        again = an_entry(doctor, patient=patient, direction=direction)
        with refused(DirectionAlreadyBooked):
            waiting.book_from(guid=again.guid, slot_guid=slots[1].guid, now=timezone.now(), by=by, **DESK)

    def test_not_with_a_cancelled_direction(self, doctor, by):
        patient = cast.a_patient(doctor.lpu)
        direction = a_direction(patient=patient, cancelled_at=timezone.now())
        entry = an_entry(doctor, patient=patient, direction=direction)
        with refused(DirectionCancelled):
            waiting.book_from(guid=entry.guid, slot_guid=cast.a_slot(doctor).guid, now=timezone.now(), by=by, **DESK)
        assert Appointment.objects.count() == 0

    def test_a_booking_elsewhere_serves_doctor_and_speciality(self, doctor):
        patient = cast.a_patient(doctor.lpu)
        mine = [an_entry(doctor, patient=patient), an_entry(doctor, patient=patient, by_name=True)]
        other = an_entry(cast.a_doctor(doctor.lpu), patient=patient)
        made = booked(cast.a_slot(doctor), patient)
        done = waiting.served(patient=patient, appointment=made, by=SYSTEM, now=timezone.now())
        assert done == mine
        other.refresh_from_db()
        assert other.state == "open"
        assert WaitingEntry.objects.filter(state="booked", appointment=made).count() == 2


class TestTakenBack:
    """The booking that took the patient off the list was a slip."""

    @pytest.fixture
    def entry(self, doctor):
        return an_entry(doctor, urgent=True, note="после операции")

    @pytest.fixture
    def made(self, doctor, entry, by):
        slot = cast.a_slot(doctor)
        return waiting.book_from(guid=entry.guid, slot_guid=slot.guid, now=timezone.now(), by=by, **DESK)

    def undone(self, made, by):
        own = Appointment.objects.filter(patient=made.patient)
        return cancelling.take_back(guid=made.guid, among=own, by=by, now=made.created_at)

    def test_the_patient_waits_as_before(self, entry, by, request):
        before = rows()
        made = request.getfixturevalue("made")
        assert rows() != before
        self.undone(made, by)
        assert rows() == before
        assert Appointment.objects.get(pk=made.pk).mistake

    def test_for_the_doctor_and_for_the_speciality(self, doctor, by):
        patient = cast.a_patient(doctor.lpu)
        mine = [an_entry(doctor, patient=patient), an_entry(doctor, patient=patient, by_name=True)]
        made = booked(cast.a_slot(doctor), patient, by=by)
        waiting.served(patient=patient, appointment=made, by=by, now=timezone.now())
        other = an_entry(doctor)
        waiting.close(guid=other.guid, reason="сам", by=by, now=timezone.now())
        self.undone(made, by)
        assert list(WaitingEntry.objects.open().order_by("pk")) == mine

    def test_who_was_put_on_the_list_again_meanwhile_is_on_it_once(self, doctor, entry, made, by):
        again = an_entry(doctor, patient=entry.patient)
        before = rows()
        self.undone(made, by)
        assert rows() == before
        assert list(WaitingEntry.objects.open()) == [again]
        assert Appointment.objects.get(pk=made.pk).state == "cancelled"

    def test_an_ordinary_cancelling_leaves_it_served(self, made, by):
        before = rows()
        own = Appointment.objects.filter(patient=made.patient)
        cancelling.cancel(guid=made.guid, among=own, reason="передумал", by=by, now=timezone.now())
        assert rows() == before


class TestClosing:
    def test_needs_a_reason(self, doctor):
        entry = an_entry(doctor)
        before = rows()
        with refused(ValidationFailed):
            waiting.close(guid=entry.guid, reason=" ", by=SYSTEM, now=timezone.now())
        assert rows() == before

    def test_once(self, doctor):
        entry = an_entry(doctor)
        done = waiting.close(guid=entry.guid, reason="лечится платно", by=SYSTEM, now=timezone.now())
        assert (done.state, done.close_reason, done.closed_by) == ("closed", "лечится платно", "system")
        with refused(WaitingOver):
            waiting.close(guid=entry.guid, reason="ещё раз", by=SYSTEM, now=timezone.now())


class TestOffers:
    def test_the_earliest_place_for_each_and_nobody_first_twice(self, doctor):
        slots = cast.slots(doctor, 3)
        second, first = an_entry(doctor), an_entry(doctor, urgent=True)
        with statements() as asked:
            found = waiting_offers.offers(now=timezone.now(), channels={Source.REGISTRY})
        assert len(asked) == 2, listed(asked)
        assert [(one.slot, one.first) for one in found] == [(slots[0], first), (slots[1], second)]
        assert list(found[0].entries) == [first, second]

    def test_a_place_for_two_is_offered_to_two(self, doctor):
        slot = cast.a_slot(doctor, capacity=2)
        entries = [an_entry(doctor) for _ in range(3)]
        found = waiting_offers.offers(now=timezone.now(), channels={Source.REGISTRY})
        assert [(one.slot, one.first) for one in found] == [(slot, entries[0]), (slot, entries[1])]

    def test_neither_taken_nor_closed_nor_foreign_places(self, doctor):
        an_entry(doctor)
        booked(cast.a_slot(doctor))
        cast.a_slot(doctor, hours=30, is_blocked=True)
        cast.a_slot(doctor, hours=31, channels=[Source.INTERNET])
        cast.a_slot(cast.a_doctor(doctor.lpu), hours=32)
        assert waiting_offers.offers(now=timezone.now(), channels={Source.REGISTRY}) == []

    def test_in_numbers_for_heads(self, doctor):
        now = timezone.now()
        oldest = an_entry(doctor, now=now - dt.timedelta(days=9), due=dt.date(2020, 1, 1))
        an_entry(doctor, by_name=True)
        other = an_entry(cast.a_doctor(doctor.lpu))
        with statements() as found:
            lines = waiting_offers.summary(WaitingEntry.objects.all(), now.date())
        assert len(found) == 1, listed(found)
        assert [(line.speciality, line.count, line.oldest, line.overdue) for line in lines] == [
            (doctor.speciality.name, 2, oldest.created_at, 1),
            (other.speciality.name, 1, other.created_at, 0),
        ]
