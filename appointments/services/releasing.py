"""Places that are kept for some channels open to others some hours before they begin (contract §3.E: stamped)."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import connection, transaction

from lmis.actors import Actor

logger = logging.getLogger(__name__)

_BATCH = 200
# Whoever books one of these just now holds its lock: it is skipped, and comes with the next batch or the next minute.
# A second run finds nothing, since what is open has no time to open at any more.
# MATERIALIZED: a plan may ask a plain subquery again for each row, and would then open more than one batch.
_OPEN_DUE = """
    WITH due AS MATERIALIZED (
        SELECT id FROM appointments_slot WHERE release_at IS NOT NULL AND release_at <= %s ORDER BY id LIMIT %s
           FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE appointments_slot s
       SET channels = s.channels || ARRAY(SELECT c FROM unnest(s.release_channels) c WHERE c <> ALL (s.channels)),
           release_at = NULL, release_channels = '{}'
      FROM due WHERE s.id = due.id"""


def open_due(*, by: Actor, now: dt.datetime) -> int:
    """Open every place whose time has come; out: how many. May be repeated, killed anywhere, rivalled by itself.

    Short batches, each committed by itself: nobody waits for it, and the schedule's revision is not held back.
    """
    opened = 0
    while done := _open_batch(now):
        opened += done
    if opened:
        logger.info("%d places opened to further channels by %s", opened, by)
    return opened


def _open_batch(now: dt.datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OPEN_DUE, [now, _BATCH])
        return int(cursor.rowcount)
