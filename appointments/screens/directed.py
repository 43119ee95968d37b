"""Whether a direction and what is booked by it belong together."""

from __future__ import annotations

from appointments.models import Appointment
from directions.models import Direction
from lmis.models import Speciality
from lmis.text import name_key


def is_to(direction: Direction, speciality: Speciality) -> bool:
    """Whether a direction is to this speciality: by its code where both have one, else by its name."""
    if direction.speciality_code and speciality.code:
        return direction.speciality_code == speciality.code
    return name_key(direction.speciality_name) == name_key(speciality.name)


def astray(appointment: Appointment | None, speciality: Speciality) -> str:
    """To what the appointment's direction is, when that is another speciality than this one; else blank.

    It keeps its direction when it is moved, so whoever moves it is to know.
    """
    direction = appointment.direction if appointment else None
    if direction is None or is_to(direction, speciality):
        return ""
    return direction.speciality_name or direction.speciality_code
