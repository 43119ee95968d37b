"""The end of a doctor's day: whoever is left is marked in one act, each visit in a transaction of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from appointments.models import Appointment
from appointments.services import visits
from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.services.transactions import run_write


@dataclass(slots=True)
class Closing:
    """How many were marked, and what was refused, each with its appointment."""

    marked: int = 0
    refused: list[tuple[Appointment, Refusal]] = field(default_factory=list)


def close(*, missed: Iterable[Appointment], seen: Iterable[Appointment], by: Actor, now: dt.datetime) -> Closing:
    """Mark those as `missed` and these as `visited`; a refusal is told and keeps nobody else from being marked.

    To be called outside a transaction: each mark is one of its own.
    """
    outcome = Closing()
    chosen = [(one, "missed") for one in missed] + [(one, "visited") for one in seen]
    for appointment, state in chosen:
        try:
            run_write(lambda one=appointment, to=state: visits.mark(appointment=one, state=to, by=by, now=now))  # type: ignore[misc]
            outcome.marked += 1
        except Refusal as refusal:
            outcome.refused.append((appointment, refusal))
    return outcome
