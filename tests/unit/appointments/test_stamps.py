"""All that a slot shows is stamped on it: whatever changes it, by whatever path, is told to those who poll."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.utils import timezone

from appointments.models import Appointment, Slot
from lmis.models import BusyType, Doctor, Position, Room
from tests.factories.cast import a_doctor, a_patient, a_slot
from tests.factories.schedule import at, see

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doctor():
    doctor = a_doctor()
    Doctor.objects.filter(pk=doctor.pk).update(room=Room.objects.create(lpu=doctor.lpu, number="1"))
    doctor.refresh_from_db()
    return doctor


@pytest.fixture
def slot(doctor):
    """Tomorrow, with a busy type, in the doctor's room."""
    return a_slot(doctor, busy_type=BusyType.objects.create(code="1", name="приём"), capacity=2)


@pytest.fixture(autouse=True)
def others(doctor, slot):
    """A colleague with room and busy type of his own: nothing here concerns his slot, nor one of the past."""
    colleague = a_doctor(doctor.lpu)
    room, busy = Room.objects.create(lpu=doctor.lpu, number="2"), BusyType.objects.create(code="2", name="иное")
    a_slot(colleague, busy_type=busy, room=room)
    a_slot(doctor, hours=-48, busy_type=slot.busy_type)


def book(slot):
    return Appointment.objects.create(slot=slot, patient=a_patient(slot.doctor.lpu), number="01")


def cancel(slot):
    slot.appointments.update(state="cancelled", cancelled_at=timezone.now())


def update(model, **values):
    return lambda slot: model.objects.filter(pk=getattr(slot, model.__name__.lower()).pk).update(**values)


def of_slot(**values):
    return lambda slot: Slot.objects.filter(pk=slot.pk).update(**values)


def sql(text):
    def act(slot):
        with connection.cursor() as cursor:
            cursor.execute(text, {"slot": slot.pk, "doctor": slot.doctor_id, "busy": slot.busy_type_id})

    return act


CHANGES = {
    "the doctor is hidden": (update(Doctor, is_published=False), {"status": "Unavailable", "free": 0}),
    "the doctor left": (update(Doctor, is_active=False), {"status": "Unavailable", "free": 0}),
    "the doctor is hidden by SQL": (
        sql("UPDATE lmis_doctor SET is_published = false WHERE id = %(doctor)s"),
        {"status": "Unavailable", "free": 0},
    ),
    "the room is renamed": (lambda slot: Room.objects.filter(number="1").update(number="1a"), {"room": "1a"}),
    "the doctor has another room": (
        lambda slot: update(Doctor, room=Room.objects.create(lpu=slot.doctor.lpu, number="3"))(slot),
        {"room": "3"},
    ),
    "the doctor has no room": (update(Doctor, room=None), {"room": ""}),
    "the slot has a room of its own": (
        lambda slot: of_slot(room=Room.objects.create(lpu=slot.doctor.lpu, number="4"))(slot),
        {"room": "4"},
    ),
    "the busy type is renamed": (
        sql("UPDATE lmis_busytype SET name = 'первичный' WHERE id = %(busy)s"),
        {"busyType": {"code": "1", "name": "первичный"}},
    ),
    "the busy type is recoded": (
        sql("UPDATE lmis_busytype SET code = '9' WHERE id = %(busy)s"),
        {"busyType": {"code": "9", "name": "приём"}},
    ),
    "the slot has another busy type": (
        lambda slot: of_slot(busy_type=BusyType.objects.create(code="3", name="повторный"))(slot),
        {"busyType": {"code": "3", "name": "повторный"}},
    ),
    "the slot has no busy type": (of_slot(busy_type=None), {"busyType": None}),
    "blocked": (of_slot(is_blocked=True), {"status": "Unavailable", "free": 0}),
    "withdrawn by staff": (of_slot(withdrawn="staff"), {"status": "Unavailable", "free": 0}),
    "withdrawn by the generator": (of_slot(withdrawn="generator"), {"status": "Unavailable", "free": 0}),
    "a channel is released": (of_slot(channels=["Registry"]), {"channels": ["Registry"]}),
    "more places": (of_slot(capacity=5), {"capacity": 5, "free": 5}),
    "booked": (book, {"free": 1}),
    "by SQL": (sql("UPDATE appointments_slot SET capacity = 3 WHERE id = %(slot)s"), {"capacity": 3, "free": 3}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_is_told_and_ends_every_tag(slot, change):
    act, shows = change
    before = see()
    was = next(item for item in before.items if item["guid"] == str(slot.guid))

    act(slot)

    assert see(tag=before.tag).unchanged is False
    told = see(since=before.revision)
    assert (told.full, told.guids) == (False, [slot.guid])
    assert told.items == [was | shows]
    assert told.revision != before.revision


def test_booked_and_free_again(slot):
    book(slot)
    before = see()
    cancel(slot)

    assert see(since=before.revision).items[0]["free"] == 2


def test_what_is_rolled_back_was_no_change(slot):
    before = see()
    with transaction.atomic():
        book(slot)
        transaction.set_rollback(True)

    assert see(tag=before.tag).unchanged is True
    assert see(since=before.revision).items == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda slot: Doctor.objects.filter(pk=slot.doctor_id).update(family="Другая"),
        lambda slot: Doctor.objects.filter(pk=slot.doctor_id).update(position=Position.objects.create(name="новая")),
        lambda slot: Room.objects.update(floor="7"),
        lambda slot: BusyType.objects.update(oid="1.2.3"),
    ],
)
def test_what_no_slot_shows_is_no_change(slot, elsewhere):
    before = see()

    elsewhere(slot)

    assert see(tag=before.tag).unchanged is True


def test_a_slot_with_its_own_room_does_not_mind_the_doctors(slot):
    Slot.objects.filter(pk=slot.pk).update(room=Room.objects.create(lpu=slot.doctor.lpu, number="5"))
    before = see()
    Doctor.objects.filter(pk=slot.doctor_id).update(room=None)

    assert see(since=before.revision).items == []


def test_past_slots_keep_what_was_true_then(slot):
    past = Slot.objects.get(doctor=slot.doctor, begin__lt=timezone.now())
    Room.objects.filter(number="1").update(number="1a")
    Doctor.objects.filter(pk=slot.doctor_id).update(is_published=False)

    shown = vars(past).copy()
    past.refresh_from_db()
    assert (past.visible, past.room_label) == (shown["visible"], shown["room_label"])


def test_a_stale_save_does_not_bring_back_old_stamps(slot):
    stale = Slot.objects.get(pk=slot.pk)
    Doctor.objects.filter(pk=slot.doctor_id).update(is_published=False)
    Room.objects.filter(number="1").update(number="1a")
    BusyType.objects.filter(code="1").update(name="новый")

    stale.capacity = 4
    stale.save()

    slot.refresh_from_db()
    assert (slot.capacity, slot.visible, slot.room_label, slot.busy_name) == (4, False, "1a", "новый")


def test_stamps_cannot_be_written_from_outside(slot):
    Slot.objects.filter(pk=slot.pk).update(
        visible=False, room_label="x", busy_code="x", busy_name="x", published=False, changed=1, booked=9
    )

    told = next(item for item in see().items if item["guid"] == str(slot.guid))
    assert (told["status"], told["room"], told["busyType"]) == ("Available", "1", {"code": "1", "name": "приём"})
    slot.refresh_from_db()
    assert slot.changed > 1
    assert slot.published


def test_a_day_is_a_day_of_the_lpu(slot):
    lpu = slot.doctor.lpu
    day = dt.datetime.now(lpu.tz).date() + dt.timedelta(days=3)
    a_slot(slot.doctor, begin=at(lpu, day, "00:30"), end=at(lpu, day, "00:45"))

    assert len(see(first=day, last=day).items) == 1
