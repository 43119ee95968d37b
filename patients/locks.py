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

# PostgreSQL counts each wait by itself: before each key what is left of the time becomes its `lock_timeout`. After the
# last one, where the key is NULL and nothing is locked, it gets its old value back.
_LOCK = """
    WITH given AS MATERIALIZED (SELECT current_setting('lock_timeout') AS allowed)
    SELECT set_config('lock_timeout', CASE WHEN key IS NULL OR allowed = '0' THEN allowed ELSE greatest(1, (1000 *
           extract(epoch FROM allowed::interval - (clock_timestamp() - statement_timestamp())))::int)::text END, true),
           pg_advisory_xact_lock(key)
      FROM given, unnest(%s::bigint[] || NULL::bigint) AS key"""


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

    The keys of directions are negative, so they come before those of patients. All of them together are one wait in the
    sense of the transaction's `lock_timeout` (contract §2.2: 1 s each, at most three), which is as before afterwards.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A lock outside a transaction is let go at once.")
    ordered = sorted(set(keys))
    if not ordered:
        return
    with connection.cursor() as cursor:
        # Two callers with the same keys in different orders would wait for each other:
        # unnest gives them in the order of the array, which is ascending.
        cursor.execute(_LOCK, [ordered])


def _key(*parts: object) -> int:
    """A 64-bit number for PostgreSQL, never negative."""
    digest = hashlib.blake2b("\0".join(map(str, ("patient", *parts))).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") // 2
