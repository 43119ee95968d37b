"""Alarms: which checks there are, what they find, and who has taken note of it.

A round asks every check outside any transaction, then writes down in one what began and what ended, with the notices
that are to go out (`lmis.services.alarm_notices`). It may be killed anywhere and run twice at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import Alarm, AlarmQuiet, AlarmRound
from lmis.services import alarm_notices, journal

logger = logging.getLogger(__name__)
EVERY = timedelta(seconds=55)  # between rounds; beat asks each minute
STALE = timedelta(minutes=3)  # without a round for so long nobody watches
LONGEST_QUIET = timedelta(days=7)
Facts = dict[str, Any]


class QuietNotSensible(Refusal):
    """An end of the quiet that is past or too far away. Never from the API."""

    status = 409
    message = _("An alarm can be quiet for seven days at most. Choose a moment within them.")


@dataclass(frozen=True, slots=True)
class Check:
    """`find` gives, for a moment, what is wrong in numbers and codes, or None while all is well. It may wait for the
    network, for a bounded time. `text` is filled with what it found; nothing personal may be in either. It must find
    it for as long as `after`, so that a restart raises no alarm. What is `everybodys` stands on every start page: the
    region does not learn of patients or places, and those who watch may not be looking.
    """

    name: str
    title: Any
    text: Any
    find: Callable[[datetime], Facts | None]
    after: timedelta = timedelta()
    everybodys: bool = False

    def in_words(self, facts: Mapping[str, Any]) -> str:
        """The text, with the facts in it; one that lacks some of them stays as it is."""
        try:
            return str(self.text) % facts
        except (KeyError, TypeError, ValueError):
            return str(self.title)


@dataclass(frozen=True, slots=True)
class Line:
    """An alarm in words; `quiet_until` when nobody is told of it."""

    alarm: Alarm
    title: Any
    text: str
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class Unheard:
    """Titles of alarms; `mark` is another as soon as they are others."""

    mark: str
    titles: list[Any]


CHECKS: dict[str, Check] = {}


def watch(check: Check) -> None:
    """Said once a check, when the apps are ready."""
    CHECKS[check.name] = check


def look(*, now: datetime) -> bool:
    """Look at all checks and send what is to be told; False when somebody has just done so."""
    if not _take_round(now):
        return False
    found = {name: answer for name, check in CHECKS.items() if (answer := _ask(check, now)) is not _UNKNOWN}
    _write_down(found, now)
    alarm_notices.deliver(now=now)
    return True


def open_ones() -> list[Alarm]:
    """What is wrong just now, the oldest first; one statement."""
    return list(Alarm.objects.filter(ended_at__isnull=True, name__in=CHECKS).order_by("since", "pk"))


def lines(*, now: datetime) -> list[Line]:
    """What is wrong just now, in words. Two statements."""
    quiet = quiet_until(now)
    found = [(one, CHECKS[one.name]) for one in open_ones()]
    return [Line(one, check.title, check.in_words(one.facts), quiet.get(one.name)) for one, check in found]


def unheard(*, now: datetime, watches: bool) -> Unheard:
    """What is wrong just now and nobody has taken note of, for a start page: all of it for whoever watches the
    exchange, else what is everybody's. Three statements.

    That nobody looks at the checks any more is one of them, the worst; before the first look nothing is known.
    """
    at = last_look()
    blind = at is not None and is_stale(at, now)
    shown = [one for one in lines(now=now) if not (one.alarm.acknowledged_at or one.quiet_until)]
    shown = [one for one in shown if watches or CHECKS[one.alarm.name].everybodys]
    titles = [_("Nobody watches over the exchange")] * blind + [one.title for one in shown]
    return Unheard(".".join(["blind"] * blind + [one.alarm.name for one in shown]) or "none", titles)


def last_look() -> datetime | None:
    """When the checks were looked at last; one statement."""
    return AlarmRound.objects.values_list("at", flat=True).filter(pk=1).first()


def is_stale(at: datetime, now: datetime) -> bool:
    """Whether that look is no look of these minutes; one ahead of us neither, for the clock was set back since then."""
    return abs(now - at) > STALE


def acknowledge(*, alarm_id: int, by: Actor, now: datetime) -> bool:
    """Somebody knows of it; False when it is over or somebody else knows already."""
    with transaction.atomic():
        # Two operators at once would both sign it: the row is locked, the second finds the first one's name.
        alarm = Alarm.objects.select_for_update().filter(pk=alarm_id, ended_at__isnull=True).first()
        if alarm is None or alarm.acknowledged_at is not None:
            return False
        journal.note_changed(alarm, {"acknowledged_at": now, "acknowledged_by": by.label}, by=by)
        alarm.acknowledged_at, alarm.acknowledged_by, alarm.user = now, by.label, by.user
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "user"])
    return True


def keep_quiet(*, name: str, until: datetime, by: Actor, now: datetime) -> None:
    """Tell nobody of this check until then, say during planned work; it is shown all the same.

    `until` may be `now`: the quiet ends. Raises QuietNotSensible for an unknown check or an end in the past or further
    than a week away.
    """
    if name not in CHECKS or not now <= until <= now + LONGEST_QUIET:
        raise QuietNotSensible
    with transaction.atomic():
        AlarmQuiet.objects.get_or_create(name=name, defaults={"until": now, "set_by": by.label})
        row = AlarmQuiet.objects.select_for_update().get(name=name)
        journal.note_changed(row, {"until": until, "set_by": by.label}, by=by)
        row.until, row.set_by = until, by.label
        row.save()


def quiet_until(now: datetime) -> dict[str, datetime]:
    """Which checks are quiet, and until when; one statement."""
    return dict(AlarmQuiet.objects.filter(until__gt=now).values_list("name", "until"))


_UNKNOWN: Facts = {"unknown": True}


def _take_round(now: datetime) -> bool:
    AlarmRound.objects.get_or_create(pk=1, defaults={"at": now - 2 * EVERY})
    # Beat's process, workers and the task may all be about to look:
    # whoever moves the moment on does, the others find it moved.
    # After a clock was set back nobody would look until it is as late again; machines may differ by less.
    due = Q(at__lte=now - EVERY) | Q(at__gt=now + EVERY)
    return bool(AlarmRound.objects.filter(due, pk=1).update(at=now))


def _ask(check: Check, now: datetime) -> Facts | None:
    """What it finds; `_UNKNOWN` when it failed: then nothing begins and nothing ends."""
    try:
        return check.find(now)
    except Exception:
        logger.exception("the check %s failed", check.name)
        return _UNKNOWN


def _write_down(found: Mapping[str, Facts | None], now: datetime) -> None:
    with transaction.atomic(durable=True):
        # Two rounds that overlap would both open an alarm:
        # the round's row is locked first, the second sees what the first has opened.
        this_round = AlarmRound.objects.select_for_update().get(pk=1)
        found = _lasting(this_round, found, now)
        quiet = quiet_until(now)
        opened = {alarm.name: alarm for alarm in Alarm.objects.filter(ended_at__isnull=True)}
        for name in [*found, *(opened.keys() - CHECKS.keys())]:  # a check that is no more ends its alarm
            facts, alarm = found.get(name), opened.get(name)
            if facts is None:
                _end(alarm, now)
                continue
            alarm = alarm or Alarm(name=name, since=now)
            alarm.facts = facts
            alarm.save()
            if name not in quiet:
                alarm_notices.begins(alarm, now=now)


def _lasting(this_round: AlarmRound, found: Mapping[str, Facts | None], now: datetime) -> dict[str, Facts | None]:
    """Without what has not lasted long enough yet to be an alarm; since when it is there is kept in the round."""
    known = {name: since for name, since in this_round.suspected.items() if found.get(name, _UNKNOWN) is not None}
    known = {name: min(since, now.isoformat(), key=datetime.fromisoformat) for name, since in known.items()}
    fresh = {name for name, facts in found.items() if facts is not None} - known.keys()
    suspected = known | dict.fromkeys(fresh, now.isoformat())
    if suspected != this_round.suspected:
        AlarmRound.objects.filter(pk=1).update(suspected=suspected)
    young = {
        name
        for name, since in suspected.items()
        if name in CHECKS and now - datetime.fromisoformat(since) < CHECKS[name].after
    }
    return {name: None if name in young else facts for name, facts in found.items()}


def _end(alarm: Alarm | None, now: datetime) -> None:
    if alarm is None:
        return
    alarm.ended_at = max(now, alarm.since)
    alarm.save(update_fields=["ended_at"])
    alarm_notices.ends(alarm, now=now)
