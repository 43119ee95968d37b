"""The waiting list: putting a patient on it, whom to call first for a place, booking from it, taking off it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from appointments.exceptions import DirectionAlreadyBooked
from appointments.models import Appointment, Slot, WaitingEntry
from appointments.querysets_waiting import WaitingQuerySet
from appointments.services import booking
from directions.exceptions import DirectionCancelled
from directions.locks import lock_direction
from directions.models import Direction
from lmis.actors import Actor
from lmis.exceptions import FieldError, Refusal, ValidationFailed
from lmis.models import Doctor, Speciality
from lmis.rows import constraint_of
from patients.models import Patient

logger = logging.getLogger(__name__)
State = WaitingEntry.State
OFFERED = 5
ONCE = {"waiting_once_a_speciality", "waiting_once_a_doctor"}


class WaitingNotFound(Refusal):
    """Staff only: the API knows no waiting list."""

    status = 404
    code = "waiting_not_found"
    message = _("There is no such entry in the waiting list. Reload the list and choose again.")


class AlreadyWaiting(Refusal):
    """Staff only: likewise. `entry` is the one that stands in the way, when it is still there."""

    status = 409
    code = "already_waiting"
    message = _(
        "The patient is already on the waiting list for this. To change that entry, take it off the list first."
    )

    def __init__(self, entry: WaitingEntry | None) -> None:
        super().__init__()
        self.entry = entry


class WaitingOver(Refusal):
    """Staff only: a colleague was first."""

    status = 409
    code = "waiting_over"
    message = _("This patient is no longer waiting: somebody has booked or closed the entry. Take the next one.")


def add(
    *,
    patient: Patient,
    by: Actor,
    now: dt.datetime,
    speciality: Speciality | None = None,
    doctor: Doctor | None = None,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    part: str = "",
    weekdays: Collection[int] = (),
    phone: str | None = None,
    direction: Direction | None = None,
    urgent: bool = False,
    due: dt.date | None = None,
    note: str = "",
) -> WaitingEntry:
    """Put a card on the list for a doctor or for a speciality, whichever is given (exactly one of them).

    In: days of the card's LPU, `first_day` None is today, `last_day` None is open; `part` as `PartOfDay`, `weekdays`
    ISO numbers, none is any; `phone` None takes the card's; `due` is the last day within the norm.
    Raises ValidationFailed for what does not go together, AlreadyWaiting for a second open entry.
    """
    today = now.astimezone(patient.lpu.tz).date()
    entry = WaitingEntry(
        patient=patient,
        speciality=speciality,
        doctor=doctor,
        first_day=first_day or today,
        last_day=last_day,
        part=part,
        weekdays=sorted(set(weekdays)),
        phone=(patient.phone if phone is None else phone).strip(),
        direction=direction,
        urgent=urgent,
        due=due,
        note=note.strip(),
        created_at=now,
        created_by=by.label,
        user=by.user,
    )
    _check(entry, today)
    _put(entry)
    logger.info("waiting entry %s added by %s", entry.guid, by)
    return entry


def close(*, guid: UUID, reason: str, by: Actor, now: dt.datetime) -> WaitingEntry:
    """Take an entry off the list without a booking. Raises WaitingNotFound, WaitingOver, ValidationFailed."""
    if not reason.strip():
        raise ValidationFailed.of("reason", _("Say why the patient is taken off the list."), "required")
    with transaction.atomic(savepoint=False):
        entry = _locked_open(guid)
        _end(entry, state=State.CLOSED, close_reason=reason.strip()[:255], by=by, now=now)
    return entry


def book_from(
    *,
    guid: UUID,
    slot_guid: UUID,
    source: str,
    channels: Collection[str],
    by: Actor,
    now: dt.datetime,
    over_plan_reason: str = "",
) -> Appointment:
    """Book a place for a waiting patient and mark the entry booked, both or neither.

    In: as `booking.book`; patient and direction are the entry's. The place need not be what was wished for: the patient
    on the phone may agree to another one. Raises WaitingNotFound, WaitingOver, the refusals of a direction, and what
    `booking.book` raises.
    """
    with transaction.atomic(savepoint=False):
        seen = _open_as_seen(guid)
        if seen.direction is not None:
            _take_direction(seen.direction)
        made = booking.book(
            slot_guid=slot_guid,
            patient=seen.patient.survivor,
            source=source,
            channels=channels,
            by=by,
            now=now,
            direction=seen.direction,
            over_plan_reason=over_plan_reason,
        )
        # Two registrars may serve one patient from two windows, each with another place:
        # the entry is locked and read again, behind slots and appointment, and the second one's place is rolled back.
        _end(_locked_open(guid), state=State.BOOKED, appointment=made, by=by, now=now)
    return made


def served(*, patient: Patient, appointment: Appointment, by: Actor, now: dt.datetime) -> list[WaitingEntry]:
    """Mark what this patient waited for as booked by an appointment made elsewhere; returns the entries.

    For the desk, after a booking and in its transaction: the entry for the doctor and that for his speciality.
    """
    doctor = appointment.slot.doctor
    with transaction.atomic(savepoint=False):
        rows = WaitingEntry.objects.select_for_update(no_key=True).open().filter(patient=patient).order_by("pk")
        found = [entry for entry in rows if entry.doctor_id == doctor.pk or entry.speciality_id == doctor.speciality_id]
        for entry in found:
            _end(entry, state=State.BOOKED, appointment=appointment, by=by, now=now)
    return found


def candidates_for(slot: Slot, *, limit: int = OFFERED) -> list[WaitingEntry]:
    """Whom to call for a place of this slot, first one first; one statement.

    In: a slot with its doctor and LPU. Urgent ones come first, then by the norm's last day, then the oldest.
    """
    rows = WaitingEntry.objects.for_slot(slot).with_all_shown().first_to_call()
    suitable = (entry for entry in rows.iterator(chunk_size=100) if entry.suits(slot))
    return [entry for _n, entry in zip(range(limit), suitable, strict=False)]


def _check(entry: WaitingEntry, today: dt.date) -> None:
    """In words what the constraints say, and what they cannot see."""
    errors: list[FieldError] = []
    if (entry.speciality is None) == (entry.doctor is None):
        errors.append(FieldError("speciality", _("Name either a doctor or a speciality."), "required"))
    if entry.doctor is not None and entry.doctor.lpu_id != entry.patient.lpu_id:
        errors.append(
            FieldError(
                "doctor",
                _("The card belongs to another clinic than the doctor. Choose a doctor of the card's clinic."),
                "invalid",
            )
        )
    if entry.last_day is not None and entry.last_day < max(entry.first_day, today):
        errors.append(
            FieldError("last_day", _("The last day is before the first one, or past. Choose a later one."), "invalid")
        )
    if entry.part not in {"", "morning", "evening"} or not set(entry.weekdays) <= set(range(1, 8)):
        errors.append(
            FieldError("part", _("There is no such time of day or weekday. Choose from those on the page."), "invalid")
        )
    if not entry.phone:
        errors.append(FieldError("phone", _("Without a phone nobody can be called: enter one."), "required"))
    if entry.direction is not None and entry.direction.patient_id != entry.patient_id:
        errors.append(
            FieldError(
                "direction", _("The direction is another patient's. Choose one of this patient's, or none."), "invalid"
            )
        )
    if entry.patient.state != Patient.State.ACTIVE:
        errors.append(FieldError("patient", _("This card is no longer in use. Look the patient up again."), "invalid"))
    if errors:
        raise ValidationFailed(errors)


def _put(entry: WaitingEntry) -> None:
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as error:
        # Two windows may put one patient on the list at once; the index lets one in.
        if constraint_of(error) not in ONCE:
            raise
        raise AlreadyWaiting(_same(entry)) from error


def _same(entry: WaitingEntry) -> WaitingEntry | None:
    same = WaitingEntry.objects.open().filter(patient=entry.patient_id)
    return same.filter(speciality=entry.speciality_id, doctor=entry.doctor_id).first()


def _open_as_seen(guid: UUID) -> WaitingEntry:
    """Without a lock: to refuse early, and to know the patient."""
    return _open(WaitingEntry.objects.select_related("patient__merged_into", "direction"), guid)


def _locked_open(guid: UUID) -> WaitingEntry:
    """The entry, locked and read afresh; behind everything else that a transaction locks."""
    return _open(WaitingEntry.objects.select_for_update(no_key=True), guid)


def _open(entries: WaitingQuerySet, guid: UUID) -> WaitingEntry:
    entry = entries.filter(guid=guid).first()
    if entry is None:
        raise WaitingNotFound
    if entry.state != State.OPEN:
        raise WaitingOver
    return entry


def _take_direction(seen: Direction) -> None:
    """Lock it before the slot, as everywhere: it may be cancelled or booked by somebody else at this moment."""
    direction = lock_direction(seen.pk)
    if direction.cancelled_at is not None:
        raise DirectionCancelled
    live = Appointment.objects.with_all_shown().holding_direction(direction).first()
    if live is not None:
        raise DirectionAlreadyBooked(live)


def _end(
    entry: WaitingEntry,
    *,
    state: str,
    by: Actor,
    now: dt.datetime,
    appointment: Appointment | None = None,
    close_reason: str = "",
) -> None:
    entry.state, entry.appointment, entry.close_reason = state, appointment, close_reason
    entry.closed_at, entry.closed_by = now, by.label
    entry.save(update_fields=["state", "appointment", "close_reason", "closed_at", "closed_by"])
    logger.info("waiting entry %s is %s, by %s", entry.guid, state, by)
