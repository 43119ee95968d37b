"""Writing slots as the generator decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import groupby
from uuid import UUID, uuid4

from django.db.models import Max

from appointments.models import Slot
from appointments.services.reconciling import Changes
from appointments.services.timetable import Offer, Place
from lmis.models import Doctor

GuidFor = Callable[[Doctor, dt.datetime, dt.datetime], UUID]


def write(doctor: Doctor, changes: Changes, guid_for: GuidFor | None) -> None:
    """Withdraw first, so that what is brought back or made finds its time free; the rows to change are locked."""
    if changes.withdraw:
        gone = [slot.pk for slot in changes.withdraw]
        Slot.objects.filter(pk__in=gone).update(withdrawn=Slot.Withdrawn.GENERATOR)
    by_offer = sorted(changes.update, key=lambda pair: pair[1].digest)
    for offer, pairs in groupby(by_offer, key=lambda pair: pair[1]):
        same = Slot.objects.filter(pk__in=[slot.pk for slot, _ in pairs])
        same.update(withdrawn=Slot.Withdrawn.NO, **_columns(offer))
    _create(doctor, changes.create, guid_for)


def _create(doctor: Doctor, places: list[Place], guid_for: GuidFor | None) -> None:
    """New slots by time; their numbers go on where the day's numbers end, and are never given twice."""
    days = [place.begin.astimezone(doctor.lpu.tz).date() for place in places]
    known = Slot.objects.filter(doctor=doctor, day__in=set(days)).values_list("day").annotate(Max("ordinal"))
    highest = dict(known.order_by()) if places else {}
    rows = []
    for day, place in zip(days, places, strict=True):
        highest[day] = highest.get(day, 0) + 1
        rows.append(
            Slot(
                guid=guid_for(doctor, place.begin, place.end) if guid_for else uuid4(),
                doctor=doctor,
                begin=place.begin,
                end=place.end,
                day=day,
                ordinal=highest[day],
                **_columns(place.offer),
            )
        )
    Slot.objects.bulk_create(rows, batch_size=500)


def _columns(offer: Offer) -> dict[str, object]:
    return {
        "capacity": offer.capacity,
        "channels": list(offer.channels),
        "busy_type_id": offer.busy_type_id,
        "room_id": offer.room_id,
        "pattern": offer.digest,
    }
