"""Guids as the contract has them: dashed, upper case accepted, written in lower case."""

from __future__ import annotations

import re
from uuid import UUID

PATTERN = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_GUID = re.compile(PATTERN)


def parse_guid(value: object) -> UUID | None:
    """The guid, or None. Stricter than `UUID()`, which also takes braces, URNs, and dashes anywhere."""
    if isinstance(value, str) and _GUID.fullmatch(value):
        return UUID(value)
    return None
