"""What the waiting screen shows: free places with whom to call first, and the list in numbers for heads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from appointments.models import Slot, WaitingEntry
from appointments.querysets_waiting import WaitingQuerySet, norm_passed

PLACES = 20  # shown at once
_LOOKED_AT = 500  # free places and entries; beyond it a clinic has other troubles


@dataclass(frozen=True, slots=True)
class Offered:
    """A free place and those it suits, first to be called first; nobody stands first twice."""

    slot: Slot
    entries: Sequence[WaitingEntry]

    @property
    def first(self) -> WaitingEntry:
        """Whom to call."""
        return self.entries[0]

    @property
    def others(self) -> int:
        """How many it suits besides."""
        return len(self.entries) - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One speciality of the summary: how many wait, since when the oldest does, how many beyond the norm."""

    speciality_id: int
    speciality: str
    count: int
    oldest: dt.datetime
    overdue: int


def offers(
    *, now: dt.datetime, channels: Collection[str], among: WaitingQuerySet | None = None, limit: int = PLACES
) -> list[Offered]:
    """The earliest free places that somebody waits for, by time; two statements.

    In: `channels` through which the caller books; `among` narrows whom it may be. A patient is named first for one
    place only: the earliest that suits.
    """
    base = WaitingEntry.objects.all() if among is None else among
    waiting = list(base.open().with_all_shown().first_to_call()[:_LOOKED_AT])
    if not waiting:
        return []
    found: list[Offered] = []
    named: set[int] = set()
    for slot in _free_for(waiting, now, channels):
        suitable = _suitable(slot, waiting, named)
        for _place in range(min(slot.places_left, len(suitable))):
            found.append(Offered(slot, suitable))
            named.add(suitable[0].pk)
            suitable = suitable[1:]
        if len(found) >= limit:
            break
    return found[:limit]


def summary(among: WaitingQuerySet, today: dt.date) -> list[Line]:
    """How long the list is and how old, by speciality; a doctor's entries count for his speciality. One statement."""
    rows = (
        among.open()
        .annotate(kind=Coalesce("speciality", "doctor__speciality"), label=_name())
        .values("kind", "label")
        .annotate(number=Count("pk"), oldest=Min("created_at"), late=Count("pk", filter=norm_passed(today)))
        .order_by("-late", "oldest")
    )
    return [Line(row["kind"], row["label"], row["number"], row["oldest"], row["late"]) for row in rows]


def specialities(among: WaitingQuerySet) -> list[int]:
    """For which specialities somebody waits, by id; one statement."""
    kinds = among.open().order_by().annotate(kind=Coalesce("speciality", "doctor__speciality"))
    return list(kinds.values_list("kind", flat=True).distinct())


def places_for(
    entry: WaitingEntry, *, now: dt.datetime, channels: Collection[str], limit: int = 8
) -> tuple[list[Slot], list[Slot]]:
    """The earliest free places that suit this patient, and the earliest others to talk about; one statement."""
    free = [slot for slot in _free_for([entry], now, channels) if slot.doctor.lpu_id == entry.patient.lpu_id]
    suits = [slot for slot in free if entry.suits(slot)]
    others = [slot for slot in free if not entry.suits(slot)]
    return suits[:limit], others[:limit]


def _name() -> Coalesce:
    return Coalesce("speciality__name", "doctor__speciality__name")


def _free_for(waiting: Sequence[WaitingEntry], now: dt.datetime, channels: Collection[str]) -> QuerySet[Slot]:
    """Free places with the doctors and specialities that these wait for, by time."""
    doctors = {entry.doctor_id for entry in waiting} - {None}
    specialities = {entry.speciality_id for entry in waiting} - {None}
    wanted = Q(doctor__in=doctors) | Q(doctor__speciality__in=specialities)
    free = Slot.objects.free(now).open_to(channels).filter(wanted)
    return free.select_related("doctor__lpu", "doctor__speciality").order_by("begin", "pk")[:_LOOKED_AT]


def _suitable(slot: Slot, waiting: Sequence[WaitingEntry], named: set[int]) -> list[WaitingEntry]:
    return [entry for entry in waiting if entry.pk not in named and entry.suits(slot)]
