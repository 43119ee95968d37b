"""Directions of other LPUs that patients bring on paper, entered at our desk."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from directions.exceptions import PaperOfTheFuture, ReferringLpuUnknown
from directions.info import UNKNOWN, UNKNOWN_SENDER, SenderInfo, what
from directions.locks import paper_keys
from directions.models import Direction
from directions.services.cards import lock_card
from directions.services.diagnoses import checked
from lmis.actors import Actor
from lmis.models import Lpu, Speciality
from lmis.services import directory
from patients.info import Coded
from patients.locks import lock_identities
from patients.models import Patient
from patients.services.cards import same_person


def enter(
    *,
    patient: Patient,
    lpu_from: UUID | str,
    by: Actor,
    now: dt.datetime,
    number: str = "",
    date_direction: dt.date | None = None,
    speciality: Speciality | None = None,
    diagnosis: Coded = UNKNOWN,
    reason: str = "",
    valid_until: dt.date | None = None,
    sender: SenderInfo = UNKNOWN_SENDER,
) -> Direction:
    """The direction of this paper, to the LPU of the card; it has a guid of ours until the region names its own.

    In: `lpu_from` is the guid of an LPU of the directory, or the name of one that is not in it and is then added as
    unconfirmed; `date_direction` is the day on the paper, in the time zone of the card's LPU, or an aware instant.
    Out: a live direction of the same LPU, number and person that we know already (whoever told us) is given instead of
    a second one; if it is of the desk, what was blank there is filled in. Without a number nothing can be compared.
    May be part of the caller's transaction, with a booking behind it. Raises ReferringLpuUnknown, CardNotUsable,
    PaperOfTheFuture, DiagnosisMalformed.
    """
    day = _instant(date_direction, patient.lpu, now)
    columns: dict[str, Any] = {
        "reason": reason.strip(),
        "date_direction": day,
        "valid_until": valid_until,
        **what(speciality, checked(diagnosis)),
        **sender.columns(),
    }
    number = number.strip()
    with transaction.atomic():
        lpu = _referring(lpu_from, by)
        # The region may send the same direction at this moment, or another desk enter it, and both would be new:
        # the same advisory lock as in a booking by direction, before looking.
        lock_identities(paper_keys(lpu.guid, number))
        known = _known(lpu, number, patient)
        patient = lock_card(patient, patient.lpu)
        if known is not None:
            return _filled(known, columns)
        return _new(patient=patient, lpu_from=lpu, number=number, columns=columns, by=by, now=now)


def _instant(day: dt.date | None, lpu: Lpu, now: dt.datetime) -> dt.datetime | None:
    """The paper's day as an instant: its beginning at this LPU."""
    if day is not None and not isinstance(day, dt.datetime):
        day = dt.datetime.combine(day, dt.time(), tzinfo=lpu.tz)
    if day is not None and day > now:
        raise PaperOfTheFuture
    return day


def _referring(lpu_from: UUID | str, by: Actor) -> Lpu:
    if isinstance(lpu_from, UUID):
        known = Lpu.objects.filter(guid=lpu_from).first()
    else:
        known = directory.find_or_add_named(name=lpu_from, by=by.label) if lpu_from.strip() else None
    if known is None:
        raise ReferringLpuUnknown
    return known


def _known(lpu_from: Lpu, number: str, patient: Patient) -> Direction | None:
    """A live one; the oldest, if the region has sent more of them."""
    if not number:
        return None
    # Somebody may be cancelling it just now, and a booking would go by a dead direction:
    # its row is locked while it is read, and cancelling locks it too.
    rows = Direction.objects.with_all_shown().select_for_update(of=("self",), no_key=True)
    papers = rows.filter(lpu_from=lpu_from, number=number, cancelled_at=None).order_by("pk")
    return next((paper for paper in papers if same_person(paper.patient, patient)), None)


def _filled(known: Direction, columns: dict[str, Any]) -> Direction:
    """What the desk had left blank; a speciality or a diagnosis is filled as a whole or not at all."""
    if known.origin != Direction.Origin.DESK:
        return known
    groups = ("speciality_", "diagnosis_", "sender_", "reason", "date_direction", "valid_until")
    changed = []
    for group in groups:
        names = [name for name in columns if name.startswith(group)]
        if not any(getattr(known, name) for name in names):
            changed += [name for name in names if columns[name]]
    for name in changed:
        setattr(known, name, columns[name])
    if changed:
        known.save(update_fields=changed)
    return known


def _new(
    *, patient: Patient, lpu_from: Lpu, number: str, columns: dict[str, Any], by: Actor, now: dt.datetime
) -> Direction:
    direction = Direction(
        origin=Direction.Origin.DESK,
        number=number,
        lpu_from=lpu_from,
        lpu_to=patient.lpu,
        patient=patient,
        created_by=by.label,
        created_at=now,
        **columns,
    )
    direction.save(force_insert=True)
    return direction
