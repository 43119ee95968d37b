"""What a doctor's schedule should be: templates and exceptions as a list of places. Touches no database."""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, cycle, repeat
from zoneinfo import ZoneInfo

from appointments.models import ScheduleException, ScheduleTemplate
from lmis.models import Source
from lmis.services.calendar import PLAIN, WorkingDays

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a place offers beside its time."""

    capacity: int
    channels: tuple[str, ...]
    busy_type_id: int | None
    room_id: int | None
    is_queue: bool = field(default=False, repr=False)
    release_hours: int | None = field(default=None, repr=False)
    release_channels: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, source: ScheduleTemplate | ScheduleException, *, repeat: bool = False) -> Offer:
        """That of a template (of its repeat visits) or of extra hours."""
        busy_type_id = source.busy_type_id
        channels = tuple(map(str, source.channels))  # one not saved may have enum members, which print otherwise
        if isinstance(source, ScheduleException):
            return cls(source.capacity, channels, busy_type_id, source.room_id)
        if repeat and source.repeat_busy_type_id:
            busy_type_id = source.repeat_busy_type_id
        later = tuple(str(channel) for channel in source.release_channels if channel not in source.channels)
        return cls(
            source.capacity,
            channels,
            busy_type_id,
            source.room_id,
            source.is_queue,
            source.release_hours if later else None,
            later,
        )

    @property
    def digest(self) -> str:
        """16 characters that tell one offer from another, never blank; in which order channels stand tells nothing.

        What is not used is left out, and channels stand as the templates' screen writes them, so that slots of before
        keep theirs: a new one would stamp them all as changed.
        """
        plain = replace(self, channels=_in_order(self.channels))
        more = self.is_queue, self.release_hours, _in_order(self.release_channels)
        text = repr(plain) if more == (False, None, ()) else f"{plain!r} {more!r}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def is_released(self, begin: dt.datetime, now: dt.datetime) -> bool:
        """Whether a place that begins then is open to the later channels already."""
        return self.release_hours is not None and begin - dt.timedelta(hours=self.release_hours) <= now


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
    calendar: WorkingDays = PLAIN,
    department_id: int | None = None,
) -> list[Place]:
    """The places that begin on the days first..last (inclusive, in `tz`), by time and without overlaps.

    An absence removes whatever it touches. A holiday, of the calendar (unless the doctor's department works on it) or
    of the LPU, removes what the weekly pattern has, not the extra hours: they are how one works on a holiday. A moved
    working day has the hours of the day that it came from.
    Where hours overlap, the pattern comes before extra hours, the earlier before the later.
    """
    of_kind = {kind: [e for e in exceptions if e.kind == kind] for kind in ScheduleException.Kind.values}
    away = Periods((e.begin, e.end) for e in of_kind["absence"])
    closed = Periods((e.begin, e.end) for e in of_kind["absence"] + of_kind["holiday"])
    days = (first + n * DAY for n in range((last - first).days + 1))
    open_days = [(day, calendar.weekday_of(day)) for day in days if not calendar.is_closed(day, department_id)]
    weekly = (
        place
        for day, weekday in open_days
        for template in templates
        if template.applies_on(day, weekday)
        for place in cut(template, day, tz)
    )
    regular = list(_disjoint(weekly, closed))
    taken = Periods((place.begin, place.end) for place in regular)
    window = midnight(first, tz), midnight(last + DAY, tz)
    extra = (place for e in of_kind["extra"] for place in _cut_extra(e, *window))
    added = _disjoint((place for place in extra if not taken.overlap(place.begin, place.end)), away)
    return sorted([*regular, *added], key=lambda place: place.begin)


def midnight(day: dt.date, tz: ZoneInfo) -> dt.datetime:
    """When that day begins there, in UTC."""
    return dt.datetime.combine(day, dt.time.min, tz).astimezone(dt.UTC)


def cut(template: ScheduleTemplate, day: dt.date, tz: ZoneInfo) -> Iterator[Place]:
    """Slots of one day, from the times on the wall: none begins at a time that the clocks skip.

    A time that the clocks show twice means the first of the two. A slot always lasts what it should; a live queue lasts
    from the beginning to the end.
    """
    if template.is_queue:
        begin, end = (_instant(day, time, tz) for time in (template.begin, template.end))
        if begin < end:
            yield Place(begin, end, Offer.of(template))
        return
    for begins, ends in template.stretches():
        yield from _cut_stretch(template, dt.datetime.combine(day, begins), dt.datetime.combine(day, ends), tz)


def _cut_stretch(template: ScheduleTemplate, wall: dt.datetime, wall_end: dt.datetime, tz: ZoneInfo) -> Iterator[Place]:
    closing = wall_end.replace(tzinfo=tz).astimezone(dt.UTC)
    for length, offer in _visits(template):
        if wall + length > wall_end:
            return
        begin = wall.replace(tzinfo=tz).astimezone(dt.UTC)
        skipped = begin.astimezone(tz).replace(tzinfo=None) != wall
        if not skipped and begin + length <= closing:
            yield Place(begin, begin + length, offer)
        wall += length


def _visits(template: ScheduleTemplate) -> Iterator[tuple[dt.timedelta, Offer]]:
    """Lengths and offers without end: so many first visits, a repeat one, and again."""
    visit = dt.timedelta(minutes=template.slot_minutes), Offer.of(template)
    if template.repeat_minutes is None:
        return repeat(visit)
    again = dt.timedelta(minutes=template.repeat_minutes), Offer.of(template, repeat=True)
    return cycle([*[visit] * template.repeat_after, again])


def _instant(day: dt.date, time: dt.time, tz: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, time, tz).astimezone(dt.UTC)


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


def _in_order(channels: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of the dictionary."""
    known = set(channels)
    return tuple(str(each) for each in Source.values if each in known)
