"""Enter pressed twice at the desk: two requests with one form's token are one booking."""

import uuid

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.services import desk
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import IdempotencyRecord, Source
from lmis.services.transactions import run_write
from tests.concurrency.conftest import meeting_after, rivals
from tests.factories import cast
from tests.factories.staff import an_employee

pytestmark = pytest.mark.concurrency


@pytest.fixture
def doctor():
    return cast.a_doctor()


def pressed_twice(doctor, hours=24):
    """What the two requests hear: guids of appointments, or refusals."""
    slot, patient = cast.a_slot(doctor, hours=hours, capacity=2), cast.a_patient(doctor.lpu)
    by, order = Actor.of_user(an_employee("registrar")), desk.Order(patient, slot.guid, uuid.uuid4())

    def press(_index):
        try:
            given = {"source": Source.REGISTRY, "channels": {Source.REGISTRY}, "by": by, "now": timezone.now()}
            return run_write(lambda: desk.book(order=order, **given)).guid
        except Refusal as refusal:
            return refusal.code

    return rivals(2, press)


def test_one_appointment_and_both_hear_of_it(doctor):
    for round_ in range(10):
        assert len(set(pressed_twice(doctor, hours=24 + round_))) == 1
    assert (Appointment.objects.count(), IdempotencyRecord.objects.count()) == (10, 10)


def test_twin_without_the_tokens_lock_the_second_is_refused(doctor, monkeypatch):
    monkeypatch.setattr(desk, "lock_identities", lambda keys: None)
    monkeypatch.setattr(desk.idempotency, "find", meeting_after(desk.idempotency.find, 2))
    assert "already_booked" in pressed_twice(doctor)
