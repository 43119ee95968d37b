"""Uploading cards to the MIP: claim rows, commit, send, record. The state is in our tables, not in the broker.

The intent to upload is written by the card's trigger. A sender may be killed anywhere: its claim runs out, somebody
else sends the same version again, and to the MIP that is the same card.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from lmis.actors import Actor
from patients.mip import client, outcomes
from patients.mip.exchange import Exchange, send_all
from patients.models import CardUpload, Patient
from patients.querysets import CardUploadQuerySet
from patients.services import gate, permits, recording, verdicts

logger = logging.getLogger(__name__)
BATCH = 100  # cards claimed at once
_PULLED = 5000  # cards, in one transaction
_BEGUN_WITHIN = timedelta(seconds=5)
_WRITTEN_TOGETHER = 25  # a card's answer waits for so many others, and a lock lasts as long as they take to write
_WRITTEN_WITHIN = 1.0  # seconds; or for so long


@dataclass(frozen=True, slots=True)
class Claimed:
    """Cards that are ours to send until the claim runs out, `parallel` of them at the same time; each has `lpu` and
    `merged_into` loaded. After `begun_by` no sending is begun that might outlast the claim. When there are none for the
    rate's sake, there may be some in `again_in` seconds."""

    cards: list[Patient]
    claim: UUID
    parallel: int
    begun_by: datetime
    is_probe: bool = False
    again_in: float = 0.0


def claim_length() -> timedelta:
    """The time in which a claim's sendings are begun, and longer than the last of them may take.

    To connect, to send and to read have the client's timeout each, and less than three of them in all. So long a
    killed sender keeps its cards and its share: nobody can tell it from one that is waiting for the MIP (ADR 0010).
    """
    timeout: float = settings.MIP["TIMEOUT"]
    return _BEGUN_WITHIN + timedelta(seconds=max(5.0, 3 * timeout + 1))


def upload(*, card_id: int) -> None:
    """Send one card if it is due, and record what became of it. Otherwise nothing; safe to run twice."""
    if client.is_configured():
        _send(claim(now=timezone.now(), card_id=card_id))


def send_due(*, seconds: float) -> int:
    """Send what is due, in batches, until nothing is or the time is over; how many answers were written down.

    Settings, pauses and the gate are looked at before each batch. May be killed anywhere, may run beside others.
    """
    sent, end = 0, timezone.now() + timedelta(seconds=seconds)
    while client.is_configured() and timezone.now() < end:
        claimed = claim(now=timezone.now(), limit=BATCH)
        if claimed.cards:
            sent += _send(claimed)
        elif not _wait(claimed.again_in, end):
            break
    return sent


def _wait(seconds: float, end: datetime) -> bool:
    """Until the rate allows more: what one sender leaves of it, the next would find too late. False: not before `end`.

    Nothing is locked meanwhile.
    """
    worth = 0 < seconds < (end - timezone.now()).total_seconds()
    if worth:
        time.sleep(seconds)
    return worth


def _send(claimed: Claimed) -> int:
    """Send the claimed cards and write the answers down, some at a time; let go of those whose turn did not come."""
    written, left = 0, list[int]()
    parts = send_all(
        claimed.cards,
        parallel=claimed.parallel,
        until=claimed.begun_by,
        together=_WRITTEN_TOGETHER,
        within=_WRITTEN_WITHIN,
    )
    for part in parts:
        left += [one.pk for one in part if isinstance(one, Patient)]
        some = [one for one in part if isinstance(one, Exchange)]
        if some:
            written += record(claimed=claimed, exchanges=some, now=timezone.now())
    _let_go(claimed, left)
    return written


def _let_go(claimed: Claimed, cards: list[int]) -> None:
    """These were claimed and not sent: others may send them at once."""
    if not cards:
        return
    CardUpload.objects.filter(pk__in=cards, claim=claimed.claim).update(
        state=CardUpload.State.WAITING, claim=None, claimed_until=None, attempts=F("attempts") - 1
    )
    if claimed.is_probe:
        gate.give_up_probe(claim=claimed.claim, now=timezone.now())


def claim(*, now: datetime, limit: int = 1, card_id: int | None = None) -> Claimed:
    """Take up to `limit` cards that are due or whose sender is silent (or that one card), by harm, the longest due
    first.

    Committed on return: nothing is locked while the MIP is being waited for. While the gate is shut or a pause lasts
    nobody gets anything, and whoever probes gets one. Nobody gets anything either while others send as many at the same
    time as all together may.
    """
    token, begun_by = uuid4(), now + _BEGUN_WITHIN
    with transaction.atomic(durable=True):
        allowed = permits.permit(now=now, wanted=limit)
        if not allowed.cards:
            return Claimed([], token, 1, begun_by, again_in=allowed.again_in)
        # Two senders at once would both send the card:
        # whoever locks its row first claims it, the other skips it.
        free = CardUpload.objects.all() if card_id is None else CardUpload.objects.filter(pk=card_id)
        ids = _lock(free, allowed=allowed, now=now)
        share, worth = permits.share(now=now, cards=len(ids), of=limit, parallel=allowed.parallel)
        ids = ids[:worth]
        permits.give_back(cards=0 if allowed.probing else allowed.cards - len(ids))
        until = now + claim_length()
        if not share or (allowed.probing and not gate.take_probe(claim=token, until=until, now=now)):
            return Claimed([], token, 1, begun_by)
        CardUpload.objects.filter(pk__in=ids).update(
            state=CardUpload.State.IN_FLIGHT,
            claim=token,
            claimed_until=until,
            share=share,
            attempts=F("attempts") + 1,
            last_attempt_at=now,
        )
        cards = Patient.objects.select_related("lpu", "merged_into").in_bulk(ids)
    return Claimed([cards[pk] for pk in ids], token, share, begun_by, is_probe=allowed.probing)


def _lock(free: CardUploadQuerySet, *, allowed: permits.Permit, now: datetime) -> list[int]:
    """Lock the rows to claim; their ids."""
    if allowed.probing:
        # What fails again and again, or was forbidden while others may not be, is perhaps that card's own trouble: as
        # the probe it would keep the gate shut for all, for ever.
        others = free.exclude(error_code__in=(outcomes.FORBIDDEN, outcomes.OF_ONE_CARD))
        for better in (others.filter(attempts__lt=gate.FRESH), others):
            if found := better.lock_sendable(now=now, limit=1):
                return found
    return free.lock_sendable(now=now, limit=allowed.cards)


def record(*, claimed: Claimed, exchanges: list[Exchange], now: datetime) -> int:
    """Write what became of some of the claimed cards; how many were still ours."""
    return recording.record(claim=claimed.claim, exchanges=exchanges, is_probe=claimed.is_probe, now=now)


def let_others_first(*, cards: Collection[int]) -> None:
    """These have just come by the thousand: whoever is new at the desk need not wait until they are sent."""
    CardUpload.objects.filter(pk__in=cards).update(priority=CardUpload.Priority.BACKFILL)


def pull_forward(*, now: datetime) -> int:
    """What a clock that was set back, or one that goes ahead, would hold up for hours is due now; how many.

    One statement when there is none.
    """
    pulled = 0
    while CardUpload.objects.put_off(now).exists():
        with transaction.atomic():
            # An import may hold some of these rows and come to wait for one that we hold:
            # what somebody else has locked is left to the next time.
            free = CardUpload.objects.put_off(now).select_for_update(skip_locked=True, no_key=True)
            ids = list(free.values_list("pk", flat=True)[:_PULLED])
            CardUpload.objects.filter(pk__in=ids).update(due_at=now)
        pulled += len(ids)
        if len(ids) < _PULLED:
            break
    return pulled


def send_again(*, cards: Collection[int], by: Actor, now: datetime) -> int:
    """Let these cards (ids) wait for a new attempt, whatever came of the last; how many.

    One that is in flight is left alone, unless its sender is silent.
    """
    busy = Q(state=CardUpload.State.IN_FLIGHT, claimed_until__gt=now)
    free = CardUpload.objects.filter(pk__in=cards).exclude(busy)
    count = free.update(**verdicts.waiting(now), claim=None, claimed_until=None)
    logger.info("%d cards are to be sent to the MIP again, asked by %s", count, by)
    return count
