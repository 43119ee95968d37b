"""An Appointment as the contract shows it; the first six fields are the region's own."""

from __future__ import annotations

from typing import Any

from appointments.models import Appointment
from directions.api.serializers import present_direction


def present_appointment(appointment: Appointment) -> dict[str, Any]:
    """The JSON object of the contract's model Appointment; times in the zone of the slot's LPU.

    Takes an appointment with `slot__doctor__lpu` and its direction's LPUs loaded: no statement is made here.
    """
    slot = appointment.slot
    tz = slot.doctor.lpu.tz
    direction = appointment.direction
    return {
        "guid": appointment.guid,
        "number": appointment.number,
        "slot": slot.guid,
        "source": appointment.source,
        "createTime": appointment.created_at.astimezone(tz).replace(microsecond=0),
        "direction": present_direction(direction, tz) if direction else None,
        "state": appointment.state,
        "begin": slot.begin.astimezone(tz),
        "end": slot.end.astimezone(tz),
        "resource": slot.doctor.guid,
    }
