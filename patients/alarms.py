"""Checks of the uploads to the MIP."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lmis.actors import SYSTEM
from lmis.models import Heartbeat
from lmis.ops.heartbeat import EACH_BEAT
from lmis.services import alarms
from lmis.services.alarms import Check, Facts
from patients.mip import client
from patients.models import ExchangeMark, ExchangePause, MipGate, Reconciliation
from patients.services import figures, pauses

OLD = timedelta(minutes=15)
LONG_PAUSE = timedelta(hours=1)
LONG_SHUT = timedelta(minutes=15)
LATE = timedelta(hours=36)


def connect() -> None:
    """Called once, when the apps are ready."""
    for check in CHECKS:
        alarms.watch(check)
    for hook in (count, mark_version):
        if hook not in EACH_BEAT:
            EACH_BEAT.append(hook)


def count(now: datetime) -> None:
    """Keep the figures of the operators' page fresh."""
    figures.keep(now=now)


def mark_version(now: datetime) -> None:
    """Leave a mark on the charts when a worker of another version has come. Two statements."""
    newest = Heartbeat.objects.filter(kind=Heartbeat.Kind.WORKER).exclude(version="").order_by("-started_at").first()
    if newest is None:
        return
    kind = ExchangeMark.Kind.DEPLOY
    last = ExchangeMark.objects.filter(kind=kind).order_by("-at").values_list("text", flat=True).first()
    if last == newest.version:
        return
    with transaction.atomic():
        # Every process sees it at about the same time: whoever locks first marks it, the others find the mark.
        pauses.lock_settings()
        if not ExchangeMark.objects.filter(kind=kind, text=newest.version, at__gt=newest.started_at).exists():
            pauses.mark(kind=kind, text=newest.version, by=SYSTEM, now=now)


def oldest_unsent(now: datetime) -> Facts | None:
    """A change has been waiting for too long; existing cards that are uploaded bit by bit are not counted."""
    oldest = figures.oldest_unsent() if client.is_configured() else None
    since: datetime | None = oldest.since if oldest else None  # type: ignore[attr-defined]  # annotated
    if since is None or now - since <= OLD:
        return None
    return {"minutes": int((now - since).total_seconds()) // 60}


def credentials(now: datetime) -> Facts | None:
    """The MIP refuses our login."""
    gate = _shut(MipGate.Kind.CREDENTIALS)
    return {"reason": gate.reason} if gate else None


def outage(now: datetime) -> Facts | None:
    """The MIP has been away, or has asked us to wait, for long."""
    gate = _shut(MipGate.Kind.OUTAGE) or _shut(MipGate.Kind.THROTTLED)
    if gate is None or gate.since is None or now - gate.since <= LONG_SHUT:
        return None
    return {"minutes": int((now - gate.since).total_seconds()) // 60, "reason": gate.reason}


def forgotten_pause(now: datetime) -> Facts | None:
    """Somebody has paused the exchange and gone; why is left out, for people typed it."""
    pause = ExchangePause.objects.on(now).filter(since__lt=now - LONG_PAUSE).first()
    if pause is None:
        return None
    return {"who": pause.started_by, "hours": int((now - pause.since).total_seconds()) // 3600}


def not_reconciled(now: datetime) -> Facts | None:
    """The nightly comparison has not been done; one that was never done is left to the first night."""
    done = Reconciliation.objects.filter(stage=Reconciliation.Stage.DONE).order_by("-started_at").first()
    if done is None or done.ended_at is None or now - done.ended_at <= LATE:
        return None
    return {"hours": int((now - done.ended_at).total_seconds()) // 3600}


def _shut(kind: MipGate.Kind) -> MipGate | None:
    return MipGate.objects.filter(pk=1, kind=kind, closed_until__isnull=False).first()


CHECKS = (
    Check(
        "oldest_unsent",
        _("Changes of cards do not reach the MIP"),
        _("The oldest has been waiting for %(minutes)d minutes. The page of the exchange says why."),
        oldest_unsent,
    ),
    Check(
        "mip_credentials",
        _("The MIP does not let us in"),
        _("It refuses our login (%(reason)s); no card is sent. Mend MIP_LOGIN and MIP_PASSWORD, then try again."),
        credentials,
    ),
    Check(
        "mip_outage",
        _("The MIP is away"),
        _("It has not taken cards for %(minutes)d minutes (%(reason)s). They wait and go out by themselves."),
        outage,
    ),
    Check(
        "forgotten_pause",
        _("The exchange is paused and perhaps forgotten"),
        _("Paused by %(who)s, for over %(hours)d h. Resume it when its reason is gone."),
        forgotten_pause,
    ),
    Check(
        "not_reconciled",
        _("No comparison with the MIP lately"),
        _("The last one that came to its end was %(hours)d hours ago."),
        not_reconciled,
    ),
)
