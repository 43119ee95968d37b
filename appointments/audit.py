"""What the journal keeps of the schedule and of appointments."""

from __future__ import annotations

from auditlog.registry import auditlog

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
    """Called once, when the apps are ready. The appointments' services write past signals and enter it themselves."""
    from appointments import journal_names
    from appointments.models import (
        Appointment,
        CallTask,
        ScheduleException,
        ScheduleTemplate,
        Slot,
        WaitingEntry,
        WaitNorm,
    )

    auditlog.register(ScheduleTemplate)
    auditlog.register(ScheduleException)
    auditlog.register(Slot, include_fields=SLOT_FIELDS)
    auditlog.register(Appointment, include_fields=APPOINTMENT_FIELDS)
    auditlog.register(WaitingEntry)
    auditlog.register(CallTask)
    auditlog.register(WaitNorm)
    journal_names.register()
