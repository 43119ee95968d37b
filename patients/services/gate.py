"""The gate to the MIP: shut for all while it refuses our credentials, tried by one probe at a time."""

from __future__ import annotations

import enum
import logging
from datetime import datetime, timedelta
from uuid import UUID

from lmis.actors import Actor
from patients.mip import pace
from patients.models import MipGate

logger = logging.getLogger(__name__)
_ONLY = 1


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


def refused(*, reason: str, claim: UUID, now: datetime) -> None:
    """The MIP did not accept our credentials: shut the gate, or keep it shut for longer. In a transaction."""
    MipGate.objects.get_or_create(pk=_ONLY)
    gate = MipGate.objects.select_for_update().get(pk=_ONLY)
    # Eight senders on their way are all refused at once, and that is one refusal:
    # only the first shuts the gate, only the probe keeps it shut for longer.
    if gate.closed_until is not None and gate.probe != claim:
        return
    gate.failures += 1
    gate.closed_until = now + pace.before_probe(gate.failures)
    gate.since, gate.reason, gate.probe = gate.since or now, reason, None
    gate.save()
    logger.error("the MIP refuses our login (%s); no card is sent before %s", reason, gate.closed_until.isoformat())


def passed(*, claim: UUID) -> None:
    """The probe got through: open the gate. One statement."""
    opened = MipGate.objects.filter(pk=_ONLY, probe=claim).update(
        closed_until=None, since=None, reason="", failures=0, probe=None
    )
    if opened:
        logger.warning("the MIP accepts our login again; uploads go on")


def try_now(*, by: Actor, now: datetime) -> bool:
    """Let the next card be the probe, say after the password was mended; False when the gate is open."""
    due = MipGate.objects.filter(pk=_ONLY, closed_until__gt=now).update(closed_until=now - timedelta(seconds=1))
    if due:
        logger.info("the MIP is to be tried at once, asked by %s", by)
    return bool(due)
