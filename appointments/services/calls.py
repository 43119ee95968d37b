"""The call list: who is to be told that the clinic moved or cancelled an appointment, and what came of the calls."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, CallAttempt, CallTask, Slot
from appointments.querysets_waiting import CallQuerySet
from appointments.services import cancelling
from lmis.actors import Actor
from lmis.exceptions import Refusal

logger = logging.getLogger(__name__)
What, State, Outcome = CallTask.What, CallTask.State, CallAttempt.Outcome
AGAIN_AFTER = dt.timedelta(minutes=30)  # who did not answer is not rung again at once


class CallNotFound(Refusal):
    """Staff only: the API knows no call list."""

    status = 404
    code = "call_not_found"
    message = _("There is no such call in the list. Take the next one.")


class AlreadyTold(Refusal):
    """Staff only: a colleague was first."""

    status = 409
    code = "already_told"
    message = _("A colleague has just told this patient. Take the next one.")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of writing an outcome down: the call, and whether the new place was given back."""

    task: CallTask
    given_back: bool


def enter(
    *,
    appointment: Appointment,
    old_slot: Slot,
    new_slot: Slot | None,
    what: str,
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> CallTask:
    """Have this patient called; inside the transaction that moved or cancelled the appointment.

    A call about the same appointment that nobody has made yet stays the only one: it goes on from the place that the
    patient knows to the newest one.
    """
    news = {"new_slot": new_slot, "what": what, "reason": reason[:255], "call_after": None}
    waiting = CallTask.objects.open().select_for_update(no_key=True).filter(appointment=appointment).first()
    if waiting is not None:
        for name, value in news.items():
            setattr(waiting, name, value)
        waiting.save(update_fields=list(news))
        return waiting
    patient = appointment.patient
    return CallTask.objects.create(
        appointment=appointment,
        patient=patient,
        old_slot=old_slot,
        phone=patient.phone,
        created_at=now,
        created_by=by.label,
        **news,
    )


def record(
    *,
    guid: UUID,
    outcome: str,
    by: Actor,
    now: dt.datetime,
    among: CallQuerySet,
    note: str = "",
    give_back: bool = False,
) -> Recorded:
    """Write down what came of a call.

    In: `outcome` as `CallAttempt.Outcome`; `give_back` cancels what a patient refuses, so that the place is free for
    others (the caller has checked the right to cancel). No answer: the call stays, behind the others for a while.
    Raises CallNotFound, AlreadyTold.
    """
    if outcome not in Outcome.values:
        raise ValueError(f"not an outcome: {outcome}")
    with transaction.atomic(savepoint=False):
        seen = among.select_related("appointment").filter(guid=guid).first()
        if seen is None:
            raise CallNotFound
        given_back = outcome == Outcome.REFUSED and give_back and _give_back(seen, by, now)
        # Two employees may ring one patient: the call is locked and read again, behind slot and appointment,
        # and the second one hears that it is done.
        task = CallTask.objects.select_for_update(no_key=True).get(pk=seen.pk)
        if task.state != State.OPEN:
            raise AlreadyTold
        CallAttempt.objects.create(
            task=task, outcome=outcome, note=note.strip()[:255], at=now, by=by.label, user=by.user
        )
        _advance(task, outcome, now)
    logger.info("call %s: %s, by %s", task.guid, outcome, by)
    return Recorded(task, given_back)


def has_nothing_to_tell(task: CallTask) -> bool:
    """Whether things have gone on since: the patient cancelled it, came, or it is back where it was."""
    appointment = task.appointment
    if task.what == What.CANCELLED:
        return False
    return appointment.state != Appointment.State.BOOKED or appointment.slot_id == task.old_slot_id


def _give_back(task: CallTask, by: Actor, now: dt.datetime) -> bool:
    """Cancel the appointment that the patient does not want, if it still stands."""
    if task.appointment.state != Appointment.State.BOOKED or task.what == What.CANCELLED:
        return False
    cancelling.cancel(
        guid=task.appointment.guid,
        among=Appointment.objects.filter(pk=task.appointment_id),
        reason=str(_("The patient refused the new time.")),
        by=by,
        now=now,
        late=True,
    )
    return True


def _advance(task: CallTask, outcome: str, now: dt.datetime) -> None:
    if outcome == Outcome.NO_ANSWER:
        task.call_after = now + AGAIN_AFTER
    else:
        task.state, task.done_at = State.DONE, now
    task.save(update_fields=["state", "done_at", "call_after"])
