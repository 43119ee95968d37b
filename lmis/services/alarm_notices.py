"""Telling of alarms by e-mail and webhook, when one begins and when it ends, from rows that outlive a process."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lmis import outgoing
from lmis.models import Alarm, AlarmNotice

logger = logging.getLogger(__name__)
Event, Channel = AlarmNotice.Event, AlarmNotice.Channel
_HELD = timedelta(minutes=2)  # longer than a sending may take
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_OLD = timedelta(days=3)  # nobody needs to hear of it then
_AT_ONCE = 20
_STEP = 10.0  # seconds, of a webhook's


def begins(alarm: Alarm, *, now: datetime) -> None:
    """Have it told that this began, by each channel there is; a second call changes nothing. In a transaction."""
    _ask_for(alarm, Event.BEGINS, channels(), now)


def ends(alarm: Alarm, *, now: datetime) -> None:
    """Have it told that this ended, to whom it was told that it began. In a transaction."""
    told = alarm.notices.filter(event=Event.BEGINS).values_list("channel", flat=True)
    _ask_for(alarm, Event.ENDS, [Channel(one) for one in told], now)


def channels() -> list[AlarmNotice.Channel]:
    """Those that the settings name."""
    known = {Channel.EMAIL: settings.ALARMS["EMAILS"], Channel.WEBHOOK: settings.ALARMS["WEBHOOK"]}
    return [channel for channel, wanted in known.items() if wanted]


def deliver(*, now: datetime) -> int:
    """Send what is due, outside of transactions; how many got through. Safe to be killed and to run twice at once."""
    sent = 0
    for _number in range(_AT_ONCE):
        notice = _claim(now)
        if notice is None:
            break
        sent += _send(notice, now)
    return sent


def _ask_for(alarm: Alarm, event: AlarmNotice.Event, by: list[AlarmNotice.Channel], now: datetime) -> None:
    rows = [AlarmNotice(alarm=alarm, event=event, channel=channel, due_at=now) for channel in by]
    AlarmNotice.objects.bulk_create(rows, ignore_conflicts=True)


def _claim(now: datetime) -> AlarmNotice | None:
    """One that is due and that nobody is sending; committed on return. The end of an alarm waits for its beginning."""
    # What lies further ahead than we ever put it was put there before the clock was set back.
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now) | Q(claimed_until__gt=now + 2 * _HELD)
    due = Q(due_at__lte=now) | Q(attempts=0) | Q(due_at__gt=now + _LONGEST)
    first = AlarmNotice.objects.filter(
        alarm=OuterRef("alarm"), channel=OuterRef("channel"), event=Event.BEGINS, sent_at__isnull=True
    )
    unsent = AlarmNotice.objects.filter(free, due, sent_at__isnull=True, due_at__gt=now - _OLD)
    unsent = unsent.exclude(Exists(first), event=Event.ENDS)
    with transaction.atomic(durable=True):
        # Two processes at once would both send it: whoever locks the row first has it, the other skips it.
        rows = unsent.select_related("alarm").order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",))
        notice = rows.first()
        if notice is not None:
            AlarmNotice.objects.filter(pk=notice.pk).update(claimed_until=now + _HELD, attempts=F("attempts") + 1)
    return notice


def _send(notice: AlarmNotice, now: datetime) -> bool:
    told = _told(notice)
    try:
        (_by_email if notice.channel == Channel.EMAIL else _by_webhook)(notice, told)
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:  # smtplib's are OSErrors
        wait = min(_LONGEST, _FIRST * 2 ** min(notice.attempts, 10))
        what = type(error).__name__
        AlarmNotice.objects.filter(pk=notice.pk).update(due_at=now + wait, claimed_until=None, error=what)
        logger.warning("notice %d of an alarm was not sent by %s: %s", notice.pk, notice.channel, what)
        return False
    AlarmNotice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), claimed_until=None, error="")
    return True


def _told(notice: AlarmNotice) -> dict[str, str]:
    """Title and text, in the language of the site."""
    from lmis.services.alarms import CHECKS

    check = CHECKS.get(notice.alarm.name)
    with translation.override(settings.LANGUAGE_CODE):
        title = str(check.title) if check else notice.alarm.name
        text = check.in_words(notice.alarm.facts) if check else ""
        over = notice.event == Event.ENDS
        return {"title": (_("Over: %s") if over else _("Alarm: %s")) % title, "text": "" if over else text}


def _by_email(notice: AlarmNotice, told: Mapping[str, str]) -> None:
    """The same id for the same notice: a mail server that has it already may drop the second."""
    since = timezone.localtime(notice.alarm.since)
    body = f"{told['title']}\n{told['text']}\n\n{since:%d.%m.%Y %H:%M} {settings.ALARMS['SITE']}\n"
    EmailMessage(
        subject=f"[LMIS] {told['title']}",
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=settings.ALARMS["EMAILS"],
        headers={"Message-ID": f"<alarm-{notice.pk}-{notice.alarm.since.timestamp():.0f}@lmis>"},
    ).send()


def _by_webhook(notice: AlarmNotice, told: Mapping[str, Any]) -> None:
    alarm = notice.alarm
    body = {
        "id": notice.pk,
        "event": notice.event,
        "check": alarm.name,
        "since": alarm.since.isoformat(),
        "ended": alarm.ended_at.isoformat() if alarm.ended_at and notice.event == Event.ENDS else None,
        "site": settings.ALARMS["SITE"],
        **told,
    }
    key = {"Idempotency-Key": f"alarm-{notice.pk}-{notice.event}"}
    with outgoing.client(headers=key, timeout=_STEP) as client:
        url, in_all = settings.ALARMS["WEBHOOK"], 2 * _STEP
        outgoing.ask(client, "POST", url, seconds=in_all, most=None, json=body).raise_for_status()
