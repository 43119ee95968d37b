"""The gate to the MIP: shut for all while it refuses our login, is away or asks us to wait; tried by one probe."""

from __future__ import annotations

import enum
import logging
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
THROTTLED = "http_429"
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


def heard(*, outcomes: list[Outcome], claim: UUID, is_probe: bool, now: datetime) -> None:
    """Draw the conclusions from some answers, in their order. In a transaction; writes nothing while all is well."""
    gate = MipGate.objects.filter(pk=_ONLY).first()
    troubled = any(isinstance(outcome, Credentials | Later) for outcome in outcomes)
    if not troubled and (gate is None or (gate.closed_until is None and gate.streak == 0)):
        return
    MipGate.objects.get_or_create(pk=_ONLY)
    gate = MipGate.objects.select_for_update().get(pk=_ONLY)
    # Eight senders on their way are all refused at once, and that is one refusal:
    # while the gate is shut only the probe may shut it for longer, or open it.
    if gate.closed_until is not None and not (is_probe and gate.probe == claim):
        return
    for outcome in outcomes:
        _count(gate, outcome, now)
        if gate.closed_until is not None and not is_probe:
            break  # those sent beside it were refused for the same reason
    if is_probe and gate.probe == claim:
        _open(gate, now)
    gate.save()


def try_now(*, by: Actor, now: datetime) -> bool:
    """Let the next card be the probe, say after the password was mended; False when the gate is open."""
    due = MipGate.objects.filter(pk=_ONLY, closed_until__gt=now).update(closed_until=now - timedelta(seconds=1))
    if due:
        logger.info("the MIP is to be tried at once, asked by %s", by)
    return bool(due)


def _count(gate: MipGate, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Credentials(reason):
            _shut(gate, Kind.CREDENTIALS, reason, now)
        case Later(reason, retry_after) if reason == THROTTLED:
            _shut(gate, Kind.THROTTLED, reason, now, wait=timedelta(seconds=retry_after or 1.0))
        case Later(reason):
            gate.streak += 1
            if gate.streak >= OUTAGE_AFTER or gate.probe is not None:
                _shut(gate, Kind.OUTAGE, reason, now)
        case _:
            gate.streak = 0


def _shut(gate: MipGate, kind: MipGate.Kind, reason: str, now: datetime, wait: timedelta | None = None) -> None:
    """Shut it, or keep it shut for longer: each time in a row doubles the wait, what the MIP asks for is kept."""
    fresh = gate.closed_until is None
    gate.failures += 1
    gate.closed_until = now + (wait or pace.before_probe(gate.failures))
    gate.since, gate.kind, gate.reason, gate.probe = gate.since or now, kind, reason, None
    if fresh:
        pauses.mark(kind=ExchangeMark.Kind.GATE_SHUT, text=reason, by=SYSTEM, now=now)
    level = logging.ERROR if kind == Kind.CREDENTIALS else logging.WARNING
    what = "refuses our login" if kind == Kind.CREDENTIALS else "is not to be reached"
    logger.log(level, "the MIP %s (%s); no card is sent before %s", what, reason, gate.closed_until.isoformat())


def _open(gate: MipGate, now: datetime) -> None:
    """The probe got through."""
    gate.closed_until, gate.since, gate.probe = None, None, None
    gate.kind, gate.reason, gate.failures, gate.streak = "", "", 0, 0
    pauses.mark(kind=ExchangeMark.Kind.GATE_OPEN, text="", by=SYSTEM, now=now)
    logger.warning("the MIP takes cards again; uploads go on")
