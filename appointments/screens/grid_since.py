"""What a screen shows is as of some moment; asking for what changed since then names it.

`EPOCH-EDGE-SECONDS`: of the database, the oldest transaction that was not yet visible to the whole of the answer (ADR
0005), and when it was given, for what has begun since.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from lmis.rows import fetch

_SHAPE = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})-([0-9]{1,11})")
_EDGE = "SELECT left(value::text, 8), pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM lmis_epoch"


@dataclass(frozen=True, slots=True)
class Since:
    """A moment to tell changes since; `str()` of it is what the page hands back."""

    epoch: str
    edge: int
    seconds: int

    @classmethod
    def at(cls, now: dt.datetime) -> Self:
        """This moment; one statement, to be made before the rows are read.

        A change that commits between the two is told again next time: better twice than never.
        """
        epoch, edge = fetch(_EDGE, [])[0]
        return cls(epoch, edge, int(now.timestamp()))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what cannot be ours."""
        found = _SHAPE.fullmatch(text)
        return cls(found[1], int(found[2]), int(found[3])) if found else None

    def __str__(self) -> str:
        return f"{self.epoch}-{self.edge}-{self.seconds}"

    @property
    def moment(self) -> dt.datetime:
        """When the answer was given."""
        return dt.datetime.fromtimestamp(min(self.seconds, 32503680000), dt.UTC)

    def leads_to(self, current: Since) -> bool:
        """Whether changes can be told from here: the same database, and not one set back to before."""
        return self.epoch == current.epoch and self.edge <= current.edge and self.seconds <= current.seconds
