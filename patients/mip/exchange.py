"""One sending with what is worth remembering of it, and many at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
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


def send_all(cards: Sequence[Patient], *, parallel: int, until: datetime) -> Iterator[Exchange | Patient]:
    """Send them, so many at the same time; each exchange as soon as it is answered. Threads touch no database.

    None is begun after `until`: such a card comes back as it is.
    """
    if len(cards) <= 1:
        yield from (_send_in_time(card, until) for card in cards)
        return
    with ThreadPoolExecutor(min(parallel, len(cards)), thread_name_prefix="mip") as pool:
        for done in as_completed([pool.submit(_send_in_time, card, until) for card in cards]):
            yield done.result()


def _send_in_time(card: Patient, until: datetime) -> Exchange | Patient:
    return send(card) if timezone.now() < until else card
