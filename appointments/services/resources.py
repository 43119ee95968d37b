"""Who can be booked (contract D), with the next free place of each."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from appointments.exceptions import ResourceNotFound
from appointments.sql import fetch, load


def list_resources(
    *,
    now: dt.datetime,
    guid: UUID | None = None,
    lpu: UUID | None = None,
    speciality: str | None = None,
    position: str | None = None,
    only_free: bool = False,
) -> list[bytes]:
    """The doctors shown to the outside, by name, each as a JSON object of the contract's model Resource; one statement.

    In: guids, and codes of a speciality and a position; a filter that nobody fits gives none. `only_free` leaves out
    those without a place to come that can be booked through whatever channel.
    """
    wanted = {"guid": guid, "lpu": lpu, "speciality": speciality, "position": position}
    return [row[0] for row in fetch(load("resources"), {**wanted, "only_free": only_free, "now": now})]


def get_resource(*, guid: UUID, now: dt.datetime) -> bytes:
    """One of them. Raises ResourceNotFound, also for a doctor who is not shown."""
    found = list_resources(guid=guid, now=now)
    if not found:
        raise ResourceNotFound
    return found[0]
