"""What the journal keeps of the schedule and of appointments."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from auditlog.signals import pre_log

# Of a slot what people decide; its counter and its stamps follow from other changes.
SLOT_FIELDS = ["channels", "capacity", "is_blocked", "block_reason", "withdrawn", "busy_type", "room"]
APPOINTMENT_FIELDS = [
    "state",
    "slot",
    "seat",
    "number",
    "over_plan",
    "over_reason",
    "cancelled_at",
    "cancelled_by",
    "cancel_reason",
]


def register() -> None:
    """Called once, when the apps are ready."""
    from appointments.models import Appointment, ScheduleException, ScheduleTemplate, Slot

    auditlog.register(ScheduleTemplate)
    auditlog.register(ScheduleException)
    auditlog.register(Slot, include_fields=SLOT_FIELDS)
    auditlog.register(Appointment, include_fields=APPOINTMENT_FIELDS)
    pre_log.connect(_made_is_in_the_row, sender=Appointment, dispatch_uid="appointment_made")


def _made_is_in_the_row(sender: Any, action: int, **kwargs: Any) -> bool:
    """By whom, when and how an appointment was made stands in its own row: a booking pays for no second one."""
    return action != LogEntry.Action.CREATE
