"""A place of the schedule as a cell: what it says, and by which colour and sign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from appointments.models import Slot
from lmis.models import Source

# One letter each, so that a row of twenty pixels has room for all of them.
MARKS = {
    Source.REGISTRY: pgettext_lazy("channel mark", "R"),
    Source.CALL_CENTER: pgettext_lazy("channel mark", "C"),
    Source.INTERNET: pgettext_lazy("channel mark", "I"),
    Source.INFOMAT: pgettext_lazy("channel mark", "K"),
    Source.DOCTOR: pgettext_lazy("channel mark", "D"),
    Source.DOCTOR_OTHER_LPU: pgettext_lazy("channel mark", "O"),
}
WORDS = {
    "free": gettext_lazy("free"),
    "other": gettext_lazy("free, through another channel"),
    "full": gettext_lazy("taken"),
    "here": gettext_lazy("came, is waiting"),
    "visited": gettext_lazy("seen"),
    "missed": gettext_lazy("did not come"),
    "blocked": gettext_lazy("blocked"),
    "past": gettext_lazy("past"),
    "open": gettext_lazy("not marked"),
    "gone": gettext_lazy("no longer in the schedule"),
}
# What the legend explains, in its order; `other` and `gone` speak for themselves.
LEGEND = ("free", "full", "here", "visited", "missed", "blocked", "past", "open")
# These fade: their time has come, whatever was in them.
_PALE = "pale"


@dataclass(frozen=True, slots=True)
class Cell:
    """What the page needs to draw one place; times are minutes of the day on the wall of the LPU."""

    pk: int
    guid: str
    column: str
    sign: str
    classes: str
    begin: int
    minutes: int
    time: str
    text: str
    marks: str
    free: int
    over: int

    @property
    def end(self) -> int:
        """The minute of the day at which it ends."""
        return self.begin + self.minutes


class Holder(NamedTuple):
    """Who holds a place: the appointment's state and channel, whether the patient came and waits, the short name."""

    state: str
    source: str
    is_here: bool
    name: str


def _marks_now() -> dict[str, str]:
    return {str(source): str(mark) for source, mark in MARKS.items()}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: may the names be shown, through which channels can be booked, and the marks in the language of now."""

    names: bool
    channels: frozenset[str]
    marks: Mapping[str, str] = field(default_factory=_marks_now)


def cell_of(slot: Slot, held: Sequence[Holder], tz: ZoneInfo, now: dt.datetime, viewer: Viewer) -> Cell:
    """The cell of a slot with the appointments that hold its places, first seat first."""
    begin = slot.begin.astimezone(tz)
    minute = begin.hour * 60 + begin.minute
    minutes = min(max(int((slot.end - slot.begin).total_seconds()) // 60, 1), 24 * 60 - minute)
    sign = _sign(slot, held, now, viewer)
    free = slot.places_left if sign == "free" else 0
    return Cell(
        pk=slot.pk,
        guid=str(slot.guid),
        column=f"{slot.doctor_id}-{slot.day:%Y%m%d}",
        sign=sign,
        classes=_classes(slot, sign, minute, minutes, pale=slot.begin <= now),
        begin=minute,
        minutes=minutes,
        time=f"{begin:%H:%M}",
        text=_text(slot, held, viewer),
        marks=_marks(slot, held, viewer),
        free=free,
        over=slot.overbooked,
    )


def _sign(slot: Slot, held: Sequence[Holder], now: dt.datetime, viewer: Viewer) -> str:
    if slot.withdrawn and not slot.booked:
        return "gone"
    marks = {one.state for one in held}
    if marks == {"visited"} or marks == {"missed"}:
        return marks.pop()
    if any(one.is_here for one in held):
        return "here"
    if slot.begin <= now:
        return "open" if "booked" in marks else "visited" if marks else "past"
    if not slot.is_bookable_by_clinic:
        return "blocked"
    if slot.places_left <= 0:
        return "full"
    return "other" if viewer.channels.isdisjoint(slot.channels) else "free"


def _classes(slot: Slot, sign: str, minute: int, minutes: int, *, pale: bool) -> str:
    """Where and how long, as classes: the policy of the page allows no styles in the markup."""
    hour, rest = divmod(minute, 60)
    tens, units = divmod(minutes, 10)
    parts = [sign, f"h{hour} m{rest} t{tens} u{units}"]
    if pale and sign in ("past", "open", "visited", "missed"):
        parts.append(_PALE)
    if slot.withdrawn:
        parts.append("aside")
    return " ".join(parts)


def _text(slot: Slot, held: Sequence[Holder], viewer: Viewer) -> str:
    """Who is booked, how many of how many, why it is closed."""
    parts = []
    if slot.is_queue:
        parts.append(_("queue"))
    if slot.capacity + slot.overbooked > 1:
        parts.append(f"{slot.booked}/{slot.capacity}")
    if viewer.names and held:
        parts.append(", ".join(one.name for one in held))
    if slot.withdrawn and slot.booked:
        parts.append(_("withdrawn"))
    elif slot.is_blocked:
        parts.append(slot.block_reason)
    return " · ".join(part for part in parts if part)


def _marks(slot: Slot, held: Sequence[Holder], viewer: Viewer) -> str:
    """Through which channels it was booked, or, while nobody is, can be."""
    channels = {one.source for one in held} if held else slot.channels
    return "".join(mark for source, mark in viewer.marks.items() if source in channels)
