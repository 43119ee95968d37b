"""A Slot as the contract shows it, one at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from appointments.models import Slot
from appointments.services import schedule


def present_slots(slots: Sequence[Slot], *, now: dt.datetime) -> list[dict[str, Any]]:
    """JSON objects of the contract's model Slot, in the order given; no statement for none, else one."""
    return schedule.render(slots=slots, now=now) if slots else []
