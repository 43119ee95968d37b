"""Where the MIP and we disagree, and what is done about each: missing and older there is sent again, newer there is
risen above, unknown here is listed for a person.

After a restore the MIP may hold a card that we think we never sent. When it leaves use its trigger says that nobody
need be told: such a one is older there, and what is found here counts as attempted, so that it stays in the outbox.

One step compares some cards, writes the findings down, acts, and moves the run's cursor, all in one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from lmis.rows import execute, fetch
from patients.models import CardUpload, MipHolding, Patient, Reconciliation, ReconciliationFinding
from patients.services import uploads

logger = logging.getLogger(__name__)
Stage = Reconciliation.Stage
_RESTING = (CardUpload.State.ACCEPTED, CardUpload.State.NOT_NEEDED)
_NOTHING = UUID(int=0)
_FORGET_AT_ONCE = 10_000
_ON_ITS_WAY = ("waiting", "in_flight", "retry")
_SETTLED = "u.state = 'accepted' AND coalesce(u.accepted_at, '-infinity') < %s"

# Each card is looked up by its index, whatever the planner thinks of a table that was filled a moment ago.
_COMPARE = f"""
    INSERT INTO patients_reconciliationfinding (run_id, kind, guid, lpu_id, card_id, version_here, version_there)
    SELECT %s, CASE WHEN c.id IS NULL THEN 'unknown' WHEN h.version > c.version THEN 'newer' ELSE 'older' END,
           h.guid, h.lpu_id, c.id, c.version, h.version
      FROM (SELECT * FROM patients_mipholding WHERE guid > %s AND (%s::uuid IS NULL OR guid <= %s)
             ORDER BY guid LIMIT %s) h
      LEFT JOIN LATERAL (SELECT id, version FROM patients_patient p WHERE p.guid = h.guid LIMIT 1) c ON true
      LEFT JOIN LATERAL (SELECT * FROM patients_cardupload u WHERE u.patient_id = c.id LIMIT 1) u ON true
     WHERE c.id IS NULL OR h.version > c.version OR (h.version < u.accepted_version AND {_SETTLED})
        OR (h.version < c.version AND u.state = 'not_needed')
    RETURNING kind, card_id, version_there"""  # noqa: S608 - a constant of ours
_SEARCH = f"""
    INSERT INTO patients_reconciliationfinding (run_id, kind, guid, lpu_id, card_id, version_here, version_there)
    SELECT %s, 'missing', p.guid, p.lpu_id, p.id, p.version, NULL
      FROM patients_cardupload u JOIN patients_patient p ON p.id = u.patient_id JOIN lmis_lpu l ON l.id = p.lpu_id
     WHERE u.patient_id > %s AND u.patient_id <= %s AND l.is_own AND {_SETTLED}
       AND (SELECT h.version FROM patients_mipholding h WHERE h.guid = p.guid) IS NULL
    RETURNING kind, card_id, version_there"""  # noqa: S608
_RISE = """
    UPDATE patients_patient p SET version = v.version + 1
      FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, version) WHERE p.id = v.id AND p.version <= v.version
    RETURNING 1"""
_AGAIN = """
    UPDATE patients_cardupload u
       SET state = 'waiting', priority = %s, due_at = %s, wanted_since = %s, attempts = 0, accepted_version = v.version,
           last_attempt_at = coalesce(last_attempt_at, %s),
           error_code = '', error_text = '', error_field = '', faults = '[]'
      FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, version) WHERE u.patient_id = v.id"""


def compare(run: Reconciliation, limit: int, now: datetime) -> bool:
    """The next cards that the MIP named; True: there is more to do."""
    after = run.cursor or _NOTHING
    named = "SELECT guid FROM patients_mipholding WHERE guid > %s ORDER BY guid OFFSET %s LIMIT 1"
    upto = next((row[0] for row in fetch(named, [after, limit - 1])), None)
    given = [run.pk, after, upto, upto, limit, run.started_at]
    _act(run, fetch(_COMPARE, given), now)
    run.cursor = upto
    if upto is None:
        run.stage = Stage.SEARCHING
    return True


def search(run: Reconciliation, limit: int, now: datetime) -> bool:
    """The next cards of ours, for those that the MIP did not name; at the end the findings of earlier runs go."""
    rows = CardUpload.objects.order_by("pk").filter(pk__gt=run.card_cursor).values_list("pk", flat=True)
    upto = next(iter(rows[limit - 1 : limit]), None) or rows.last()
    if upto is None:
        return _finish(run, now)
    given = [run.pk, run.card_cursor, upto, run.started_at]
    _act(run, fetch(_SEARCH, given), now)
    run.card_cursor = upto
    return True


def _act(run: Reconciliation, found: Sequence[tuple[Any, ...]], now: datetime) -> None:
    counts = {kind: sum(1 for row in found if row[0] == kind) for kind in ReconciliationFinding.Kind.values}
    for kind, count in counts.items():
        setattr(run, kind, getattr(run, kind) + count)
    run.sent_again += _rise([(card, version) for kind, card, version in found if kind == "newer"], now)
    run.sent_again += _again([(card, version) for kind, card, version in found if kind in ("missing", "older")], now)


def _rise(cards: list[tuple[int, int]], now: datetime) -> int:
    """Above what the MIP holds: the card's trigger then asks for its upload, also of one that has left use; behind
    everybody else unless it is on its way already."""
    if not cards:
        return 0
    ids, versions = [card for card, _v in cards], [version for _c, version in cards]
    # Somebody who writes down what became of some of these locks them in the order of their ids: so do we.
    list(Patient.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    CardUpload.objects.filter(pk__in=ids, last_attempt_at=None).update(last_attempt_at=now)
    settled = list(CardUpload.objects.filter(pk__in=ids).exclude(state__in=_ON_ITS_WAY).values_list("pk", flat=True))
    risen = len(fetch(_RISE, [ids, versions]))
    uploads.let_others_first(cards=settled)
    logger.warning("the MIP holds newer versions of %d cards: rising above them", risen)
    return risen


def _again(cards: list[tuple[int, int | None]], now: datetime) -> int:
    """Behind everybody else, knowing what the MIP holds; one that is on its way by now is left alone."""
    if not cards:
        return 0
    there = dict(cards)
    # The card may be changed just now, or be sent: whoever has locked its row sees to it that it is sent, or, of one
    # that we think the MIP has not heard of, the next night does.
    rows = CardUpload.objects.filter(pk__in=there, state__in=_RESTING)
    free = list(rows.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    execute(_AGAIN, [CardUpload.Priority.BACKFILL, now, now, now, free, [there[pk] for pk in free]])
    return len(free)


def _finish(run: Reconciliation, now: datetime) -> bool:
    if _forgotten(run):
        return True
    run.stage, run.ended_at = Stage.DONE, now
    wrong = {kind: getattr(run, kind) for kind in ReconciliationFinding.Kind.values}
    level = logging.WARNING if any(wrong.values()) else logging.INFO
    logger.log(level, "reconciliation with the MIP: %d cards there, %s", run.held, wrong)
    return False


def _forgotten(run: Reconciliation) -> int:
    """Some of the staging table and of the findings of earlier runs; a TRUNCATE would wait for a backup to end."""
    staged = MipHolding.objects.order_by("pk").values_list("pk", flat=True)[:_FORGET_AT_ONCE]
    old = ReconciliationFinding.objects.exclude(run=run).order_by("pk").values_list("pk", flat=True)[:_FORGET_AT_ONCE]
    both = ((MipHolding, staged), (ReconciliationFinding, old))
    return sum(model.objects.filter(pk__in=list(ids)).delete()[0] for model, ids in both)
