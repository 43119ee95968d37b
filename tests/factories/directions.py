"""Directions for tests: what the region sends, and what lies in our tables."""

import uuid
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import Appointment
from directions.info import DirectionInfo, SenderInfo
from directions.models import Direction
from patients.info import Coded
from tests.factories import cast


def a_direction(*, patient, lpu_from=None, **fields) -> Direction:
    """One received from an LPU outside for this card, unless said otherwise."""
    values: dict[str, Any] = {
        "origin": Direction.Origin.RECEIVED,
        "number": f"N-{cast.next_number()}",
        "reason": "боль",
        "speciality_code": "49",
        "speciality_name": "терапия",
        "diagnosis_code": "I10",
        "diagnosis_name": "гипертензия",
        "lpu_from": lpu_from or cast.an_lpu(own=False),
        "lpu_to": patient.lpu,
        "patient": patient,
        "sender_guid": uuid.uuid4(),
        "sender_family": "Шишкин",
        "sender_name": "Олег",
    }
    return Direction.objects.create(**values | fields)


def an_issued(*, patient, lpu_to=None, **fields) -> Direction:
    """One issued by the LPU of this card, to an LPU outside unless said otherwise."""
    return a_direction(
        patient=patient,
        lpu_from=patient.lpu,
        **{"origin": Direction.Origin.ISSUED, "lpu_to": lpu_to or cast.an_lpu(own=False)} | fields,
    )


def told(direction: Direction, **changes) -> DirectionInfo:
    """The same direction as the region would send it."""
    values = {
        "guid": direction.guid,
        "lpu_from_guid": direction.lpu_from.guid,
        "lpu_to_guid": direction.lpu_to.guid,
        "number": direction.number,
        "reason": direction.reason,
        "speciality": Coded(direction.speciality_code, direction.speciality_name),
        "diagnosis": Coded(direction.diagnosis_code, direction.diagnosis_name),
    }
    return DirectionInfo(**values | changes)


def told_sender(direction: Direction, **changes) -> SenderInfo:
    """Its sender likewise."""
    values = {
        "guid": direction.sender_guid,
        "family": direction.sender_family,
        "name": direction.sender_name,
        "patronymic": direction.sender_patronymic,
        "position": Coded(direction.sender_position_code, direction.sender_position_name),
        "speciality": Coded(direction.sender_speciality_code, direction.sender_speciality_name),
    }
    return SenderInfo(**values | changes)


def appoint(direction: Direction, doctor, state="booked", slot=None, **fields) -> Appointment:
    """An appointment by this direction with that doctor, in that state."""
    values = {
        "slot": slot or cast.a_slot(doctor),
        "patient": direction.patient,
        "direction": direction,
        "state": state,
        "number": "01",
        "cancelled_at": timezone.now() if state == "cancelled" else None,
    }
    return Appointment.objects.create(**values | fields)


def row(direction: Direction) -> dict[str, Any]:
    """All its columns as they are in the database."""
    return Direction.objects.filter(pk=direction.pk).values().get()


def statements() -> CaptureQueriesContext:
    """The SQL statements made inside; `len()` of it afterwards."""
    return CaptureQueriesContext(connection)
