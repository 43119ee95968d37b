"""Carrying out what was decided about an absence: one transaction a patient, and what is left can be gone on with."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from appointments.exceptions import AppointmentNotFound
from appointments.models import AbsenceDecision, Appointment, CallTask, ScheduleException, Slot
from appointments.services import calls, cancelling, substitution, waiting_again
from appointments.services.absence_targets import CHANNELS
from lmis.actors import Actor
from lmis.exceptions import Refusal, Unavailable
from lmis.models import Doctor
from lmis.services.transactions import run_write

logger = logging.getLogger(__name__)
Choice, State, What = AbsenceDecision.Choice, AbsenceDecision.State, CallTask.What
AT_ONCE = 20  # patients a request: the page then shows how far it is and asks for the next ones


@dataclass(frozen=True, slots=True)
class Progress:
    """How many were carried out just now, how many of them could not be, how many still wait for their turn."""

    done: int
    refused: int
    left: int


def carry_out(*, absence: ScheduleException, by: Actor, now: dt.datetime, limit: int = AT_ONCE) -> Progress:
    """Carry out up to `limit` planned decisions, each in a transaction of its own. Not to be called inside one.

    A place that was lost meanwhile makes its decision `refused`, with the reason; the others go on. Somebody else who
    does the same at the same moment takes other decisions. When a lock is not had, it stops: the rest stays planned.
    """
    done = refused = 0
    for _turn in range(limit):
        try:
            one = run_write(lambda: _next(absence, by, now))
        except Unavailable:
            break
        if one is None:
            break
        done, refused = done + (one.state == State.DONE), refused + (one.state == State.REFUSED)
    left = absence.decisions.filter(state=State.PLANNED).count()
    logger.info("absence %s: %d done, %d refused, %d left, by %s", absence.pk, done, refused, left, by)
    return Progress(done, refused, left)


def _next(absence: ScheduleException, by: Actor, now: dt.datetime) -> AbsenceDecision | None:
    """One decision, done or refused; None when nothing is planned."""
    # Two pages may carry out one absence: whoever has locked a decision does it, the other one takes the next.
    planned = AbsenceDecision.objects.filter(exception=absence, state=State.PLANNED).order_by("slot__begin", "pk")
    decision = planned.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
    if decision is None:
        return None
    try:
        with transaction.atomic():  # a refusal undoes the move, not the word about it
            _DO[decision.choice](decision, absence, by, now)
    except Unavailable:
        raise
    except Refusal as refusal:
        return _finish(decision, State.REFUSED, now, _why(refusal))
    return _finish(decision, State.DONE, now)


def _finish(decision: AbsenceDecision, state: str, now: dt.datetime, refusal: str = "") -> AbsenceDecision:
    decision.state, decision.refusal = state, refusal
    decision.done_at = now if state == State.DONE else None
    decision.save(update_fields=["state", "refusal", "done_at", "target"])
    return decision


def _why(refusal: Refusal) -> str:
    if isinstance(refusal, AppointmentNotFound):
        return _("Somebody has moved or cancelled the appointment meanwhile.")
    return refusal.said[:255]


def _appointment(decision: AbsenceDecision) -> Appointment:
    """As it is now, if it still has the place about which was decided. Raises AppointmentNotFound."""
    rows = Appointment.objects.select_related("slot__doctor__lpu", "patient")
    found = rows.filter(pk=decision.appointment_id, slot=decision.slot_id).first()
    if found is None:
        raise AppointmentNotFound
    return found


def _substitute(decision: AbsenceDecision, absence: ScheduleException, by: Actor, now: dt.datetime) -> None:
    assert decision.substitute_id is not None
    doctor = Doctor.objects.select_related("lpu").get(pk=decision.substitute_id)
    moved, old, new = substitution.take_over(appointment=_appointment(decision), substitute=doctor, by=by, now=now)
    decision.target = new
    _have_called(moved, old, new, What.SUBSTITUTED, absence, by, now)


def _move(decision: AbsenceDecision, absence: ScheduleException, by: Actor, now: dt.datetime) -> None:
    assert decision.target is not None
    seen = _appointment(decision)
    moved = cancelling.move(
        guid=seen.guid,
        # Somebody may move it between the look and the lock: then it is not where it was, and not found.
        among=Appointment.objects.filter(slot=decision.slot_id),
        to_slot_guid=decision.target.guid,
        channels=CHANNELS,
        by=by,
        now=now,
    )
    _have_called(moved, seen.slot, decision.target, What.MOVED, absence, by, now)


def _cancel(decision: AbsenceDecision, absence: ScheduleException, by: Actor, now: dt.datetime) -> None:
    """The clinic's doing: who had waited for this place waits again."""
    seen = _appointment(decision)
    gone = cancelling.cancel(
        guid=seen.guid,
        among=Appointment.objects.filter(slot=decision.slot_id),
        reason=absence.reason,
        by=by,
        now=now,
        late=True,
    )
    waiting_again.reopen(appointment=gone, by=by)
    _have_called(gone, seen.slot, None, What.CANCELLED, absence, by, now)


def _keep(decision: AbsenceDecision, absence: ScheduleException, by: Actor, now: dt.datetime) -> None:
    """Nothing happens to it, and nobody has to be told."""


def _have_called(
    appointment: Appointment,
    old: Slot,
    new: Slot | None,
    what: str,
    absence: ScheduleException,
    by: Actor,
    now: dt.datetime,
) -> None:
    calls.enter(appointment=appointment, old_slot=old, new_slot=new, what=what, reason=absence.reason, by=by, now=now)


_Deed = Callable[[AbsenceDecision, ScheduleException, Actor, dt.datetime], None]
_DO: dict[str, _Deed] = {
    Choice.SUBSTITUTE: _substitute,
    Choice.MOVE: _move,
    Choice.CANCEL: _cancel,
    Choice.KEEP: _keep,
}
