"""A doctor's absence: closing the period, whom it concerns, deciding about each, and carrying that out one by one.

All of it lives in tables: a run that is killed leaves what is done done, and `carry_out` goes on with the rest.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from appointments import locks
from appointments.models import AbsenceDecision, Appointment, ScheduleException, Slot
from appointments.querysets import AppointmentQuerySet, SlotQuerySet
from appointments.services import horizon, substitution
from appointments.services.filling import one_generator_at_a_time
from lmis.actors import Actor
from lmis.exceptions import FieldError, Refusal, ValidationFailed
from lmis.models import Doctor

logger = logging.getLogger(__name__)
Choice, Kind, State = AbsenceDecision.Choice, ScheduleException.Kind, AbsenceDecision.State
CAME_MEANWHILE = _("Its time has come meanwhile: the patient may have been seen. Decide about this one by itself.")
LONGEST = dt.timedelta(days=366)


class AbsenceOverlaps(Refusal):
    """Staff only: two absences at once would decide about the same patients twice."""

    status = 409
    code = "absence_overlaps"
    message = _("The doctor is already away for a part of this time. Open that absence, or choose the time beside it.")


class DecisionsPending(Refusal):
    """Staff only: something is being carried out."""

    status = 409
    code = "decisions_pending"
    message = _("Earlier decisions are still being carried out. Press “Continue” first.")


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to become of one appointment: `target` for a move, `substitute` for a substitution.

    `late` is said by whoever knows that its time has come, and wants it moved or cancelled all the same.
    """

    appointment: Appointment
    choice: str
    target: Slot | None = None
    substitute: Doctor | None = None
    late: bool = False


def close_period(
    *, doctor: Doctor, begin: dt.datetime, end: dt.datetime, reason: str, by: Actor, now: dt.datetime
) -> ScheduleException:
    """Close a doctor's places between two instants: none of them can be booked any more, none is made anew.

    Appointments stay until something is decided about them (`decide`). Raises ValidationFailed, AbsenceOverlaps.
    """
    check_period(begin, end, reason, now)
    with transaction.atomic(savepoint=False):
        # The generator may be laying places by the pattern of before: it is kept out until this absence is committed.
        one_generator_at_a_time(doctor)
        if doctor.exceptions.filter(kind=Kind.ABSENCE).touching(begin, end).exists():
            raise AbsenceOverlaps
        absence = ScheduleException(kind=Kind.ABSENCE, doctor=doctor, begin=begin, end=end, reason=reason.strip()[:255])
        absence.channels = []
        absence.save()
        closed = _close_places(absence, now)
    logger.info("absence %s of doctor %s closes %d places, by %s", absence.pk, doctor.guid, closed, by)
    return absence


def reopen(*, absence: ScheduleException, by: Actor, now: dt.datetime) -> int:
    """Take an absence back: what it closed is open again. What was moved or cancelled stays so.

    Out: how many places were opened. The generator brings back what it has withdrawn meanwhile.
    """
    with transaction.atomic(savepoint=False):
        assert absence.doctor is not None
        one_generator_at_a_time(absence.doctor)
        if absence.decisions.filter(state=State.PLANNED).exists():
            raise DecisionsPending
        slots = _locked(_places(absence).filter(is_blocked=True, block_reason=absence.reason, begin__gt=now))
        Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(is_blocked=False, block_reason="")
        absence.delete()
    logger.info("absence of doctor %s taken back by %s", absence.doctor.guid, by)
    return len(slots)


def refill(*, doctor: Doctor, by: Actor, now: dt.datetime) -> None:
    """Have the generator bring back, after `reopen` is committed, what it withdrew while the doctor was away."""
    horizon.keep_full(by=by, now=now, only=[doctor.pk])


def booked_in(absence: ScheduleException, now: dt.datetime) -> AppointmentQuerySet:
    """The booked appointments of the period, from today on, by time; the absence need not be saved yet."""
    assert absence.doctor is not None
    today = now.astimezone(absence.doctor.lpu.tz).date()
    return (
        Appointment.objects.filter(state=Appointment.State.BOOKED, slot__in=_places(absence), slot__day__gte=today)
        .select_related("slot__doctor__lpu", "slot__doctor__room", "slot__room", "patient", "direction")
        .order_by("slot__begin", "seat")
    )


def affected(absence: ScheduleException, now: dt.datetime) -> AppointmentQuerySet:
    """Those about which something must be decided yet.

    Read afresh each time, so that one which slipped in is there, too. Those kept on purpose are not.
    """
    kept = AbsenceDecision.objects.filter(exception=absence, choice=Choice.KEEP, state=State.DONE)
    decisions = Prefetch("decisions", AbsenceDecision.objects.filter(exception=absence), to_attr="decided")
    return booked_in(absence, now).exclude(pk__in=kept.values("appointment")).prefetch_related(decisions)


def decide(*, absence: ScheduleException, decisions: Sequence[Decided], by: Actor, now: dt.datetime) -> int:
    """Write down what is to become of these appointments; nothing happens to them yet.

    In: appointments of `affected`; what was decided before and not carried out is replaced. One whose time has come
    unnoticed is refused: the patient may have been seen. Out: how many were written.
    Raises ValidationFailed when a place is meant for more patients than it takes.
    """
    _check_targets(decisions)
    rows = [_row(absence, one, by, now) for one in sorted(decisions, key=lambda one: one.appointment.pk)]
    with transaction.atomic(savepoint=False):
        # Two heads may decide about one absence at once: the absence's row lets one after the other.
        ScheduleException.objects.select_for_update(no_key=True).get(pk=absence.pk)
        done = set(absence.decisions.filter(state=State.DONE, choice=Choice.KEEP).values_list("appointment", flat=True))
        todo = [row for row in rows if row.appointment_id not in done]
        AbsenceDecision.objects.bulk_create(
            todo,
            update_conflicts=True,
            unique_fields=["exception", "appointment"],
            update_fields=[
                *("slot", "choice", "target", "substitute", "state", "refusal", "decided_by", "decided_at", "done_at")
            ],
        )
        # An absence may have been entered in the list of exceptions, or a place been laid in it by hand since.
        _close_places(absence, now)
    return len(todo)


def _row(absence: ScheduleException, one: Decided, by: Actor, now: dt.datetime) -> AbsenceDecision:
    row = AbsenceDecision(
        exception=absence,
        appointment=one.appointment,
        slot_id=one.appointment.slot_id,
        choice=one.choice,
        target=one.target,
        substitute=one.substitute,
        decided_by=by.label,
        decided_at=now,
    )
    # The page may have been looked at before the time came: what it offered for all is not meant for this one.
    if one.choice != Choice.KEEP and not one.late and substitution.has_come(one.appointment, now):
        row.state, row.refusal = State.REFUSED, str(CAME_MEANWHILE)
    return row


def check_period(begin: dt.datetime, end: dt.datetime, reason: str, now: dt.datetime) -> None:
    """What every period needs. Raises ValidationFailed."""
    errors = []
    if end <= begin:
        errors.append(FieldError("end", _("The end must be after the begin. Correct one of them."), "invalid"))
    elif end <= now:
        errors.append(FieldError("end", _("This time is over. Choose one that is ahead."), "invalid"))
    elif end - begin > LONGEST:
        errors.append(FieldError("end", _("More than a year at once: look at the year of the last day."), "invalid"))
    if not reason.strip():
        errors.append(FieldError("reason", _("Say why: staff and patients will ask."), "required"))
    if errors:
        raise ValidationFailed(errors)


def _check_targets(decisions: Sequence[Decided]) -> None:
    places: dict[int, int] = {}
    for one in decisions:
        if one.target is not None:
            places[one.target.pk] = places.get(one.target.pk, one.target.places_left) - 1
    if any(left < 0 for left in places.values()):
        raise ValidationFailed.of(
            "target", _("One place is chosen for more patients than it takes. Choose another one for some."), "invalid"
        )


def _places(absence: ScheduleException) -> SlotQuerySet:
    """All that the period touches, in the schedule or not."""
    return Slot.objects.filter(doctor=absence.doctor_id, begin__lt=absence.end, end__gt=absence.begin)


def _locked(slots: SlotQuerySet) -> list[Slot]:
    guids = list(slots.values_list("guid", flat=True))
    return list(locks.lock_slots(guids).values()) if guids else []


def _close_places(absence: ScheduleException, now: dt.datetime) -> int:
    """In one UPDATE: two weeks are hundreds of places, and whoever books one of them waits meanwhile."""
    # A booking may be on its way into one of these: it is either committed before the lock is had, and is found by
    # `affected`, or waits for the lock and then reads that the place is closed.
    slots = _locked(_places(absence).filter(is_blocked=False, begin__gt=now))
    todo = [slot.pk for slot in slots if not slot.is_blocked]
    Slot.objects.filter(pk__in=todo).update(is_blocked=True, block_reason=absence.reason)
    return len(todo)
