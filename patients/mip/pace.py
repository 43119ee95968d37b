"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST = 2.0  # seconds, doubled with each attempt
LONGEST = 3600.0
_FIRST_SHUT, _LONGEST_SHUT = 30.0, 900.0


def before_retry(attempts: int, retry_after: float | None = None) -> timedelta:
    """Exponential with full jitter up to an hour; after what the MIP asked for, if it did.

    The jitter keeps thousands of cards that failed together from coming back together.
    """
    most = min(LONGEST, FIRST * 2 ** min(attempts, 20))
    return timedelta(seconds=(retry_after or 0.0) + random.uniform(0, most))  # noqa: S311 - no secret


def before_probe(refusals: int) -> timedelta:
    """How long the gate stays shut after so many refusals of our credentials in a row: 30 s, doubled up to 15 min."""
    return timedelta(seconds=min(_LONGEST_SHUT, _FIRST_SHUT * 2 ** min(refusals - 1, 20)))
