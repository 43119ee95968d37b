"""A Slot as the contract shows it, one at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from appointments.models import Slot


def present_slots(slots: Sequence[Slot], *, now: dt.datetime) -> list[dict[str, Any]]:
    """Placeholder until the schedule's own rendering is there."""
    return [{"guid": slot.guid} for slot in slots]
