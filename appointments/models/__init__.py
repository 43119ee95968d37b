"""Time: schedule templates and their exceptions, slots, appointments."""

from appointments.models.appointment import Appointment
from appointments.models.schedule import ScheduleException, ScheduleTemplate
from appointments.models.slot import Slot
from appointments.models.stamps import StampingBusyType, StampingDoctor, StampingRoom

__all__ = [
    "Appointment",
    "ScheduleException",
    "ScheduleTemplate",
    "Slot",
    "StampingBusyType",
    "StampingDoctor",
    "StampingRoom",
]
