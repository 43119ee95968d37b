"""A merge takes the waiting list and the call list along."""

import pytest
from django.utils import timezone

from appointments.models import CallTask, WaitingEntry
from appointments.services import merging_lists
from lmis.actors import SYSTEM
from tests.factories import cast
from tests.factories.waiting import a_call, an_entry, booked

pytestmark = pytest.mark.django_db


def test_entries_move_and_the_second_one_for_the_same_is_closed():
    doctor, other = cast.a_doctor(), cast.a_doctor()
    into, duplicate = cast.a_patient(doctor.lpu), cast.a_patient(doctor.lpu)
    kept = an_entry(doctor, patient=into)
    twice, alone = an_entry(doctor, patient=duplicate), an_entry(doctor, patient=duplicate, by_name=True)
    an_entry(other, patient=cast.a_patient(other.lpu))
    moved = merging_lists.move_waiting(duplicate=duplicate, into=into, by=SYSTEM, now=timezone.now())
    assert moved == 2
    rows = WaitingEntry.objects.filter(patient=into).order_by("pk").values_list("pk", "state", "closed_by")
    assert list(rows) == [(kept.pk, "open", ""), (twice.pk, "closed", "system"), (alone.pk, "open", "")]


def test_calls_move():
    doctor = cast.a_doctor()
    task = a_call(booked(cast.a_slot(doctor)))
    into = cast.a_patient(doctor.lpu)
    assert merging_lists.move_calls(duplicate=task.patient, into=into, by=SYSTEM, now=timezone.now()) == 1
    assert CallTask.objects.get().patient == into
