"""The staff's lists of the schedule and of appointments."""

from appointments.admin import appointments, dashboard, exceptions, norms, schedule, slots, waiting

__all__ = ["appointments", "dashboard", "exceptions", "norms", "schedule", "slots", "waiting"]
