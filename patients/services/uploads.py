"""Uploading cards to the MIP: claim rows, commit, send, record. The state is in our tables, not in the broker.

The intent to upload is written by the card's trigger. A sender may be killed anywhere: its claim runs out, somebody
else sends the same version again, and to the MIP that is the same card.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from lmis.actors import Actor
from patients.mip import client
from patients.mip.outcomes import Accepted, Credentials, Later, Outcome
from patients.models import CardUpload, Patient
from patients.services import gate, verdicts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A card that is ours to send until the claim runs out; `card` has `lpu` and `merged_into` loaded."""

    card: Patient
    claim: UUID
    is_probe: bool = False


def claim_length() -> timedelta:
    """Longer than a sending may take: to connect, to send and to read have the client's timeout each."""
    timeout: float = settings.MIP["TIMEOUT"]
    return timedelta(seconds=max(5.0, 3 * timeout + 1))


def upload(*, card_id: int) -> None:
    """Send one card if it is due, and record what became of it. Otherwise nothing; safe to run twice."""
    if not client.is_configured():
        return
    for claimed in claim(now=timezone.now(), card_id=card_id):
        record(claimed=claimed, outcome=client.put_card(claimed.card), now=timezone.now())


def claim(*, now: datetime, limit: int = 1, card_id: int | None = None) -> list[Claimed]:
    """Take up to `limit` cards that are due or whose sender is silent (or that one card), the longest due first.

    Committed on return: nothing is locked while the MIP is being waited for. While the gate is shut nobody gets
    anything, and whoever probes gets one.
    """
    with transaction.atomic(durable=True):
        passage = gate.passage(now=now)
        if passage is gate.Passage.SHUT:
            return []
        probing = passage is gate.Passage.PROBE
        # Two senders with the same hint would both send the card:
        # whoever locks its row first claims it, the other skips it.
        free = CardUpload.objects.all() if card_id is None else CardUpload.objects.filter(pk=card_id)
        ids = free.lock_sendable(now=now, limit=1 if probing else limit)
        token, until = uuid4(), now + claim_length()
        if not ids or (probing and not gate.take_probe(claim=token, until=until, now=now)):
            return []
        CardUpload.objects.filter(pk__in=ids).update(
            state=CardUpload.State.IN_FLIGHT,
            claim=token,
            claimed_until=until,
            attempts=F("attempts") + 1,
            last_attempt_at=now,
            told_at=None,
        )
        cards = Patient.objects.select_related("lpu", "merged_into").in_bulk(ids)
    return [Claimed(card=cards[pk], claim=token, is_probe=probing) for pk in ids]


def record(*, claimed: Claimed, outcome: Outcome, now: datetime) -> bool:
    """Write what became of a sending; False, and nothing written, when the claim is no longer ours."""
    sent = claimed.card.version
    with transaction.atomic(durable=True):
        # The card may be changed just now, and its trigger then looks at the upload:
        # the card's row is locked first, here as there, so its version stands still while we compare.
        card = (
            Patient.objects.select_for_update(no_key=True)
            .only("version", "person_guid")
            .filter(pk=claimed.card.pk)
            .first()
        )
        mine = CardUpload.objects.select_for_update(no_key=True).filter(pk=claimed.card.pk, claim=claimed.claim)
        row = mine.first()
        if card is None or row is None:
            return False
        held = _learn(card, outcome, sent=sent)
        columns = verdicts.columns_after(outcome, sent=sent, held=held, attempts=row.attempts, now=now)
        CardUpload.objects.filter(pk=row.pk).update(**columns)
        _tell_gate(claimed, outcome, now)
    return True


def send_again(*, cards: Collection[int], by: Actor, now: datetime) -> int:
    """Let these cards (ids) wait for a new attempt, whatever came of the last; how many.

    One that is in flight is left alone, unless its sender is silent.
    """
    busy = Q(state=CardUpload.State.IN_FLIGHT, claimed_until__gt=now)
    count = (
        CardUpload.objects.filter(pk__in=cards)
        .exclude(busy)
        .update(
            state=CardUpload.State.WAITING,
            due_at=now,
            told_at=None,
            claim=None,
            claimed_until=None,
            attempts=0,
            error_code="",
            error_text="",
            error_field="",
        )
    )
    logger.info("%d cards are to be sent to the MIP again, asked by %s", count, by)
    return count


def _learn(card: Patient, outcome: Outcome, *, sent: int) -> int:
    """Write to the (locked) card what the MIP told us of it; its version afterwards."""
    news: dict[str, Any] = {}
    if isinstance(outcome, Accepted) and outcome.person_guid and outcome.person_guid != card.person_guid:
        news["person_guid"] = outcome.person_guid
    higher = verdicts.version_to_rise_to(outcome, sent=sent, held=card.version)
    if higher is not None:
        logger.warning("the MIP holds version %d of card %d, ours was %d: rising above it", higher - 1, card.pk, sent)
        news["version"] = higher
    if news:
        Patient.objects.filter(pk=card.pk).update(**news)
    return higher or card.version


def _tell_gate(claimed: Claimed, outcome: Outcome, now: datetime) -> None:
    if isinstance(outcome, Credentials):
        gate.refused(reason=outcome.reason, claim=claimed.claim, now=now)
    elif claimed.is_probe and not isinstance(outcome, Later):
        gate.passed(claim=claimed.claim)
