"""How many cards may be sent just now: pauses, the gate, the rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from patients.models import ExchangePause, ExchangeSettings
from patients.services import gate, pauses

_BURST = 1.0  # seconds' worth of cards that may be saved up


@dataclass(frozen=True, slots=True)
class Permit:
    """So many cards, so many of them at the same time; `probing` when one tries the way for all."""

    cards: int
    parallel: int
    probing: bool = False


NOTHING = Permit(0, 1)


def permit(*, now: datetime, wanted: int) -> Permit:
    """What may be sent now, at most `wanted`. In the transaction that claims; three statements, four with a rate."""
    passage = gate.passage(now=now)
    if passage is gate.Passage.SHUT or ExchangePause.objects.on(now).exists():
        return NOTHING
    if passage is gate.Passage.PROBE:
        return Permit(1, 1, probing=True)
    settings = pauses.settings_now()
    if settings.rate is None:
        return Permit(wanted, settings.parallel)
    return _from_bucket(now=now, wanted=wanted)


def _from_bucket(*, now: datetime, wanted: int) -> Permit:
    # Two workers would each take what the bucket holds:
    # its row is locked, so the second finds what the first has left.
    row = ExchangeSettings.objects.select_for_update(no_key=True).get(pk=1)
    rate = row.rate or wanted
    passed = (now - row.refilled_at).total_seconds() if row.refilled_at else _BURST
    held = min(row.tokens + max(passed, 0.0) * rate, max(rate * _BURST, 1.0))
    cards = min(wanted, int(held))
    ExchangeSettings.objects.filter(pk=1).update(tokens=held - cards, refilled_at=now)
    return Permit(cards, row.parallel)


def give_back(*, cards: int) -> None:
    """So many of a permit were not needed; without a rate nothing happens."""
    if cards:
        ExchangeSettings.objects.filter(pk=1, rate__isnull=False).update(tokens=F("tokens") + cards)
