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
    left: int = 0  # booked, though the pattern no longer has them

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
    barred: list[Period] = []
    away: dict[Period, Slot | None] = {}  # None: not ours to bring back this time
    for slot in slots:
        period = slot.begin, slot.end
        ours = after < slot.begin < before and bool(slot.pattern)
        free = ours and not slot.booked and (may_touch is None or slot.pk in may_touch)
        if slot.withdrawn == Slot.Withdrawn.GENERATOR:
            away[period] = slot if free else None
        elif slot.withdrawn:
            barred.append(period)
        elif free and period not in wanted:
            changes.withdraw.append(slot)
        else:
            kept.add(period)
            changes.left += ours and period not in wanted
            if free and slot.pattern != wanted[period].digest:
                changes.update.append((slot, wanted[period]))
    in_the_way = Periods([*kept, *barred])
    for period, offer in wanted.items():
        if period[0] >= create_before or in_the_way.overlap(*period):
            continue
        if period not in away:
            changes.create.append(Place(*period, offer))
        elif (sleeper := away[period]) is not None:
            changes.update.append((sleeper, offer))
    return changes
