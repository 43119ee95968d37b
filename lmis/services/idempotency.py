"""First answers kept for 24 hours (contract §2.3)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from lmis.models import IdempotencyRecord

KEPT = timedelta(hours=24)
_BATCH = 5000


def lock_number(principal: str, key: str) -> int:
    """The advisory lock of a key: 64 bits, signed as PostgreSQL has them."""
    digest = hashlib.sha256(f"idempotency\n{principal}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def find(*, principal: str, key: str, now: datetime) -> IdempotencyRecord | None:
    """The answer kept for this key.

    In a statement of its own after the lock: one that takes the lock as well has its snapshot from before the rival's
    commit, finds nothing and does the work again.
    """
    return IdempotencyRecord.objects.filter(principal=principal, key=key, created_at__gt=now - KEPT).first()


def keep(record: IdempotencyRecord) -> None:
    """Store an answer, in the place of one that is too old to count. Only under the key's lock."""
    IdempotencyRecord.objects.bulk_create(
        [record],
        update_conflicts=True,
        unique_fields=["principal", "key"],
        update_fields=["fingerprint", "status", "headers", "body", "created_at"],
    )


def prune(now: datetime) -> int:
    """Delete the answers that no longer count, in short statements; the number of rows gone."""
    gone = 0
    while True:
        old = IdempotencyRecord.objects.filter(created_at__lte=now - KEPT).values("pk")[:_BATCH]
        count = IdempotencyRecord.objects.filter(pk__in=old).delete()[0]
        gone += count
        if count < _BATCH:
            return gone
