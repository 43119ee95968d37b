"""Taking in a direction that the region sends with a booking (contract A.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

from directions.exceptions import (
    DirectionCancelled,
    DirectionExpired,
    DirectionMismatch,
    SpecialityMismatch,
)
from directions.info import DirectionInfo, SenderInfo
from directions.models import Direction
from lmis.models import CodeMapping, Lpu, Speciality
from lmis.services import nsi_mapping
from patients.models import Patient
from patients.services.cards import same_person

# A code means something only with its dictionary: with another code the old one's dictionary goes, known or not.
_CODED = ("speciality", "diagnosis", "sender_position", "sender_speciality")
# Columns that describe one thing: when the first names another thing, the rest of the old one goes with it.
_UNITS = (
    *((f"{coded}_code", f"{coded}_name") for coded in _CODED),
    (
        "sender_guid",
        "sender_family",
        "sender_name",
        "sender_patronymic",
        *(f"sender_{what}_{part}" for what in ("position", "speciality") for part in ("code", "name")),
    ),
    ("sender_family", "sender_name", "sender_patronymic"),
)


def take(
    *,
    info: DirectionInfo,
    sender: SenderInfo,
    patient: Patient,
    lpu_to: Lpu,
    lpu_from: Lpu,
    by: str,
    now: dt.datetime,
) -> Direction:
    """The direction that was sent, found or created, and brought up to date unless we issued it ourselves.

    In: `patient` is the card at `lpu_to`; the caller's transaction holds the advisory locks of
    `directions.locks.direction_keys`; `by` is the actor's label. Out: the direction, its row locked, with LPUs,
    patient and `is_held` loaded. Statements: known and unchanged 1, changed or taken over 2, new 2.
    Raises DirectionMismatch, DirectionCancelled and, when the setting asks for it, DirectionExpired.
    """
    known = _recognise(info=info, patient=patient, lpu_from=lpu_from)
    if known is None:
        return _create(info=info, sender=sender, patient=patient, lpu_to=lpu_to, lpu_from=lpu_from, by=by, now=now)
    if known.lpu_from_id != lpu_from.pk or not same_person(known.patient, patient):
        raise DirectionMismatch
    # Ours says itself where it leads: booked elsewhere it would be used up there.
    if known.origin == Direction.Origin.ISSUED and known.lpu_to_id != lpu_to.pk:
        raise DirectionMismatch
    _check_valid(known, now)
    if known.origin != Direction.Origin.ISSUED:
        _write(known, _identity(known, info) | _news(known, info.columns() | sender.columns()))
    return known


def check_speciality(*, direction: Direction, speciality: Speciality) -> None:
    """Refuse a doctor of another speciality than the direction's, when the setting asks for it and we know so.

    Codes of two dictionaries are not compared: a region's own code means what the table of its codes says
    (`lmis.CodeMapping`), and nothing where that is silent. Raises SpecialityMismatch.
    """
    if not settings.CHECK_DIRECTION_SPECIALITY:
        return
    told = nsi_mapping.Told(direction.speciality_oid, direction.speciality_code)
    ours = nsi_mapping.Told(speciality.oid, speciality.code)
    if nsi_mapping.differ(kind=CodeMapping.Kind.SPECIALITY, told=told, ours=ours):
        raise SpecialityMismatch


def _recognise(*, info: DirectionInfo, patient: Patient, lpu_from: Lpu) -> Direction | None:
    """By guid, else the same paper at our desk: a live one before a cancelled one, an older one before a newer."""
    # Staff may cancel it between our reading and our booking:
    # its row is locked while it is read, and cancelling locks it too.
    rows = Direction.objects.with_all_shown().with_hold().select_for_update(of=("self",), no_key=True)
    found = [
        row
        for row in rows.to_recognise(guid=info.guid, lpu_from=lpu_from, number=info.number).order_by("pk")
        if row.guid == info.guid or same_person(row.patient, patient)
    ]
    return min(found, key=lambda row: (row.guid != info.guid, row.cancelled_at is not None), default=None)


def _check_valid(known: Direction, now: dt.datetime) -> None:
    if known.cancelled_at is not None:
        raise DirectionCancelled
    today = now.astimezone(known.lpu_from.tz).date()
    if settings.CHECK_DIRECTION_EXPIRY and known.valid_until is not None and known.valid_until < today:
        raise DirectionExpired


def _create(
    *,
    info: DirectionInfo,
    sender: SenderInfo,
    patient: Patient,
    lpu_to: Lpu,
    lpu_from: Lpu,
    by: str,
    now: dt.datetime,
) -> Direction:
    direction = Direction(
        guid=info.guid,
        origin=Direction.Origin.RECEIVED,
        lpu_from=lpu_from,
        lpu_to=lpu_to,
        patient=patient,
        date_direction=info.date_direction,
        created_by=by,
        created_at=now,
        **info.columns(),
        **sender.columns(),
    )
    # Without signals: the staff's journal would cost a booking another statement, and has nothing to add here.
    Direction.objects.bulk_create([direction])
    return direction


def _identity(known: Direction, info: DirectionInfo) -> dict[str, Any]:
    """What changes when the region names its guid of a paper from our desk; once, then it is like any other."""
    if known.guid == info.guid:
        return {}
    return {"guid": info.guid, "origin": Direction.Origin.RECEIVED}


def _news(known: Direction, sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, is not blank, and differs from what we know."""
    news = {name: value for name, value in sent.items() if value and value != getattr(known, name)}
    for leader, *followers in _UNITS:
        if leader in news and getattr(known, leader):
            news |= {name: sent[name] for name in followers if sent[name] != getattr(known, name)}
    for coded in _CODED:
        if f"{coded}_code" in news or f"{coded}_name" in news:
            news |= {name: "" for name in (f"{coded}_oid", f"{coded}_version") if getattr(known, name)}
    return news


def _write(known: Direction, changes: dict[str, Any]) -> None:
    """One UPDATE of the changed columns, without signals for the reason above."""
    if not changes:
        return
    Direction.objects.filter(pk=known.pk).update(**changes)
    for name, value in changes.items():
        setattr(known, name, value)
