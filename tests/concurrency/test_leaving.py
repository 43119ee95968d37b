"""A doctor leaves while somebody is being booked: the patient is found, or there is no booking."""

import pytest
from django.utils import timezone

from appointments.exceptions import SlotUnavailable
from appointments.models import Appointment
from appointments.services.leaving import VisitsAhead, refuse_with_visits
from lmis.models import Doctor
from lmis.services import leaving
from lmis.services.transactions import run_write
from tests.concurrency.conftest import elsewhere, wait_until_somebody_waits
from tests.factories import cast
from tests.factories.waiting import booked

pytestmark = pytest.mark.concurrency


def leaves_amid_a_booking(doctor):
    """The doctor leaves after the place is taken and before that is committed; the leaving is to come out."""
    slot, patient = cast.a_slot(doctor), cast.a_patient(doctor.lpu)

    def leave():
        return run_write(lambda: leaving.leave(doctor=doctor, now=timezone.now()), retries=0)

    with elsewhere() as submit:

        def book():
            booked(slot, patient)
            left = submit(leave)
            wait_until_somebody_waits()
            return left

        return run_write(book).result(30)


def state(doctor):
    return Doctor.objects.get(pk=doctor.pk).is_active, Appointment.objects.count()


def test_the_booking_is_waited_for_and_found(doctor):
    with pytest.raises(VisitsAhead):
        leaves_amid_a_booking(doctor)
    assert state(doctor) == (True, 1)


def test_twin_that_looks_first_leaves_a_patient_behind(doctor, monkeypatch):
    looked = leaving.leave

    def looking_first(*, doctor, now):
        refuse_with_visits(doctor, now)
        monkeypatch.setattr(leaving, "_checks", [])
        looked(doctor=doctor, now=now)

    monkeypatch.setattr(leaving, "leave", looking_first)
    leaves_amid_a_booking(doctor)
    assert state(doctor) == (False, 1)


def test_a_booking_that_comes_later_finds_the_place_closed(doctor):
    slot = cast.a_slot(doctor)
    run_write(lambda: leaving.leave(doctor=doctor, now=timezone.now()))
    with pytest.raises(SlotUnavailable):
        run_write(lambda: booked(slot))
    assert state(doctor) == (False, 0)
