"""The waiting list and the call list, for tests."""

from django.utils import timezone

from appointments.models import Appointment, CallTask, WaitingEntry
from appointments.services import booking, waiting
from lmis.actors import SYSTEM
from lmis.models import Source
from tests.factories import cast


def an_entry(doctor, *, patient=None, by_name=False, **fields) -> WaitingEntry:
    """Somebody who waits for this doctor's speciality, or for the doctor by name."""
    target = {"doctor": doctor} if by_name else {"speciality": doctor.speciality}
    values = {"patient": patient or cast.a_patient(doctor.lpu), "phone": "79001112233", "by": SYSTEM} | target
    return waiting.add(**values | {"now": timezone.now()} | fields)


def booked(slot, patient=None, **fields) -> Appointment:
    """An appointment in this slot, made through the service."""
    return booking.book(
        slot_guid=slot.guid,
        patient=patient or cast.a_patient(slot.doctor.lpu),
        source=Source.REGISTRY,
        channels={Source.REGISTRY},
        **{"by": SYSTEM, "now": timezone.now()} | fields,
    )


def a_call(appointment, **fields) -> CallTask:
    """That this appointment was cancelled, to be told."""
    values = {
        "appointment": appointment,
        "patient": appointment.patient,
        "old_slot": appointment.slot,
        "what": CallTask.What.CANCELLED,
        "phone": "79001112233",
    }
    return CallTask.objects.create(**values | fields)
