"""The names of states of the schedule: revisions and entity tags (design, "Schedule revision").

A revision is `mark.windows.edge`: `mark` digests the database (system, timeline, database, epoch) and what was asked
for; `windows` are the days covered, one pair for all LPUs or one for each of their time zones; `edge` is the oldest
transaction that was not yet visible to the whole of the answer. A tag is a revision and the instant at which the next
slot of the window begins, in microseconds since 1970, 0 for none.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

_DAYS = "[0-9]{8}-[0-9]{8}"
_REVISION = re.compile(rf"([0-9a-f]{{20}})\.((?:{_DAYS}(?:,{_DAYS}){{0,49}})?)\.([0-9]{{1,18}})")
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
MOST_TAGS = 16


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision that somebody handed back; `first` and `last` are the days of its windows, in their order."""

    mark: str
    windows: str
    edge: int
    first: list[dt.date]
    last: list[dt.date]

    @classmethod
    def parse(cls, text: str) -> Revision | None:
        """None for what cannot be a revision of ours."""
        found = _REVISION.fullmatch(text)
        if found is None:
            return None
        days = [pair.split("-") for pair in found[2].split(",") if pair]
        try:
            first, last = ([dt.datetime.strptime(pair[n], "%Y%m%d").date() for pair in days] for n in (0, 1))  # noqa: DTZ007
        except ValueError:
            return None
        return cls(found[1], found[2], int(found[3]), first, last)


@dataclass(frozen=True, slots=True)
class Tag:
    """An entity tag that somebody handed back, with its text as it came."""

    revision: Revision
    next_begin: int
    text: str


@dataclass(frozen=True, slots=True)
class Tags:
    """An `If-None-Match`: whether it is `*`, and those of its tags that can be ours."""

    any: bool = False
    known: tuple[Tag, ...] = ()

    @classmethod
    def parse(cls, header: str) -> Tags:
        """Read the header; weak and strong compare alike, and a header too long is read as far as is sensible."""
        if header.strip() == "*":
            return cls(any=True)
        texts = [found[1] for found in _TAG.finditer(header)][:MOST_TAGS]
        return cls(known=tuple(tag for text in texts if (tag := _tag(text))))

    def __bool__(self) -> bool:
        return self.any or bool(self.known)


def tag(revision: str, next_begin: int) -> str:
    """The ETag of an answer: weak, since the same slots come with and without gzip."""
    return f'W/"{revision}.{next_begin}"'


def _tag(text: str) -> Tag | None:
    revision, _, instant = text.rpartition(".")
    parsed = Revision.parse(revision)
    if parsed is None or not re.fullmatch("[0-9]{1,18}", instant):
        return None
    return Tag(parsed, int(instant), f'W/"{text}"')
