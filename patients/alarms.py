"""Checks of the uploads to the MIP."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lmis.actors import SYSTEM
from lmis.models import Heartbeat
from lmis.ops.heartbeat import EACH_BEAT
from lmis.services import alarms
from lmis.services.alarms import Check, Facts
from patients.models import CardUpload, ExchangeMark, ExchangePause, MipGate, Reconciliation
from patients.services import exchange_words, figures, pauses

OLD = timedelta(minutes=15)
LONG_PAUSE = timedelta(hours=1)
LONG_SHUT = timedelta(minutes=15)
LATE = timedelta(hours=36)
MOST = 1000  # cards that are counted


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
    """A change has been waiting for too long; existing cards that are uploaded bit by bit are not counted, nor those
    that fail by themselves."""
    oldest = figures.oldest_unsent()
    since: datetime | None = oldest.since if oldest else None  # type: ignore[attr-defined]  # annotated
    if since is None or now - since <= OLD:
        return None
    return {"minutes": int((now - since).total_seconds()) // 60}


def cards_failing(now: datetime) -> Facts | None:
    """Changes that were sent again and again and that the MIP does not take."""
    count = figures.failing().order_by()[:MOST].count()
    return {"count": count} if count else None


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
    """The nightly comparison has not come to its end lately; of one that never did the next check tells."""
    done = Reconciliation.objects.filter(stage=Reconciliation.Stage.DONE).order_by("-started_at").first()
    if done is None or done.ended_at is None or now - done.ended_at <= LATE:
        return None
    return {"hours": int((now - done.ended_at).total_seconds()) // 3600}


def never_reconciled(now: datetime) -> Facts | None:
    """Comparisons were begun and none has ever come to its end; the first nights are left to it."""
    runs = Reconciliation.objects.order_by("started_at")
    first = runs.first()
    if first is None or now - first.started_at <= LATE or runs.filter(stage=Reconciliation.Stage.DONE).exists():
        return None
    failed = runs.exclude(error="").last()
    reason = exchange_words.plain(failed.error) if failed else "-"
    return {"hours": int((now - first.started_at).total_seconds()) // 3600, "reason": reason}


def refused_left(now: datetime) -> Facts | None:
    """Cards that the MIP refused long ago and nobody has mended; news of cards out of use are among them."""
    days: int = settings.ALARMS["REFUSED_DAYS"]
    left = CardUpload.objects.refused().filter(last_attempt_at__lt=now - timedelta(days=days))
    count = left.order_by()[:MOST].count()
    return {"count": count, "days": days} if count else None


def existing_unsent(now: datetime) -> Facts | None:
    """Existing cards that were handed over for sending long ago and that the MIP has not taken."""
    days: int = settings.ALARMS["EXISTING_DAYS"]
    existing = CardUpload.objects.unsent().behind().filter(priority=CardUpload.Priority.BACKFILL)
    count = existing.filter(wanted_since__lt=now - timedelta(days=days)).order_by()[:MOST].count()
    return {"count": count, "days": days} if count else None


def _shut(kind: MipGate.Kind) -> MipGate | None:
    return MipGate.objects.filter(pk=1, kind=kind, closed_until__isnull=False).first()


CHECKS = (
    Check(
        "oldest_unsent",
        _("Changes of cards do not reach the MIP"),
        _("The oldest has been waiting for %(minutes)d minutes. The page of the exchange says why."),
        oldest_unsent,
        everybodys=True,
    ),
    Check(
        "cards_failing",
        _("Cards fail again and again"),
        _(
            "%(count)d changed cards were sent several times, and the MIP does not take them. The page of the exchange "
            'lists them by reason ("waiting to repeat"): show the reason to the operators of the MIP.'
        ),
        cards_failing,
        after=OLD,
    ),
    Check(
        "mip_credentials",
        _("The MIP does not let us in"),
        _("It refuses our login (%(reason)s); no card is sent. Mend MIP_LOGIN and MIP_PASSWORD, then try again."),
        credentials,
        everybodys=True,
    ),
    Check(
        "mip_outage",
        _("The MIP is away"),
        _("It has not taken cards for %(minutes)d minutes (%(reason)s). They wait and go out by themselves."),
        outage,
        everybodys=True,
    ),
    Check(
        "forgotten_pause",
        _("The exchange is paused and perhaps forgotten"),
        _("Paused by %(who)s, for over %(hours)d h. Resume it when its reason is gone."),
        forgotten_pause,
        everybodys=True,
    ),
    Check(
        "not_reconciled",
        _("No comparison with the MIP lately"),
        _("The last one that came to its end was %(hours)d hours ago."),
        not_reconciled,
    ),
    Check(
        "never_reconciled",
        _("No comparison with the MIP has ever come to its end"),
        _("The first was begun %(hours)d hours ago. The last error: %(reason)s."),
        never_reconciled,
    ),
    Check(
        "refused_left",
        _("Refused cards are left lying"),
        _(
            "%(count)d cards were refused by the MIP over %(days)d days ago. The registrars' list has them; those "
            "out of use are on the page of the exchange."
        ),
        refused_left,
    ),
    Check(
        "existing_unsent",
        _("Existing cards do not reach the MIP"),
        _("%(count)d of them have been on their way for over %(days)d days. The page of the exchange says why."),
        existing_unsent,
    ),
)
