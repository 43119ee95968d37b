"""The access log: which employee saw which patient's card. Kept for `ACCESS_LOG_DAYS`, then pruned.

This app knows nothing of patients: the one above says where the cards are, once, when it is ready (`cards_are`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from auditlog.context import auditlog_value
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction

from lmis.actors import Actor
from lmis.models import AccessRecord
from lmis.models.access import LEAST_DAYS
from lmis.rows import execute, fetch

What = AccessRecord.What
# Looking again within a minute (a form that came back with an error, a search letter by letter) is the same look.
_NOTE = """
    INSERT INTO lmis_accessrecord (at, user_id, what, card, lpu_id, screen, address)
    SELECT clock_timestamp(), %s, %s::text, c.guid, c.lpu_id, %s::text, %s::inet FROM {cards} c
     WHERE c.guid = ANY(%s::uuid[]) AND NOT (%s::boolean AND EXISTS (
           SELECT FROM lmis_accessrecord r WHERE r.card = c.guid AND r.at > clock_timestamp() - interval '1 minute'
              AND r.user_id = %s AND r.what = %s::text))"""
_BATCH = 5000
_PRUNE = """
    DELETE FROM lmis_accessrecord WHERE id IN (SELECT id FROM lmis_accessrecord WHERE at < %s ORDER BY at LIMIT %s)"""
_cards: list[type[models.Model]] = []


def cards_are(model: type[models.Model]) -> None:
    """Say which model holds the cards: it has `guid` and `lpu`. Called once, by the app that owns it."""
    _cards[:] = [model]


def cards_model() -> type[models.Model]:
    """The model that holds the cards."""
    return _cards[0]


def note(*, by: Actor, what: str, cards: Iterable[UUID], screen: str) -> None:
    """Write down that `by` opened, found, printed or exported these cards (their guids) on that screen; one INSERT.

    Opening or finding the same card again within a minute adds nothing; each print and each export counts.
    What is no employee (a client, the system) is not written down here: its own records tell what it read.
    Call it before the card is shown and outside the transaction of a write that may be refused: what was seen was seen.
    Nothing is caught: inside a transaction an error ends that too, and a card that cannot be noted is not shown.
    """
    guids = list(cards)
    if by.user is None or not guids:
        return
    code = What(what).value
    once = code in (What.OPENED, What.FOUND)
    sql = _NOTE.format(cards=_cards[0]._meta.db_table)
    execute(sql, [by.user.pk, code, screen, _address(), guids, once, by.user.pk, code])


def prune(now: datetime) -> int:
    """Delete what is older than `ACCESS_LOG_DAYS`, in short transactions; the number of rows gone."""
    before = now - timedelta(days=settings.ACCESS_LOG_DAYS)
    gone = 0
    while True:
        with transaction.atomic():
            # The trigger lets go only what is older than this, and only in this transaction.
            fetch("SELECT set_config('lmis.prune_access_before', %s, true)", [before.isoformat()])
            with connection.cursor() as cursor:
                cursor.execute(_PRUNE, [before, _BATCH])
                count: int = cursor.rowcount
        gone += count
        if count < _BATCH:
            return gone


def check_settings() -> None:
    """Refuse to start with a length that the database would not prune by."""
    if settings.ACCESS_LOG_DAYS < LEAST_DAYS:
        raise ImproperlyConfigured(f"ACCESS_LOG_DAYS must be at least {LEAST_DAYS}.")


def _address() -> str | None:
    """Where the request of this thread comes from, as the middleware of the journal found it."""
    address: str | None = auditlog_value.get({}).get("remote_addr")
    return address
