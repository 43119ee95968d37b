"""The lock door of patients. Order, everywhere: direction, patient, slots, appointment (design §2).

The keys are advisory: they guard cards that do not exist yet. They say nothing about a person to whoever reads
`pg_locks`, and are the same in every process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from lmis.text import number_key
from patients.info import PatientInfo


def identity_keys(*, lpu_guid: UUID, info: PatientInfo) -> list[int]:
    """One key for each identity sent, sorted: the polis by its number alone, the document by series and number.

    The series of a polis may be missing on either side (contract A.2), so it cannot be part of the key.
    """
    polis, document = number_key(info.polis.number), number_key(info.identity_document.number)
    keys = set()
    if polis:
        keys.add(_key("polis", lpu_guid, polis))
    if document:
        keys.add(_key("document", lpu_guid, number_key(info.identity_document.series), document))
    return sorted(keys)


def lock_identities(keys: Iterable[int]) -> None:
    """Take these advisory locks until the transaction ends; one statement.

    The keys of directions are negative, so they come before those of patients. Each wait is bounded by the
    transaction's `lock_timeout`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A lock outside a transaction is let go at once.")
    ordered = sorted(set(keys))
    if not ordered:
        return
    with connection.cursor() as cursor:
        # Two callers with the same keys in different orders would wait for each other:
        # unnest gives them in the order of the array, which is ascending.
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [ordered])


def _key(*parts: object) -> int:
    """A 64-bit number for PostgreSQL, never negative."""
    digest = hashlib.blake2b("\0".join(map(str, ("patient", *parts))).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") // 2
