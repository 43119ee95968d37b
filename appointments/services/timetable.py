"""What a doctor's schedule should be: templates and exceptions as a list of places. Touches no database."""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

from appointments.models import ScheduleException, ScheduleTemplate

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a place offers beside its time."""

    capacity: int
    channels: tuple[str, ...]
    busy_type_id: int | None
    room_id: int | None

    @classmethod
    def of(cls, source: ScheduleTemplate | ScheduleException) -> Offer:
        """That of a template or of extra hours."""
        return cls(source.capacity, tuple(source.channels), source.busy_type_id, source.room_id)

    @property
    def digest(self) -> str:
        """16 characters that tell one offer from another, never blank."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of the pattern; instants in UTC, half-open."""

    begin: dt.datetime
    end: dt.datetime
    offer: Offer


class Periods:
    """Half-open periods, overlapping or not, that can be asked about quickly."""

    def __init__(self, periods: Iterable[tuple[dt.datetime, dt.datetime]]) -> None:
        ordered = sorted(periods)
        self._begins = [begin for begin, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def overlap(self, begin: dt.datetime, end: dt.datetime) -> bool:
        """Whether one of them and begin..end have an instant in common."""
        earlier = bisect_left(self._begins, end)
        return earlier > 0 and self._reach[earlier - 1] > begin


def plan(
    *,
    tz: ZoneInfo,
    templates: Sequence[ScheduleTemplate],
    exceptions: Sequence[ScheduleException],
    first: dt.date,
    last: dt.date,
) -> list[Place]:
    """The places that begin on the days first..last (inclusive, in `tz`), by time and without overlaps.

    An absence removes whatever it touches. A holiday removes what the weekly pattern has, not the extra hours: they are
    how one works on a holiday. Where hours overlap, the pattern comes before extra hours, the earlier before the later.
    """
    of_kind = {kind: [e for e in exceptions if e.kind == kind] for kind in ScheduleException.Kind.values}
    away = Periods((e.begin, e.end) for e in of_kind["absence"])
    closed = Periods((e.begin, e.end) for e in of_kind["absence"] + of_kind["holiday"])
    days = [first + n * DAY for n in range((last - first).days + 1)]
    weekly = (place for day in days for t in templates if t.applies_on(day) for place in _cut_template(t, day, tz))
    regular = list(_disjoint(weekly, closed))
    taken = Periods((place.begin, place.end) for place in regular)
    window = midnight(first, tz), midnight(last + DAY, tz)
    extra = (place for e in of_kind["extra"] for place in _cut_extra(e, *window))
    added = _disjoint((place for place in extra if not taken.overlap(place.begin, place.end)), away)
    return sorted([*regular, *added], key=lambda place: place.begin)


def midnight(day: dt.date, tz: ZoneInfo) -> dt.datetime:
    """When that day begins there, in UTC."""
    return dt.datetime.combine(day, dt.time.min, tz).astimezone(dt.UTC)


def _cut_template(template: ScheduleTemplate, day: dt.date, tz: ZoneInfo) -> Iterator[Place]:
    """Slots of one day, from the times on the wall: none begins at a time that the clocks skip.

    A time that the clocks show twice means the first of the two. A slot always lasts what it should.
    """
    length = dt.timedelta(minutes=template.slot_minutes)
    wall, wall_end = dt.datetime.combine(day, template.begin), dt.datetime.combine(day, template.end)
    closing = wall_end.replace(tzinfo=tz).astimezone(dt.UTC)
    offer = Offer.of(template)
    while wall + length <= wall_end:
        begin = wall.replace(tzinfo=tz).astimezone(dt.UTC)
        skipped = begin.astimezone(tz).replace(tzinfo=None) != wall
        if not skipped and begin + length <= closing:
            yield Place(begin, begin + length, offer)
        wall += length


def _cut_extra(extra: ScheduleException, opens: dt.datetime, closes: dt.datetime) -> Iterator[Place]:
    """The slots of extra hours that begin in the window; instants, so the clocks do not matter."""
    length = dt.timedelta(minutes=extra.slot_minutes)
    offer = Offer.of(extra)
    begin, closing = extra.begin.astimezone(dt.UTC), extra.end.astimezone(dt.UTC)
    begin += max(0, -((begin - opens) // length)) * length
    while begin + length <= closing and begin < closes:
        yield Place(begin, begin + length, offer)
        begin += length


def _disjoint(places: Iterable[Place], without: Periods) -> Iterator[Place]:
    """Those that touch neither a period of `without` nor one that came before; by time."""
    reach = dt.datetime.min.replace(tzinfo=dt.UTC)
    for place in sorted(places, key=lambda place: (place.begin, place.end)):
        if place.begin >= reach and not without.overlap(place.begin, place.end):
            reach = place.end
            yield place
