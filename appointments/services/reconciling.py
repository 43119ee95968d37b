"""What must happen to a doctor's slots so that they follow the pattern. Touches no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from appointments.models import Slot
from appointments.services.timetable import Offer, Periods, Place

Period = tuple[dt.datetime, dt.datetime]


@dataclass(slots=True)
class Changes:
    """Places to make, by time; slots to give an offer (brought back if they were away); slots to withdraw."""

    create: list[Place] = field(default_factory=list)
    update: list[tuple[Slot, Offer]] = field(default_factory=list)
    withdraw: list[Slot] = field(default_factory=list)
    left: list[Slot] = field(default_factory=list)  # booked, though the pattern no longer has them
    same: list[Slot] = field(default_factory=list)  # the pattern has them as they are, or they are booked and stay so
    other: list[Slot] = field(default_factory=list)  # made by hand: not the pattern's business
    barred: list[Place] = field(default_factory=list)  # wanted, but something that stays is in the way

    @property
    def touched(self) -> list[int]:
        """Ids of the slots that would be written."""
        return [slot.pk for slot, _ in self.update] + [slot.pk for slot in self.withdraw]


def reconcile(
    *,
    slots: Sequence[Slot],
    plan: Iterable[Place],
    after: dt.datetime,
    before: dt.datetime,
    create_before: dt.datetime,
    may_touch: Collection[int] | None = None,
) -> Changes:
    """Compare the slots of a doctor with the plan for what begins between `after` and `before` (both exclusive).

    Only unbooked slots of the generator's own in between are ever changed; `may_touch` narrows that to those that the
    caller has locked. Whatever stays, and whatever a person withdrew, keeps its time: nothing new is laid over it.
    Nothing is made or brought back from `create_before` on.
    """
    changes = Changes()
    wanted = {(place.begin, place.end): place.offer for place in plan if after < place.begin < before}
    kept: set[Period] = set()
    in_the_way: list[Period] = []
    away: dict[Period, Slot | None] = {}  # None: not ours to bring back this time
    for slot in slots:
        period = slot.begin, slot.end
        ours = after < slot.begin < before and bool(slot.pattern)
        free = ours and not slot.booked and (may_touch is None or slot.pk in may_touch)
        fits = period in wanted and _fits(slot, wanted[period])
        if slot.withdrawn == Slot.Withdrawn.GENERATOR:
            if fits or period not in wanted:
                away[period] = away.get(period) or (slot if free else None)
        elif slot.withdrawn:
            in_the_way.append(period)
        elif free and not fits:
            changes.withdraw.append(slot)
        elif fits:
            kept.add(period)
            if free and slot.pattern != wanted[period].digest:
                changes.update.append((slot, wanted[period]))
            else:
                changes.same.append(slot)
        else:
            in_the_way.append(period)
            if after < slot.begin < before:
                (changes.left if ours else changes.other).append(slot)
    _lay(changes, wanted, kept, Periods([*kept, *in_the_way]), away, create_before)
    return changes


def _fits(slot: Slot, offer: Offer) -> bool:
    """Whether the slot can become what is offered: a live queue needs numbers of its own, which are given once."""
    return slot.is_queue == offer.is_queue and (not offer.is_queue or offer.capacity <= slot.numbers)


def _lay(
    changes: Changes,
    wanted: dict[Period, Offer],
    kept: set[Period],
    occupied: Periods,
    away: dict[Period, Slot | None],
    create_before: dt.datetime,
) -> None:
    """Bring back or make what is wanted and not there, where the time is not taken by what stays."""
    for period, offer in wanted.items():
        if period in kept or period[0] >= create_before:
            continue
        if occupied.overlap(*period):
            changes.barred.append(Place(*period, offer))
        elif period not in away:
            changes.create.append(Place(*period, offer))
        elif (sleeper := away[period]) is not None:
            changes.update.append((sleeper, offer))
