"""What a slot shows of its doctor and room stays true when both change at once; the twins take the waiting away."""

import contextlib
import re
import threading
import time

import pytest
from django.db import connection, transaction

from appointments.models import Slot
from lmis.models import Doctor, Room
from tests.factories.cast import a_doctor, a_slot

pytestmark = pytest.mark.concurrency

WAITING = "proname ~ 'slot_guard|doctor_restamps|room_restamps'"
SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


@contextlib.contextmanager
def nobody_waits():
    """The triggers on slots, doctors and rooms without their locks."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_get_functiondef(oid) FROM pg_proc WHERE {WAITING}")
        functions = [row[0] for row in cursor.fetchall()]
        assert len(functions) == 3
        for function in functions:
            cursor.execute(re.sub(r" FOR SHARE|PERFORM FROM [^;]*;", "", function))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for function in functions:
                cursor.execute(function)


def meanwhile(change, other):
    """Do `other` on a second connection while the change is made but not committed, then let both be done."""
    rival = threading.Thread(target=lambda: (other(), connection.close()))
    with transaction.atomic():
        change()
        rival.start()
        until_it_waits_or_is_done(rival)
    rival.join()


def until_it_waits_or_is_done(rival):
    with connection.cursor() as cursor:
        while rival.is_alive():
            cursor.execute(SOMEBODY_WAITS)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)


def made_while_hiding():
    doctor = a_doctor()
    meanwhile(lambda: Doctor.objects.filter(pk=doctor.pk).update(is_published=False), lambda: a_slot(doctor))
    return Slot.objects.get().visible


def hidden_while_making():
    doctor = a_doctor()
    meanwhile(lambda: a_slot(doctor), lambda: Doctor.objects.filter(pk=doctor.pk).update(is_published=False))
    return Slot.objects.get().visible


def a_room(doctor, number):
    return Room.objects.create(lpu=doctor.lpu, number=number)


def made_while_renaming():
    doctor = a_doctor()
    room = a_room(doctor, "old")
    meanwhile(lambda: Room.objects.update(number="new"), lambda: a_slot(doctor, room=room))
    return Slot.objects.get().room_label


def renamed_while_moving_in():
    doctor = a_doctor()
    room = a_room(doctor, "old")
    a_slot(doctor)
    meanwhile(
        lambda: Doctor.objects.filter(pk=doctor.pk).update(room=room),
        lambda: Room.objects.filter(pk=room.pk).update(number="new"),
    )
    return Slot.objects.get().room_label


def renamed_while_moving_out():
    doctor = a_doctor()
    first, second = a_room(doctor, "first"), a_room(doctor, "second")
    Doctor.objects.update(room=first)
    a_slot(doctor)
    meanwhile(
        lambda: Doctor.objects.filter(pk=doctor.pk).update(room=second),
        lambda: Room.objects.filter(pk=first.pk).update(number="renamed"),
    )
    return Slot.objects.get().room_label


RACES = [
    (made_while_hiding, False, True),
    (hidden_while_making, False, True),
    (made_while_renaming, "new", "old"),
    (renamed_while_moving_in, "new", "old"),
    (renamed_while_moving_out, "second", "renamed"),
]


@pytest.mark.parametrize(("race", "right", "wrong"), RACES)
def test_the_slot_shows_what_is_true_at_the_end(race, right, wrong):
    assert race() == right


@pytest.mark.parametrize(("race", "right", "wrong"), RACES)
def test_twin_without_waiting_the_slot_shows_what_was_true_before(race, right, wrong):
    with nobody_waits():
        assert race() == wrong
