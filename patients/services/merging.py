"""Merging a duplicate into the card that stays. The apps above say what they move along (`take_along`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction

from lmis.actors import Actor
from lmis.services import journal
from patients.exceptions import CannotMerge
from patients.info import PatientInfo
from patients.locks import identity_keys, lock_identities
from patients.matching import blanks_to_fill
from patients.models import Patient
from patients.services import cards, likely_pairs, phones
from patients.services.phones import Phone


class Move(Protocol):
    """Gives what a card holds to another one; how many things moved. Raises CannotMerge, and then nothing has moved.

    Both rows are locked FOR UPDATE: nothing new comes to either meanwhile. What it locks it takes by ascending id.
    """

    def __call__(self, *, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class TakenAlong:
    """Something that goes with a card: its name for people, what of it there is, and how it moves.

    `shown` gives a line and an id for each; `model` (`app.name`) is whose ids these are.
    """

    title: Any
    model: str
    shown: Callable[[Patient], list[tuple[str, int]]]
    move: Move


_taken: list[TakenAlong] = []


def take_along(title: Any, *, model: str, shown: Callable[[Patient], list[tuple[str, int]]], move: Move) -> None:
    """Called once, when the app that keeps such things is ready."""
    _taken.append(TakenAlong(title, model, shown, move))


def taken_along() -> list[TakenAlong]:
    """Everything that was registered."""
    return list(_taken)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do: blanks of the survivor that are filled (column → value), and what moves, by title."""

    filled: dict[str, Any]
    phones: list[str]
    moves: list[tuple[Any, list[str]]]


def preview(*, duplicate: Patient, into: Patient) -> Preview:
    """What `merge` would do now; reads only. Raises CannotMerge as `merge` does, but for what the moves refuse."""
    _check(duplicate, into)
    moves = [(taken.title, lines) for taken in _taken if (lines := [line for line, _pk in taken.shown(duplicate)])]
    return Preview(_blanks(into, duplicate), [phone.number for phone in _phones(duplicate, into)], moves)


def merge(*, duplicate: Patient, into: Patient, by: Actor, now: dt.datetime) -> Patient:
    """Make `into` stand for both: it gets what it does not know and what the duplicate held; the MIP is told.

    The duplicate stays as a merged card: its numbers still lead here. Out: the survivor, read afresh. Raises
    CannotMerge (two LPUs, a card not in use, two appointments in one slot); then nothing has changed.
    """
    with transaction.atomic():
        duplicate, into = _locked(duplicate, into)
        _check(duplicate, into)
        for taken in _taken:
            taken.move(duplicate=duplicate, into=into, by=by, now=now)
        wanted = _phones(duplicate, into)
        news, gone = _blanks(into, duplicate), {"state": Patient.State.MERGED, "merged_into_id": into.pk}
        journal.note_changed(duplicate, gone, by=by)
        Patient.objects.filter(pk=duplicate.pk).update(**gone, changed_by=by.label)
        if news:
            journal.note_changed(into, news, by=by)
            Patient.objects.filter(pk=into.pk).update(**news, changed_by=by.label)
            into.refresh_from_db()
        phones.replace(card=into, wanted=wanted, by=by)
        likely_pairs.settle_merged(duplicate=duplicate, into=into, by=by, now=now)
    return into


def _locked(duplicate: Patient, into: Patient) -> tuple[Patient, Patient]:
    """Both cards, their identities locked as a booking by direction does, then their rows, read afresh."""
    pks = [duplicate.pk, into.pk]
    seen = Patient.objects.filter(pk__in=pks).select_related("lpu")
    lock_identities(key for card in seen for key in identity_keys(lpu_guid=card.lpu.guid, info=info_of(card)))
    # Somebody may be booking for one of them: a row lock that a foreign key's look does not pass, and the trigger
    # `follows_survivor` on what he writes. He goes first and it moves with the card, or he waits and is sent on.
    rows = Patient.objects.filter(pk__in=pks).select_related("lpu").order_by("pk").select_for_update(of=("self",))
    found = {card.pk: card for card in rows}
    if len(found) < 2:
        raise CannotMerge.same()
    return found[duplicate.pk], found[into.pk]


def _check(duplicate: Patient, into: Patient) -> None:
    if duplicate.pk == into.pk:
        raise CannotMerge.same()
    if duplicate.lpu_id != into.lpu_id:
        raise CannotMerge.other_lpu()
    for card in (duplicate, into):
        if card.state != Patient.State.ACTIVE:
            raise CannotMerge.not_in_use(card)


def info_of(card: Patient) -> PatientInfo:
    """What a card says, as it would be told to us."""
    return PatientInfo.of_columns({name: getattr(card, name) for name in PatientInfo().columns()})


def _blanks(into: Patient, duplicate: Patient) -> dict[str, Any]:
    """What `into` does not know and the duplicate does. What belongs together is not mixed of two."""
    news = blanks_to_fill(into, info_of(duplicate))
    for unit in cards.OWN_UNITS:
        if not any(getattr(into, name) for name in unit):
            news |= {name: value for name in unit if (value := getattr(duplicate, name))}
    if into.polis_number or news.get("polis_number"):
        news.pop("no_polis_reason", None)
    return news


def _phones(duplicate: Patient, into: Patient) -> list[Phone]:
    """The further phones of the survivor as they will be."""
    theirs = [Phone(duplicate.phone)] if duplicate.phone and into.phone else []
    further = [Phone(row.number, row.kind, row.note) for card in (duplicate, into) for row in card.phones.all()]
    return theirs + further
