"""Writing down what became of many sendings in a few statements: the uploads, the cards, the history."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from lmis.rows import execute
from patients.mip import outcomes
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Accepted, Credentials, Later, Outcome
from patients.models import CardUpload, Patient
from patients.services import gate, history, verdicts

logger = logging.getLogger(__name__)

# Column → its type: what a verdict may write. A column that it leaves out keeps its value.
_COLUMNS = {
    "state": "text",
    "due_at": "timestamptz",
    "wanted_since": "timestamptz",
    "attempts": "int",
    "sent_version": "bigint",
    "accepted_version": "bigint",
    "accepted_at": "timestamptz",
    "error_code": "text",
    "error_text": "text",
    "error_field": "text",
    "faults": "jsonb",
}
_ARRAYS = ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
_SET = ", ".join(f"{name} = coalesce(v.{name}, u.{name})" for name in _COLUMNS)
_WRITE = f"""
    UPDATE patients_cardupload u SET {_SET}, claim = NULL, claimed_until = NULL
      FROM unnest(%s::bigint[], {_ARRAYS}) AS v(id, {", ".join(_COLUMNS)}) WHERE u.patient_id = v.id"""  # noqa: S608
_LEARN = """
    UPDATE patients_patient p
       SET person_guid = coalesce(v.person, p.person_guid), version = coalesce(v.version, p.version)
      FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[]) AS v(id, person, version) WHERE p.id = v.id"""


@dataclass(frozen=True, slots=True)
class _News:
    """What the MIP told us of a card."""

    card: int
    person: UUID | None
    version: int | None


def record(*, claim: UUID, exchanges: Sequence[Exchange], is_probe: bool, now: datetime) -> int:
    """Write what became of these sendings under one claim; how many. One that was taken over is left alone.

    One transaction: ten statements, however many cards.
    """
    by_card = {exchange.card.pk: exchange for exchange in exchanges}
    with transaction.atomic(durable=True):
        # A card may be changed just now, and its trigger then looks at the upload:
        # the cards' rows are locked first, here as there, in the order of their ids, so their versions stand still.
        cards = Patient.objects.only("version", "person_guid").filter(pk__in=by_card).order_by("pk")
        held = {card.pk: card for card in cards.select_for_update(no_key=True)}
        rows = CardUpload.objects.filter(pk__in=held, claim=claim).order_by("pk").select_for_update(no_key=True)
        mine = [(row, held[row.pk], _judged(row, by_card[row.pk], is_probe)) for row in rows]
        news = [found for _row, card, exchange in mine if (found := _news(card, exchange))]
        risen = {one.card: one.version for one in news if one.version}
        columns = [_columns(row, exchange, risen.get(row.pk) or card.version, now) for row, card, exchange in mine]
        _learn(news)
        _write([row.pk for row, _card, _exchange in mine], columns)
        history.keep([exchange for _row, _card, exchange in mine])
        sent = [(row, e.outcome) for row, _card, e in mine if e.was_sent]
        told = [(row.pk, outcome) for row, outcome in sent if is_probe or _tells_of_the_mip(row, outcome)]
        if is_probe and not told:
            gate.give_up_probe(claim=claim, now=now)
        else:
            gate.heard(told=told, claim=claim, is_probe=is_probe, now=now)
    for _row, _card, exchange in mine:
        _tell(exchange)
    return len(mine)


def _judged(row: CardUpload, exchange: Exchange, is_probe: bool) -> Exchange:
    """A 403 to a card that had one before is its own trouble: the first shut the gate, and another has opened it."""
    forbidden = isinstance(exchange.outcome, Credentials) and exchange.outcome.reason == outcomes.FORBIDDEN
    if is_probe or not forbidden or row.error_code not in (outcomes.FORBIDDEN, outcomes.OF_ONE_CARD):
        return exchange
    return replace(exchange, outcome=Later(outcomes.OF_ONE_CARD))


def _tell(exchange: Exchange) -> None:
    """A line about a card that the MIP did not take, without the MIP's own words: they may name the patient."""
    if not isinstance(exchange.outcome, Accepted):
        what, _code = history.named(exchange.outcome)
        text = "the MIP did not take a card: %s, HTTP %s, request %s"
        logger.info(text, what, exchange.status or "-", exchange.request_id, extra={"card": exchange.card.guid})


def _tells_of_the_mip(row: CardUpload, outcome: Outcome) -> bool:
    """Not what fails again and again while others get through: that is the card's own trouble."""
    return not isinstance(outcome, Later) or outcome.reason == gate.THROTTLED or row.attempts <= gate.FRESH


def _columns(row: CardUpload, exchange: Exchange, held: int, now: datetime) -> dict[str, Any]:
    return verdicts.columns_after(
        exchange.outcome, sent=exchange.card.version, held=held, attempts=row.attempts, now=now
    )


def _news(card: Patient, exchange: Exchange) -> _News | None:
    outcome, sent = exchange.outcome, exchange.card.version
    higher = verdicts.version_to_rise_to(outcome, sent=sent, held=card.version)
    if higher is not None:
        text = "the MIP holds version %d of card %d, ours was %d: rising above it"
        logger.warning(text, higher - 1, card.pk, sent, extra={"card": exchange.card.guid})
    person = outcome.person_guid if isinstance(outcome, Accepted) else None
    person = person if person != card.person_guid else None
    return _News(card.pk, person, higher) if person or higher else None


def _learn(news: Iterable[_News]) -> None:
    """Before the uploads are written: a risen version makes the card's trigger ask for an upload of its own."""
    found = list(news)
    if found:
        execute(_LEARN, [[n.card for n in found], [n.person for n in found], [n.version for n in found]])


def _write(ids: list[int], columns: list[dict[str, Any]]) -> None:
    if ids:
        execute(_WRITE, [ids, *([_value(one.get(name)) for one in columns] for name in _COLUMNS)])


def _value(given: object) -> object:
    return json.dumps(given) if isinstance(given, list) else given
