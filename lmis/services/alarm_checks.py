"""Checks of the system itself and of what the region sees: processes, broker, polls, free places, secrets."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lmis.models import ApiSecret
from lmis.ops.heartbeat import EACH_BEAT
from lmis.rows import fetch
from lmis.services import alarms, broker, heartbeats, outside, traffic
from lmis.services.alarms import Check, Facts

RESTART = 2 * alarms.EVERY  # seen missing in three rounds one after another
SILENCE = timedelta(hours=1)
FORGOTTEN = timedelta(days=7)  # a client that has had no secret for so long and calls no more is not used any more
IN_USE = timedelta(days=30)  # a secret that was used so shortly before its end was needed until then
DAY = timedelta(days=1)
SECRETS_SOON = timedelta(days=7)
FEW_DAYS = 3
APART = 60  # seconds, as patients' tokens allow
NAMED = 10


def connect() -> None:
    """Called once, when the apps are ready."""
    for check in CHECKS:
        alarms.watch(check)
    if look not in EACH_BEAT:
        EACH_BEAT.append(look)


def look(now: datetime) -> None:
    """In every process that lives: whichever comes first makes the round."""
    alarms.look(now=now)


def clocks(now: datetime) -> Facts | None:
    """The database's clock is not ours: what one writes the other takes for what is to come, or for long past."""
    seconds = round(abs((fetch("SELECT clock_timestamp()", [])[0][0] - now).total_seconds()))
    return {"seconds": seconds} if seconds > APART else None


def no_worker(now: datetime) -> Facts | None:
    """Nobody listens to the queue of the uploads, or to the one on which they are asked for."""
    present = heartbeats.present(now=now)
    unheard = present.unheard
    return {"queues": ", ".join(unheard), "others": len(present.workers)} if unheard else None


def no_beat(now: datetime) -> Facts | None:
    """Nobody tells the workers."""
    return None if heartbeats.present(now=now).beats else {}


def no_broker(now: datetime) -> Facts | None:
    """Redis does not answer."""
    found = broker.look()
    return None if found.reachable else {"reason": found.reason}


def no_poll(now: datetime) -> Facts | None:
    """The central service used to ask and has stopped, however long ago. One that never asked is not connected."""
    last = traffic.last_poll()
    if last is None or now - last <= SILENCE:
        return None
    return {"minutes": int((now - last).total_seconds()) // 60}


def no_places(now: datetime) -> Facts | None:
    """Specialities in which nobody can book from outside."""
    names = outside.seen(now=now).specialities_without_places
    return {"count": len(names), "names": ", ".join(names[:NAMED])} if names else None


def doctors_without_slots(now: datetime) -> Facts | None:
    """Doctors whom the region sees and cannot book; who they are is on the page, for a notice goes anywhere."""
    count = len(outside.seen(now=now).without_slots)
    return {"count": count} if count else None


def short_horizon(now: datetime) -> Facts | None:
    """An institution whose schedule ends in a few days."""
    days = [one.days for one in outside.seen(now=now).horizons if one.days < FEW_DAYS]
    return {"days": min(days)} if days else None


def secrets_end(now: datetime) -> Facts | None:
    """Clients of the API that soon have no secret any more, or have none and still need one.

    One whose secret ended is left alone after a while, unless it was in use until then or still tries to call.
    """
    live = ApiSecret.objects.filter(revoked_at=None, client__is_active=True)
    trying = {one.client for one in traffic.failed_logins(since=now - DAY)}
    needed = Q(client__last_used_at__gt=F("expires_at") - IN_USE) | Q(client__login__in=trying)
    soon = live.filter(Q(expires_at__gt=now - FORGOTTEN) | needed, expires_at__lte=now + SECRETS_SOON)
    ending = set(soon.values_list("client__login", flat=True))
    longer = live.filter(Q(expires_at=None) | Q(expires_at__gt=now + SECRETS_SOON))
    ending -= set(longer.filter(client__login__in=ending).values_list("client__login", flat=True))
    return {"clients": ", ".join(sorted(ending)[:NAMED])} if ending else None


CHECKS = (
    Check(
        "clocks",
        _("The clocks differ"),
        _(
            "The clock of the database is %(seconds)d seconds away from that of a process here. Cards may wait and "
            "patients' tokens be refused: let all machines take the time from one source (NTP)."
        ),
        clocks,
        after=RESTART,
    ),
    Check(
        "no_worker",
        _("No worker sends cards"),
        _("No worker listens to the queue %(queues)s. Cards wait in the database; start a worker."),
        no_worker,
        after=RESTART,
        everybodys=True,
    ),
    Check(
        "no_beat",
        _("Beat does not run"),
        _("Nobody tells the workers what is due: nothing is sent and no places are made. Start beat."),
        no_beat,
        after=RESTART,
        everybodys=True,
    ),
    Check(
        "no_broker",
        _("The broker (Redis) does not answer"),
        _("Booking goes on, cards wait. The broker said: %(reason)s."),
        no_broker,
        after=RESTART,
    ),
    Check(
        "no_poll",
        _("The region has stopped asking for the schedule"),
        _("The last poll was %(minutes)d minutes ago. Is the way from the region to us open, is the login in force?"),
        no_poll,
        everybodys=True,
    ),
    Check(
        "no_places",
        _("Nothing to book from outside"),
        _("No free place for the Internet within 14 days in %(count)d specialities: %(names)s."),
        no_places,
        after=timedelta(minutes=10),
    ),
    Check(
        "doctors_without_slots",
        _("Published doctors without a place"),
        _("%(count)d doctors are seen and have no place within 14 days. The page of the exchange names them."),
        doctors_without_slots,
        after=timedelta(minutes=10),
    ),
    Check(
        "short_horizon",
        _("The schedule ends soon"),
        _("Places are laid for %(days)d more days only. Do the templates still hold, does beat run?"),
        short_horizon,
        after=timedelta(minutes=10),
    ),
    Check(
        "secrets_end",
        _("A secret of an API client ends"),
        _(
            "These clients have no secret beyond the next 7 days, or none any more: %(clients)s. "
            "Give them a second one; revoke what is not needed."
        ),
        secrets_end,
    ),
)
