"""Figures on the uploads to the MIP, for `/metrics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from lmis.ops.metrics import Buckets, Metric, source
from patients.models import CardUpload, ExchangeFigures, ExchangePause, MipGate
from patients.services import figures, totals

_TOO_OLD = timedelta(minutes=5)  # then nobody counts any more, and a figure that stands still would hide it


@source
def uploads() -> Iterator[Metric]:
    """How many cards are in which state, and how long the oldest change has been waiting.

    As the operators' page has it: counted every few seconds by all processes together, not by each scrape.
    """
    found = _figures()
    count: Counter[str] = Counter()
    for state, _code, cards in found.reasons:
        count[state] += cards
    states = [({"state": state}, float(count[state])) for state in CardUpload.State.values]
    yield Metric("uploads", "Cards by the state of their upload to the MIP.", states)
    age = max((timezone.now() - found.oldest_since).total_seconds(), 0.0) if found.oldest_since else 0.0
    yield Metric.single("oldest_unsent_seconds", "Age of the oldest change that the MIP has not been told.", age)
    failing = "Changed cards that were sent again and again and that the MIP does not take."
    yield Metric.single("uploads_failing", failing, float(found.failing))
    concerned = "Patients of the next 7 days whose card the MIP does not have."
    yield Metric.single("patients_concerned", concerned, float(found.concerned))


@source
def attempts() -> Iterator[Metric]:
    """Sendings, by what came of them. One statement."""
    found = totals.read()
    counts = [({"outcome": one.outcome}, float(one.count)) for one in found]
    yield Metric("upload_attempts_total", "Sendings since the installation, by outcome.", counts, "counter")
    times = [
        (
            {"outcome": one.outcome},
            Buckets(one.count, one.milliseconds / 1000, {bound / 1000: n for bound, n in one.within.items()}),
        )
        for one in found
    ]
    yield Metric("upload_attempt_seconds", "How long sendings took.", times, "histogram")


@source
def exchange() -> Iterator[Metric]:
    """What holds all cards back. Two statements."""
    gate = MipGate.objects.filter(closed_until__isnull=False).first()
    kinds = [({"kind": kind}, float(gate is not None and gate.kind == kind)) for kind in MipGate.Kind.values]
    yield Metric("gate_shut", "1 while no card is sent: the MIP refuses our login, is away, or asks us to wait.", kinds)
    paused = ExchangePause.objects.on(timezone.now()).exists()
    yield Metric.single("exchange_paused", "1 while an operator has paused the uploads.", float(paused))


def _figures() -> ExchangeFigures:
    now = timezone.now()
    kept = figures.read()
    return kept if kept is not None and abs(now - kept.counted_at) < _TOO_OLD else figures.count(now=now)
