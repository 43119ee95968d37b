"""What staff do to places: all of them or none, and never to what is booked in them."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from appointments.exceptions import SlotNotFound
from appointments.models import Appointment, Slot
from appointments.services import booking, releasing, slots
from lmis.actors import SYSTEM
from lmis.models import Room, Source
from tests.factories import cast
from tests.factories.staff import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    return cast.a_doctor()


def do(service, *chosen, **given):
    return service(guids=[slot.guid for slot in chosen], by=SYSTEM, now=timezone.now(), **given)


def book(slot):
    return booking.book(
        slot_guid=slot.guid,
        patient=cast.a_patient(slot.doctor.lpu),
        source=Source.REGISTRY,
        channels={Source.REGISTRY},
        by=SYSTEM,
        now=timezone.now(),
    )


def again(slot):
    return Slot.objects.get(pk=slot.pk)


class TestBlocking:
    def test_closed_with_a_reason_and_open_again(self, doctor):
        slot = cast.a_slot(doctor)
        assert do(slots.block, slot, reason="repair") == slots.Outcome(1, 0, 0)
        assert (again(slot).is_blocked, again(slot).block_reason) == (True, "repair")
        assert not Slot.objects.free(timezone.now()).exists()
        assert do(slots.unblock, slot) == slots.Outcome(1, 0, 0)
        assert (again(slot).is_blocked, again(slot).block_reason) == (False, "")
        assert Slot.objects.free(timezone.now()).get() == slot

    def test_what_is_closed_already_keeps_its_reason(self, doctor):
        slot = cast.a_slot(doctor)
        do(slots.block, slot, reason="repair")
        assert do(slots.block, slot, reason="another") == slots.Outcome(0, 1, 0)
        assert again(slot).block_reason == "repair"

    def test_what_has_begun_is_left(self, doctor):
        begun, coming = cast.a_slot(doctor, hours=-1), cast.a_slot(doctor)
        assert do(slots.block, begun, coming, reason="x") == slots.Outcome(1, 1, 0)
        assert not again(begun).is_blocked

    def test_one_that_does_not_exist_stops_all(self, doctor):
        slot = cast.a_slot(doctor)
        with refused(SlotNotFound):
            slots.block(guids=[slot.guid, uuid.uuid4()], reason="x", by=SYSTEM, now=timezone.now())
        assert not again(slot).is_blocked


class TestWithdrawing:
    def test_a_booked_place_goes_and_its_appointments_stay(self, doctor):
        free, taken = cast.a_slot(doctor), cast.a_slot(doctor, hours=25)
        appointment = book(taken)
        assert do(slots.withdraw, free, taken, reason="on leave") == slots.Outcome(2, 0, 1)
        assert {again(free).withdrawn, again(taken).withdrawn} == {"staff"}
        assert again(taken).booked == 1
        assert Appointment.objects.get().state == appointment.state == "booked"

    def test_what_the_generator_took_out_may_be_kept_out_for_good(self, doctor):
        slot = cast.a_slot(doctor, withdrawn="generator")
        assert do(slots.withdraw, slot, reason="never").changed == 1
        assert again(slot).withdrawn == "staff"

    def test_put_back(self, doctor):
        slot = cast.a_slot(doctor)
        do(slots.withdraw, slot, reason="x")
        assert do(slots.put_back, slot) == slots.Outcome(1, 0, 0)
        assert (again(slot).withdrawn, again(slot).block_reason) == ("", "")

    def test_not_over_another_place_of_the_doctor(self, doctor):
        away = cast.a_slot(doctor)
        do(slots.withdraw, away, reason="x")
        Slot.objects.create(
            doctor=doctor, begin=away.begin, end=away.end + dt.timedelta(minutes=5), day=away.day, ordinal=900
        )
        with refused(slots.SlotOverlaps):
            do(slots.put_back, away)
        assert again(away).withdrawn == "staff"


class TestRevising:
    def revise(self, slot, **changes):
        values = {"capacity": slot.capacity, "channels": slot.channels, "busy_type": None, "room": None} | changes
        return slots.revise(guid=slot.guid, by=SYSTEM, **values)

    def test_what_it_allows(self, doctor):
        slot = cast.a_slot(doctor)
        room = Room.objects.create(lpu=doctor.lpu, number="7")
        self.revise(slot, capacity=3, channels=[Source.DOCTOR], room=room)
        slot = again(slot)
        assert (slot.capacity, slot.channels, slot.room_label) == (3, ["Doctor"], "7")

    @pytest.mark.parametrize(
        ("by_hand", "opened"),
        [
            ([["Doctor"]], ["Doctor", "Registry", "Internet"]),  # nothing that the release opens was touched
            ([["Doctor", "Internet"], ["Doctor"]], ["Doctor", "Registry"]),  # opened early, then taken away
            ([["Doctor", "Internet", "Registry"], ["Doctor"]], ["Doctor"]),  # nothing is left to open
            ([["Doctor", "Internet", "Registry"]], ["Doctor", "Internet", "Registry"]),
        ],
    )
    def test_what_was_taken_away_by_hand_is_not_opened_again(self, doctor, by_hand, opened):
        slot = cast.a_slot(doctor, channels=["Doctor"])
        slot.release_at, slot.release_channels = slot.begin - dt.timedelta(hours=2), ["Registry", "Internet"]
        slot.save()
        for channels in by_hand:
            self.revise(slot, channels=channels)
        releasing.open_due(by=SYSTEM, now=slot.begin)
        slot = again(slot)
        assert (slot.channels, slot.release_at, slot.release_channels) == (opened, None, [])

    def test_never_below_what_is_booked(self, doctor):
        slot = cast.a_slot(doctor, capacity=2)
        book(slot)
        book(slot)
        with refused(slots.PlacesTaken):
            self.revise(slot, capacity=1, channels=[Source.DOCTOR])
        assert (again(slot).capacity, again(slot).channels) == (2, slot.channels)
