"""The lock door of directions. Order, everywhere: direction, patient, slots, appointment (design §2).

Advisory keys guard what does not exist yet and are taken, sorted, in one statement with the patient's
(`patients.locks.lock_identities`); ours are negative, so they come first. The row's lock guards what exists.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import transaction

from directions.exceptions import DirectionNotFound
from directions.models import Direction


def direction_keys(guid: UUID, lpu_from_guid: UUID, number: str) -> list[int]:
    """Advisory keys of a direction told to us: its guid and, when it has a number, the paper it may be at our desk."""
    return [_key("guid", str(guid)), *paper_keys(lpu_from_guid, number)]


def paper_keys(lpu_from_guid: UUID, number: str) -> list[int]:
    """Advisory keys of a direction known by its number alone; none when the number is blank."""
    return [_key("number", str(lpu_from_guid), number)] if number else []


def lock_direction(pk: int) -> Direction:
    """This direction, locked and read afresh with its LPUs and patient; one statement.

    Raises DirectionNotFound.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A lock outside a transaction is let go at once.")
    rows = Direction.objects.with_all_shown().select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise DirectionNotFound
    return found


def _key(*parts: str) -> int:
    """A negative 64-bit number for PostgreSQL."""
    digest = hashlib.blake2b("\0".join(("direction", *parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") // 2 - 2**63
