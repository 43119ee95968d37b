"""First answers kept for 24 hours (contract §2.3)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from lmis.models import IdempotencyRecord
from lmis.rows import Columns, execute, fetch

KEPT = timedelta(hours=24)
_BATCH = 5000
_SHOWN = Columns(IdempotencyRecord, "r", "id", "fingerprint", "status", "body", "created_at")
_FIND = f"""
    SELECT {_SHOWN.sql}, r.headers FROM lmis_idempotencyrecord r
     WHERE r.principal = %s AND r.key = %s"""  # noqa: S608
_KEEP = """
    INSERT INTO lmis_idempotencyrecord (principal, key, fingerprint, status, headers, body, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (principal, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
        headers = excluded.headers, body = excluded.body, created_at = excluded.created_at"""


def lock_number(principal: str, key: str) -> int:
    """The advisory lock of a key: 64 bits, signed as PostgreSQL has them."""
    digest = hashlib.sha256(f"idempotency\n{principal}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def find(*, principal: str, key: str, now: datetime) -> IdempotencyRecord | None:
    """The answer kept for this key.

    In a statement of its own after the lock: one that takes the lock as well has its snapshot from before the rival's
    commit, finds nothing and does the work again.
    """
    rows = fetch(_FIND, [principal, key])
    if not rows:
        return None
    *values, headers = rows[0]
    record = _SHOWN.read(values)
    if record.created_at <= now - KEPT:  # not in the statement: it would be planned by the index that pruning needs
        return None
    record.headers = json.loads(headers)  # Django's connection gives JSON as text
    return record


def keep(record: IdempotencyRecord) -> None:
    """Store an answer, in the place of one that is too old to count. Only under the key's lock."""
    values = [record.principal, record.key, record.fingerprint, record.status, Jsonb(record.headers)]
    execute(_KEEP, [*values, record.body, record.created_at])


def prune(now: datetime) -> int:
    """Delete the answers that no longer count, in short statements; the number of rows gone."""
    gone = 0
    while True:
        old = IdempotencyRecord.objects.filter(created_at__lte=now - KEPT).values("pk")[:_BATCH]
        count = IdempotencyRecord.objects.filter(pk__in=old).delete()[0]
        gone += count
        if count < _BATCH:
            return gone
