"""Guids of the demo: the same in every run for one LPU, different for two."""

from __future__ import annotations

from uuid import UUID, uuid5


def guid_of(lpu: UUID, *what: object) -> UUID:
    """uuid5 of (LPU guid, what it is), such as `guid_of(lpu, "patient", 17)`."""
    return uuid5(lpu, ":".join(map(str, what)))
