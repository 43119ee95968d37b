"""How many cards may be sent just now, and how many of them at the same time: pauses, the gate, the rate, the share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from lmis.rows import execute
from patients.models import CardUpload, ExchangePause, ExchangeSettings, Reconciliation
from patients.services import gate, pauses

_BURST = 1.0  # seconds' worth of cards that may be saved up
_PORTION = 0.25  # seconds' worth that is waited for at least: a claim for each single card would be costly
_LOCK = 0x7368617265  # of whoever takes a share, or a place beside them
_SENDERS = 2  # that the sweeps keep at work: alone, one would leave the other processors of the machine idle


@dataclass(frozen=True, slots=True)
class Permit:
    """So many cards; `parallel` of all senders' at the same time; `probing` when one tries the way for all; none for
    the rate's sake, and then some in `again_in` seconds."""

    cards: int
    parallel: int
    probing: bool = False
    again_in: float = 0.0


NOTHING = Permit(0, 1)


def permit(*, now: datetime, wanted: int) -> Permit:
    """What may be sent now, at most `wanted`. In the transaction that claims; three statements, four with a rate."""
    passage = gate.passage(now=now)
    if passage is gate.Passage.SHUT or ExchangePause.objects.on(now).exists():
        return NOTHING
    settings = pauses.settings_now()
    if passage is gate.Passage.PROBE:
        return Permit(1, settings.parallel, probing=True)
    if settings.rate is None:
        return Permit(wanted, settings.parallel)
    return _from_bucket(now=now, wanted=wanted)


def is_held_up(*, now: datetime) -> bool:
    """No question is put: a pause lasts, or the gate is shut, if only until a card tries it. Two statements."""
    return ExchangePause.objects.on(now).exists() or gate.passage(now=now) is not gate.Passage.FREE


def to_ask(*, claim: UUID, until: datetime, now: datetime) -> gate.Passage:
    """Whether a question that sends no card may be put to the MIP, as a probe until then if need be.

    A card that could be sent is the better probe: it tries what most of us do. Outside transactions; a probe tells the
    gate what came of it. Two statements, four when a probe is due.
    """
    if ExchangePause.objects.on(now).exists():
        return gate.Passage.SHUT
    passage = gate.passage(now=now)
    if passage is not gate.Passage.PROBE:
        return passage
    if CardUpload.objects.sendable(now).exists() or not gate.take_probe(claim=claim, until=until, now=now):
        return gate.Passage.SHUT
    return gate.Passage.PROBE


def _from_bucket(*, now: datetime, wanted: int) -> Permit:
    # Two workers would each take what the bucket holds:
    # its row is locked, so the second finds what the first has left.
    row = ExchangeSettings.objects.select_for_update(no_key=True).get(pk=1)
    rate = row.rate or wanted
    passed = (now - row.refilled_at).total_seconds() if row.refilled_at else _BURST
    held = min(row.tokens + max(passed, 0.0) * rate, max(rate * _BURST, 1.0))
    cards = min(wanted, int(held))
    ExchangeSettings.objects.filter(pk=1).update(tokens=held - cards, refilled_at=now)
    return Permit(cards, row.parallel, again_in=0.0 if cards else max(_PORTION, (1 - held) / rate))


def share(*, now: datetime, cards: int, of: int, parallel: int) -> tuple[int, int]:
    """How many of these cards a sender sends at the same time, at most half of `parallel`, and how many it takes: `of`
    if it has that half, else fewer. (0, 0) when others have all; a reconciliation that asks has one.

    In the transaction that claims, at its end: nobody else is given a share before it is committed. What a claim holds
    comes back with its cards' answers, or when it runs out. Two statements, none without cards.
    """
    if not cards:
        return 0, 0
    # Two senders at once would both count what is left, and both take it:
    # one counts after the other has committed. It counts in a statement of its own, which sees that.
    execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    left = parallel - CardUpload.objects.at_once(now, beside=Reconciliation.objects.asking(now))
    most = -(-parallel // _SENDERS)
    together = max(0, min(cards, most, left))
    # Who sends one at a time would keep a whole batch from somebody who sends many.
    return together, min(cards, max(together, of * together // most))


def has_room(*, now: datetime) -> bool:
    """Whether a question may be put beside the cards that are being sent. In a transaction; three statements.

    For the holder of a reconciliation that asks: whoever claims after it has become that leaves it a place, so there is
    room as soon as those have done who claimed before. Until then it has to wait.
    """
    # A sender that has not seen the holder yet may be taking all there is:
    # it has committed, and is counted, once the lock is ours.
    execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    return CardUpload.objects.at_once(now) < pauses.settings_now().parallel


def give_back(*, cards: int) -> None:
    """So many of a permit were not needed; without a rate nothing happens."""
    if cards:
        ExchangeSettings.objects.filter(pk=1, rate__isnull=False).update(tokens=F("tokens") + cards)
