"""What the charts of the exchange show: cards taken and errors a minute, from counts by the minute, and marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from patients.models import ExchangeMark, UploadMinute

MINUTE = timedelta(minutes=1)
HOUR_POINTS, DAY_POINTS = 60, 96
QUARTER = 15 * MINUTE
MARKS = 40
WIDTH, HEIGHT = 600.0, 46.0


@dataclass(frozen=True, slots=True)
class Point:
    """A span of time: cards taken and errors a minute in it; `x`, `w`, heights and tops are those of the picture."""

    begin: datetime
    accepted: float
    errors: float
    x: float = 0
    w: float = 0
    accepted_h: float = 0
    errors_h: float = 0

    @property
    def accepted_y(self) -> float:
        """Top of the bar."""
        return round(HEIGHT - self.accepted_h, 1)

    @property
    def errors_y(self) -> float:
        """Top of the bar."""
        return round(HEIGHT - self.errors_h, 1)


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened then; `kind` and `sign` tell it without colour."""

    at: datetime
    x: float
    kind: str
    sign: str
    label: str
    by: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars from the left to the right, each series to its own scale, and the marks above them."""

    name: str
    points: list[Point]
    marks: list[Mark]
    most_accepted: float
    most_errors: float
    accepted: int
    errors: int

    @property
    def begin(self) -> datetime:
        """The left end."""
        return self.points[0].begin


_SIGNS = {
    "deploy": "▲",
    "settings": "◆",
    "pause": "‖",
    "resume": "▶",
    "gate_shut": "✕",
    "gate_open": "○",
    "backfill": "■",
    "again": "↻",
}


def read(*, now: datetime) -> tuple[Chart, Chart]:
    """The last hour by the minute and the last day by the quarter of an hour. Two statements.

    The last bar is of the minute that is not over yet.
    """
    last = now.replace(second=0, microsecond=0)
    first = last - DAY_POINTS * QUARTER
    rows = (
        UploadMinute.objects.filter(minute__gte=first, minute__lte=last)
        .order_by()
        .values_list("minute")
        .annotate(
            accepted=Sum("count", filter=Q(outcome="accepted")), errors=Sum("count", filter=~Q(outcome="accepted"))
        )
    )
    by_minute = {minute: (accepted or 0, errors or 0) for minute, accepted, errors in rows}
    happened = list(ExchangeMark.objects.filter(at__gte=first).order_by("-at")[:MARKS])
    hour = _chart("hour", by_minute, last - (HOUR_POINTS - 1) * MINUTE, MINUTE, HOUR_POINTS, happened)
    day = _chart("day", by_minute, last + MINUTE - DAY_POINTS * QUARTER, QUARTER, DAY_POINTS, happened)
    return hour, day


def _chart(
    name: str,
    by_minute: dict[datetime, tuple[int, int]],
    first: datetime,
    step: timedelta,
    count: int,
    happened: Iterable[ExchangeMark],
) -> Chart:
    sums = [[0, 0] for _number in range(count)]
    for minute, pair in by_minute.items():
        place = (minute - first) // step
        if 0 <= place < count:
            sums[place][0] += pair[0]
            sums[place][1] += pair[1]
    minutes = step / MINUTE
    most = [max(1.0, max(one[which] for one in sums) / minutes) for which in (0, 1)]
    width = WIDTH / count
    points = [
        Point(
            begin=first + number * step,
            accepted=round(accepted / minutes, 1),
            errors=round(errors / minutes, 1),
            x=round(number * width, 1),
            w=round(width * 0.85, 1),
            accepted_h=_height(accepted / minutes, most[0]),
            errors_h=_height(errors / minutes, most[1]),
        )
        for number, (accepted, errors) in enumerate(sums)
    ]
    marks = [mark for one in happened if (mark := _mark(one, first, step * count))]
    return Chart(name, points, marks, most[0], most[1], sum(one[0] for one in sums), sum(one[1] for one in sums))


def _height(value: float, most: float) -> float:
    """To scale, but never so low that it is not seen."""
    return round(max(2.0, HEIGHT * value / most), 1) if value else 0.0


def _mark(one: ExchangeMark, first: datetime, length: timedelta) -> Mark | None:
    if one.at < first:
        return None
    x = round(min(WIDTH - 4, WIDTH * ((one.at - first) / length)), 1)
    label = f"{one.get_kind_display()} {one.text}".strip()
    return Mark(one.at, x, one.kind, _SIGNS.get(one.kind, "•"), label, one.by)
