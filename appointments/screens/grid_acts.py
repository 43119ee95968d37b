"""Which acts are offered for an appointment and for a place: those that make sense and that the employee may do.

The services refuse all the same; what would be refused for certain is not shown.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from appointments.models import Appointment, Slot
from appointments.models.appointment import may_be_slip

State = Appointment.State
RIGHTS = {
    "arrive": "lmis.mark_visits",
    "leave": "lmis.mark_visits",
    "visited": "lmis.mark_visits",
    "missed": "lmis.mark_visits",
    "undo": "lmis.mark_visits",
    "move": "lmis.move_appointments",
    "cancel": "lmis.cancel_appointments",
    "mistake": "lmis.undo_mistake",
    "move_back": "lmis.undo_mistake",
}


def acts_of(appointment: Appointment, slot: Slot, user: Any, now: dt.datetime) -> set[str]:
    """The names of the acts; `slot` comes with its doctor and LPU."""
    return {act for act in _sensible(appointment, slot, now) if user.has_perm(RIGHTS[act])}


def _sensible(appointment: Appointment, slot: Slot, now: dt.datetime) -> set[str]:
    if appointment.state in (State.VISITED, State.MISSED):
        return {"undo"}
    if appointment.state != State.BOOKED:
        return set()
    acts = {"move", "cancel"}
    today = now.astimezone(slot.doctor.lpu.tz).date()
    if today >= slot.day:
        acts.add("visited")
    if today == slot.day:
        acts.add("leave" if appointment.arrived_at else "arrive")
    if now >= slot.begin and appointment.arrived_at is None:
        acts.add("missed")
    if may_be_slip(appointment.moved_at, now):
        acts.add("move_back")
    elif appointment.user_id is not None and may_be_slip(appointment.created_at, now):
        acts.add("mistake")
    return acts


def blocking_of(slot: Slot, user: Any, now: dt.datetime) -> str:
    """`block`, `unblock` or blank."""
    if slot.begin <= now or slot.withdrawn or not user.has_perm("appointments.change_slot"):
        return ""
    return "unblock" if slot.is_blocked else "block"
