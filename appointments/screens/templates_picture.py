"""A week of the preview as a picture: where each place lies, in the units of an SVG."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.services.pattern_preview import Cell, Fate, Preview, Rival
from lmis.services.calendar import Departure

DAY = dt.timedelta(days=1)
AXIS, COLUMN, HEAD, SCALE = 46, 176, 34, 1.4  # units; SCALE of them are a minute
READABLE = 9  # minutes of a place that has room for its time
SIGNS = {
    Fate.CREATED: ("+", gettext_lazy("will be made")),
    Fate.CHANGED: ("~", gettext_lazy("will be changed")),
    Fate.SAME: ("=", gettext_lazy("stays as it is")),
    Fate.BOOKED: ("●", gettext_lazy("stays: patients are booked")),
    Fate.LEFT: ("◆", gettext_lazy("not in the table, but stays: patients are booked")),
    Fate.OTHER: ("◇", gettext_lazy("stays: laid by hand")),
    Fate.WITHDRAWN: ("−", gettext_lazy("will be withdrawn")),
    Fate.BARRED: ("!", gettext_lazy("cannot be made: the doctor has another place at this time")),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the picture."""

    x: float
    y: float
    width: float
    height: float
    fate: Fate
    text: str
    tip: str

    @property
    def baseline(self) -> float:
        """Where its text stands."""
        return self.y + min(self.height / 2 + 4, 13)


@dataclass(frozen=True, slots=True)
class Column:
    """A day."""

    x: float
    day: dt.date
    title: str
    note: str
    is_closed: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The week; `lines` are hours."""

    columns: list[Column]
    boxes: list[Box]
    lines: list[tuple[float, str]]
    width: float
    height: float
    head: float = HEAD
    axis: float = AXIS


def picture_of(preview: Preview, monday: dt.date, tz: ZoneInfo, department_id: int | None) -> Picture:
    """The seven days from `monday` on."""
    days = [monday + n * DAY for n in range(7)]
    cells = [cell for cell in preview.cells if cell.begin.astimezone(tz).date() in days]
    top, bottom = _hours(cells, tz)
    height = HEAD + (bottom - top) * 60 * SCALE + 6
    boxes = [
        box
        for number, day in enumerate(days)
        for box in _boxes([c for c in cells if c.begin.astimezone(tz).date() == day], number, top, tz)
    ]
    columns = [_column(preview, day, number, department_id) for number, day in enumerate(days)]
    lines = [(HEAD + (hour - top) * 60 * SCALE, f"{hour:02d}:00") for hour in range(top, bottom + 1)]
    return Picture(columns, boxes, lines, AXIS + 7 * COLUMN, height)


def summary_of(preview: Preview) -> list[dict[str, Any]]:
    """Sign, meaning and number of each fate that occurs, in the order of the legend."""
    return [
        {"fate": fate, "sign": sign, "text": text, "count": count}
        for fate, (sign, text) in SIGNS.items()
        if (count := preview.count(fate))
    ]


def as_list(preview: Preview, tz: ZoneInfo) -> list[dict[str, Any]]:
    """The same in words: for each day the stretches of places that share a fate."""
    lines = []
    for day, cells in groupby(preview.cells, key=lambda cell: cell.begin.astimezone(tz).date()):
        for fate, run in groupby(cells, key=lambda cell: cell.fate):
            same = list(run)
            lines.append({"day": day, "hours": _period(same, tz), "text": SIGNS[fate][1], "count": len(same)})
    return lines


def rivals_of(preview: Preview, tz: ZoneInfo) -> list[str]:
    """Conflicts in words, those of one doctor, day and room together."""

    def key(rival: Rival) -> tuple[dt.date, str, str]:
        return rival.begin.astimezone(tz).date(), rival.doctor, rival.room

    told = []
    for (day, doctor, room), run in groupby(sorted(preview.rivals, key=key), key=key):
        same = list(run)
        words = {"day": date_format(day, "D j E"), "hours": _period(same, tz), "doctor": doctor, "room": room}
        told.append(
            _("%(day)s, %(hours)s: room %(room)s is taken by %(doctor)s") % words
            if room
            else _("%(day)s, %(hours)s: %(doctor)s works in another position") % words
        )
    return told


def _period(same: Iterable[Cell | Rival], tz: ZoneInfo) -> str:
    all_of_them = list(same)
    begin, end = min(each.begin for each in all_of_them), max(each.end for each in all_of_them)
    return f"{begin.astimezone(tz):%H:%M}–{end.astimezone(tz):%H:%M}"


def _hours(cells: list[Cell], tz: ZoneInfo) -> tuple[int, int]:
    """The first and the last full hour to show."""
    if not cells:
        return 8, 20
    begins = min(cell.begin.astimezone(tz).hour for cell in cells)
    ends = max(_minute(cell.end, cell.begin, tz) for cell in cells)
    return begins, -(-ends // 60)


def _minute(moment: dt.datetime, of_day: dt.datetime, tz: ZoneInfo) -> int:
    """Minutes on the wall since midnight of the day of `of_day`."""
    local, day = moment.astimezone(tz), of_day.astimezone(tz).date()
    return local.hour * 60 + local.minute + (local.date() - day).days * 24 * 60


def _lanes(cells: list[Cell]) -> dict[Fate, tuple[float, float]]:
    """Begin and width for each fate: what leaves on the left, what there will be on the right."""
    leaving = [fate for fate in (Fate.WITHDRAWN, Fate.BARRED) if any(cell.fate == fate for cell in cells)]
    width = COLUMN * (0.42, 0.42, 0.29)[len(leaving)]
    lanes = {fate: (number * width, width) for number, fate in enumerate(leaving)}
    taken = len(leaving) * width
    return {fate: lanes.get(fate, (taken, COLUMN - taken)) for fate in Fate}


def _boxes(cells: list[Cell], number: int, top: int, tz: ZoneInfo) -> Iterable[Box]:
    lanes = _lanes(cells)
    for cell in cells:
        begin, end = (_minute(moment, cell.begin, tz) for moment in (cell.begin, cell.end))
        sign, meaning = SIGNS[cell.fate]
        time = f"{cell.begin.astimezone(tz):%H:%M}"
        places = f" ×{cell.capacity}" if cell.capacity > 1 else ""
        text = f"{sign} {time}{places}" if end - begin >= READABLE else ""
        left, width = lanes[cell.fate]
        yield Box(
            x=round(AXIS + number * COLUMN + left + 2, 1),
            y=round(HEAD + (begin - top * 60) * SCALE + 0.5, 1),
            width=round(width - 3, 1),
            height=round((end - begin) * SCALE - 1, 1),
            fate=cell.fate,
            text=text,
            tip=f"{time}–{cell.end.astimezone(tz):%H:%M}{places}: {meaning}",
        )


def _column(preview: Preview, day: dt.date, number: int, department_id: int | None) -> Column:
    found: Departure | None = preview.calendar.on(day)
    note = found.name if found else ""
    if found and found.is_preliminary:
        note = _("%(name)s (preliminary)") % {"name": note}
    return Column(
        x=AXIS + number * COLUMN,
        day=day,
        title=date_format(day, "D j E"),
        note=note,
        is_closed=preview.calendar.is_closed(day, department_id),
        is_past=not preview.first <= day <= preview.last,
    )
