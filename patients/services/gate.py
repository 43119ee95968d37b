"""The gate to the MIP: shut for all while it refuses our login, is away or asks us to wait; tried by one probe."""

from __future__ import annotations

import enum
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from lmis.actors import SYSTEM, Actor
from patients.mip import pace
from patients.mip.outcomes import Credentials, Later, Outcome
from patients.models import ExchangeMark, MipGate
from patients.services import pauses

logger = logging.getLogger(__name__)
_ONLY = 1
OUTAGE_AFTER = 10  # failures one after another, over all senders, that are no card's fault
OUTAGE_LASTS = timedelta(seconds=60)  # or so long nothing but failures, of more than one card
FRESH = 3  # failures that one card tells of: what fails again and again while others get through is its own trouble
THROTTLED = "http_429"
QUESTION = 0  # instead of a card's id: what sent no card
Kind = MipGate.Kind


class Passage(enum.Enum):
    """Who may go through."""

    FREE = "free"
    PROBE = "probe"
    SHUT = "shut"


def passage(*, now: datetime) -> Passage:
    """Free, shut, or shut but due for one probe. One statement."""
    gate = MipGate.objects.filter(pk=_ONLY).first()
    if gate is None or gate.closed_until is None:
        return Passage.FREE
    return Passage.PROBE if gate.closed_until <= now else Passage.SHUT


def take_probe(*, claim: UUID, until: datetime, now: datetime) -> bool:
    """Be the one that tries, until then; False when another is. One statement."""
    # Two senders may both have read that a probe is due:
    # the second finds the time moved on and gets nothing.
    return bool(MipGate.objects.filter(pk=_ONLY, closed_until__lte=now).update(closed_until=until, probe=claim))


def heard(*, told: Sequence[tuple[int, Outcome]], claim: UUID, is_probe: bool, now: datetime) -> None:
    """Draw the conclusions from some answers, each with its card's id, in their order; a probe that brings no bad one
    has got through.

    In a transaction; writes nothing while all is well.
    """
    gate = MipGate.objects.filter(pk=_ONLY).first()
    troubled = any(isinstance(outcome, Credentials | Later) for _card, outcome in told)
    if not troubled and (gate is None or (gate.closed_until is None and gate.streak == 0)):
        return
    MipGate.objects.get_or_create(pk=_ONLY)
    gate = MipGate.objects.select_for_update().get(pk=_ONLY)
    # Eight senders on their way are all refused at once, and that is one refusal:
    # while the gate is shut only the probe may shut it for longer, or open it.
    if gate.closed_until is not None and not (is_probe and gate.probe == claim):
        return
    for card, outcome in told:
        _count(gate, card, outcome, now)
        if gate.closed_until is not None and not is_probe:
            break  # those sent beside it were refused for the same reason
    if is_probe and gate.probe == claim:
        _open(gate, now)
    gate.save()


def give_up_probe(*, claim: UUID, now: datetime) -> None:
    """The one that was to try has learnt nothing of the MIP: the next may at once. One statement."""
    MipGate.objects.filter(pk=_ONLY, probe=claim).update(probe=None, closed_until=now)


def is_of_all(outcome: Credentials | Later, *, failures: int) -> bool:
    """Whether the answer to a question says something of the way for cards, too, and not of the question alone, which
    has had so many failures already."""
    if isinstance(outcome, Credentials) or outcome.reason == THROTTLED:
        return True
    return failures < FRESH and outcome.reason != "bad_answer" and not outcome.reason.startswith("http_4")


def try_now(*, by: Actor, now: datetime) -> bool:
    """Let the next card be the probe, say after the password was mended; False when the gate is open."""
    due = MipGate.objects.filter(pk=_ONLY, closed_until__gt=now).update(closed_until=now - timedelta(seconds=1))
    if due:
        logger.info("the MIP is to be tried at once, asked by %s", by)
    return bool(due)


def _count(gate: MipGate, card: int, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Credentials(reason):
            _shut(gate, Kind.CREDENTIALS, reason, now)
        case Later(reason, retry_after) if reason == THROTTLED:
            _shut(gate, Kind.THROTTLED, reason, now, wait=timedelta(seconds=retry_after or 1.0))
        case Later(reason, retry_after):
            gate.streak += gate.failed_last != card  # a card that fails again, mended or not, is no further witness
            gate.failed_last = card
            gate.failing_since = gate.failing_since or now
            # A quiet clinic sends too few cards for a run of ten; but what shuts the gate is never one card alone.
            lasts = gate.streak > FRESH and now - gate.failing_since >= OUTAGE_LASTS
            if lasts or gate.streak >= OUTAGE_AFTER or gate.probe is not None:
                _shut(gate, Kind.OUTAGE, reason, now, at_least=timedelta(seconds=retry_after or 0.0))
        case _:
            gate.streak, gate.failing_since, gate.failed_last = 0, None, None


def _shut(
    gate: MipGate,
    kind: MipGate.Kind,
    reason: str,
    now: datetime,
    wait: timedelta | None = None,
    at_least: timedelta = timedelta(),
) -> None:
    """Shut it, or keep it shut for longer: each time in a row doubles the wait, what the MIP asks for is kept.

    `wait` is instead of that, `at_least` beside it.
    """
    fresh = gate.closed_until is None
    gate.failures += 1
    gate.closed_until = now + (wait or max(at_least, pace.before_probe(gate.failures)))
    gate.since, gate.kind, gate.reason, gate.probe = gate.since or now, kind, reason, None
    if fresh:
        pauses.mark(kind=ExchangeMark.Kind.GATE_SHUT, text=reason, by=SYSTEM, now=now)
    level = logging.ERROR if kind == Kind.CREDENTIALS else logging.WARNING
    what = "refuses our login" if kind == Kind.CREDENTIALS else "is not to be reached"
    logger.log(level, "the MIP %s (%s); no card is sent before %s", what, reason, gate.closed_until.isoformat())


def _open(gate: MipGate, now: datetime) -> None:
    """The probe got through."""
    gate.closed_until, gate.since, gate.probe, gate.failing_since, gate.failed_last = None, None, None, None, None
    gate.kind, gate.reason, gate.failures, gate.streak = "", "", 0, 0
    pauses.mark(kind=ExchangeMark.Kind.GATE_OPEN, text="", by=SYSTEM, now=now)
    logger.warning("the MIP takes cards again; uploads go on")
