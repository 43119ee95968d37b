"""One sending with what is worth remembering of it, and many at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from uuid import UUID, uuid4

from django.utils import timezone

from patients.mip import client
from patients.mip.outcomes import Outcome, Rejected
from patients.models import Patient

NO_PAPER = Rejected(code="documents_missing", field="polis.number")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A sending: `status` is None when no answer came; `request_id` went out as `X-Request-Id`."""

    card: Patient
    outcome: Outcome
    at: datetime
    milliseconds: int
    status: int | None
    request_id: UUID

    @property
    def was_sent(self) -> bool:
        """Whether the MIP was asked at all: what we refuse ourselves says nothing of it."""
        return self.outcome is not NO_PAPER


_Sending = Future[Exchange | Patient]


def send(card: Patient) -> Exchange:
    """Send one card (with `lpu` and `merged_into` loaded). Raises nothing that has to do with the network.

    A card without a polis and without a document is not sent: the MIP takes none (contract §4).
    """
    request_id, at, begun = uuid4(), timezone.now(), time.perf_counter()
    if not (card.polis_number.strip() or card.document_number.strip()):
        outcome: Outcome = NO_PAPER
        status = None
    else:
        outcome, status = client.put(card, request_id=request_id)
    took = round((time.perf_counter() - begun) * 1000)
    return Exchange(card=card, outcome=outcome, at=at, milliseconds=took, status=status, request_id=request_id)


def send_all(
    cards: Sequence[Patient], *, parallel: int, until: datetime, together: int, within: float
) -> Iterator[list[Exchange | Patient]]:
    """Send them, so many at the same time. Threads touch no database.

    The exchanges come so many `together`, and fewer when the first of them has waited for so many seconds: one that
    takes long must not keep the others' outcomes. None is begun after `until`: such a card comes back as it is.
    """
    if len(cards) <= 1:
        yield from ([_send_in_time(card, until)] for card in cards)
        return
    done = SimpleQueue[_Sending]()
    with ThreadPoolExecutor(min(parallel, len(cards)), thread_name_prefix="mip") as pool:
        for card in cards:
            pool.submit(_send_in_time, card, until).add_done_callback(done.put)
        left = len(cards)
        while left:
            some = _gather(done, min(together, left), within)
            left -= len(some)
            yield some


def _gather(done: SimpleQueue[_Sending], most: int, within: float) -> list[Exchange | Patient]:
    """The next one, and what comes soon after it."""
    some, by = [done.get().result()], time.monotonic() + within
    with suppress(Empty):
        while len(some) < most:
            some.append(done.get(timeout=max(0.0, by - time.monotonic())).result())
    return some


def _send_in_time(card: Patient, until: datetime) -> Exchange | Patient:
    return send(card) if timezone.now() < until else card
