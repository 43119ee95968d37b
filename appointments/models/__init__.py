"""Time: schedule templates and their exceptions, slots, appointments; who waits and who is to be called."""

from appointments.models.absence import AbsenceDecision
from appointments.models.appointment import Appointment
from appointments.models.calls import CallAttempt, CallTask
from appointments.models.norms import WaitNorm
from appointments.models.schedule import ScheduleException, ScheduleTemplate
from appointments.models.slot import Slot
from appointments.models.stamps import StampingBusyType, StampingDoctor, StampingRoom
from appointments.models.waiting import WaitingEntry

__all__ = [
    "AbsenceDecision",
    "Appointment",
    "CallAttempt",
    "CallTask",
    "ScheduleException",
    "ScheduleTemplate",
    "Slot",
    "StampingBusyType",
    "StampingDoctor",
    "StampingRoom",
    "WaitNorm",
    "WaitingEntry",
]
