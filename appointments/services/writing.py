"""Writing what changes on an appointment, and entering it in the staff's journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appointments.models import Appointment
from lmis.actors import Actor
from lmis.services import journal


def write(appointment: Appointment, *, by: Actor, beside: Mapping[str, Any] | None = None, **news: Any) -> None:
    """Write these columns of a locked appointment, and set them on it; `beside` are some more, not for the journal.

    One statement; one more for an employee's change. What a client does stands on the appointment itself.
    """
    if by.client is None:
        journal.note_changed(appointment, news, by=by)
    written = news | dict(beside or {})
    Appointment.objects.filter(pk=appointment.pk).update(**written)
    for name, value in written.items():
        setattr(appointment, name, value)
