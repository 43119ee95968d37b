"""Writing slots as the generator decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from django.db.models import F, Max

from appointments.models import Slot
from appointments.services.reconciling import Changes
from appointments.services.timetable import Offer, Place
from lmis.models import Doctor

GuidFor = Callable[[Doctor, dt.datetime, dt.datetime], UUID]


def write(doctor: Doctor, changes: Changes, now: dt.datetime, guid_for: GuidFor | None) -> None:
    """Withdraw first, so that what is brought back or made finds its time free; the rows to change are locked."""
    if changes.withdraw:
        gone = [slot.pk for slot in changes.withdraw]
        Slot.objects.filter(pk__in=gone).update(withdrawn=Slot.Withdrawn.GENERATOR)

    def sort(pair: tuple[Slot, Offer]) -> tuple[str, bool]:
        return pair[1].digest, pair[1].is_released(pair[0].begin, now)

    for (_digest, released), pairs in groupby(sorted(changes.update, key=sort), key=sort):
        same = list(pairs)
        offer = same[0][1]
        rows = Slot.objects.filter(pk__in=[slot.pk for slot, _ in same])
        rows.update(withdrawn=Slot.Withdrawn.NO, **_columns(offer, released=released, begin=F("begin")))
    _create(doctor, changes.create, now, guid_for)


def next_ordinals(doctor: Doctor, days: Iterable[dt.date]) -> dict[dt.date, int]:
    """The number with which a new slot of that day may go on, for days that have slots; 1 for the others.

    One statement. Two who lay slots at once get the same one, and `slot_ordinal_once_a_day` stops the second.
    """
    known = Slot.objects.filter(doctor=doctor, day__in=set(days)).order_by().values_list("day")
    return dict(known.annotate(free=Max(F("ordinal") + F("numbers"))))


def _create(doctor: Doctor, places: list[Place], now: dt.datetime, guid_for: GuidFor | None) -> None:
    """New slots by time; their numbers go on where the day's numbers end, and are never given twice."""
    days = [place.begin.astimezone(doctor.lpu.tz).date() for place in places]
    free = next_ordinals(doctor, days) if places else {}
    rows = []
    for day, place in zip(days, places, strict=True):
        offer = place.offer
        ordinal = free.get(day, 1)
        numbers = offer.capacity if offer.is_queue else 1
        free[day] = ordinal + numbers
        rows.append(
            Slot(
                guid=guid_for(doctor, place.begin, place.end) if guid_for else uuid4(),
                doctor=doctor,
                begin=place.begin,
                end=place.end,
                day=day,
                ordinal=ordinal,
                is_queue=offer.is_queue,
                numbers=numbers,
                **_columns(offer, released=offer.is_released(place.begin, now), begin=place.begin),
            )
        )
    Slot.objects.bulk_create(rows, batch_size=500)


def _columns(offer: Offer, *, released: bool, begin: dt.datetime | F) -> dict[str, Any]:
    """What a slot has of its offer; one whose release is due already is open to everybody it shall be open to."""
    later = offer.release_hours is not None and not released
    return {
        "capacity": offer.capacity,
        "channels": [*offer.channels, *(offer.release_channels if released else ())],
        "release_at": begin - dt.timedelta(hours=offer.release_hours or 0) if later else None,
        "release_channels": list(offer.release_channels) if later else [],
        "busy_type_id": offer.busy_type_id,
        "room_id": offer.room_id,
        "pattern": offer.digest,
    }
