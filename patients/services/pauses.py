"""What operators set: pauses of the exchange, its pace, and the marks that these leave on the charts."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from lmis.actors import Actor
from lmis.services import journal
from patients.exceptions import PauseNotSensible
from patients.models import ExchangeMark, ExchangePause, ExchangeSettings

logger = logging.getLogger(__name__)
LONGEST = timedelta(days=7)
Kind = ExchangeMark.Kind


def pause(*, reason: str, until: datetime, by: Actor, now: datetime) -> ExchangePause:
    """Send nothing until then; a pause that lasts already is ended by this one.

    Raises PauseNotSensible without a reason, or with an end in the past or further than a week away.
    """
    if not reason.strip() or not now < until <= now + LONGEST:
        raise PauseNotSensible
    with transaction.atomic():
        # Two operators at once would each end the other's pause and then both begin one:
        # the settings' row is locked first, so the second sees the first one's.
        lock_settings()
        _end(by=by, now=now)
        made = ExchangePause.objects.create(
            reason=reason.strip()[:255], since=now, until=until, started_by=by.label, user=by.user
        )
        journal.note_created(made, by=by)
        mark(kind=Kind.PAUSE, text=made.reason, by=by, now=now)
    logger.warning("uploads to the MIP are paused until %s, asked by %s", until.isoformat(), by)
    return made


def resume(*, by: Actor, now: datetime) -> bool:
    """Go on; False when nothing was paused."""
    with transaction.atomic():
        lock_settings()
        ended = _end(by=by, now=now)
        if ended:
            mark(kind=Kind.RESUME, text="", by=by, now=now)
    return ended


def change_settings(*, rate: int | None, parallel: int, by: Actor, now: datetime) -> ExchangeSettings:
    """Set the pace: cards a second (None: no limit of ours) and how many all workers together send at the same time;
    counts at once."""
    with transaction.atomic():
        row = lock_settings()
        journal.note_changed(row, {"rate": rate, "parallel": parallel}, by=by)
        row.rate, row.parallel, row.changed_by, row.changed_at = rate, parallel, by.label, now
        row.tokens = 0.0
        row.full_clean()
        row.save()
        text = f"{rate or '∞'}/s, {parallel}"
        mark(kind=Kind.SETTINGS, text=text, by=by, now=now)
    return row


def mark(*, kind: str, text: str, by: Actor, now: datetime) -> ExchangeMark:
    """Leave a mark on the charts. One statement."""
    return ExchangeMark.objects.create(at=now, kind=kind, text=text[:255], by=by.label)


def settings_now() -> ExchangeSettings:
    """What is set; as it comes while nobody has set anything. One statement."""
    return ExchangeSettings.objects.filter(pk=1).first() or ExchangeSettings()


def lock_settings() -> ExchangeSettings:
    """The settings' row, locked: whatever operators set waits here for what another one is setting."""
    ExchangeSettings.objects.get_or_create(pk=1)
    return ExchangeSettings.objects.select_for_update().get(pk=1)


def _end(*, by: Actor, now: datetime) -> bool:
    """End the pause that was begun last; one that ended by itself is only written down."""
    row = ExchangePause.objects.select_for_update().filter(ended_at__isnull=True).first()
    if row is None:
        return False
    lasted = row.until > now
    if lasted:
        journal.note_changed(row, {"ended_at": now, "ended_by": by.label}, by=by)
    row.ended_at, row.ended_by = (now, by.label) if lasted else (row.until, "")
    row.save(update_fields=["ended_at", "ended_by"])
    return lasted
