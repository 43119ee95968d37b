"""Existing cards go to the MIP once more: asked for once, handed to the outbox bit by bit, behind everybody else.

Never more than `ROOM` of them wait in the outbox, so that whoever looks at it still sees what matters. State is in the
request's row: whoever moves it on may be killed anywhere, and another goes on there.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from lmis.actors import Actor
from lmis.models import Lpu
from lmis.services import journal
from lmis.services.transactions import run_write
from patients.exceptions import BackfillRunning, MipNotConfigured, ScopeNotSensible, SinceTooLongAgo
from patients.mip import client
from patients.models import Backfill, CardUpload, ExchangeMark, ExchangePause
from patients.services import gate, pauses, verdicts

logger = logging.getLogger(__name__)
ROOM = 5000  # of them in the outbox at once: what the fastest sender takes between two sweeps
AT_ONCE = 1000  # handed over in one transaction
LOOKED_AT = 5000  # cards, for those: a scope that hardly any is in must not make a statement long
MEMORY = 60.0  # seconds that the rate is smoothed over
SILENT = timedelta(seconds=60)
_OLDEST = 1900  # year
_SETTLED = ("accepted", "rejected", "duplicate")
State = CardUpload.State


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cards; what is blank does not narrow it. `state` and `error_code` are those of their uploads."""

    changed_since: datetime | None = None
    state: str = ""
    error_code: str = ""
    lpu: Lpu | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one has come. `done` cards were sent, or needed nothing; `rate` is cards a second, None at first.

    `left` is the time that the rest takes at that rate. `waits_because` is "gate", "pause", "silent" (no worker has
    moved it for a minute) or blank.
    """

    backfill: Backfill
    total: int
    done: int
    rate: float | None
    left: timedelta | None
    waits_because: str

    @property
    def is_running(self) -> bool:
        """It goes on by itself."""
        return self.backfill.ended_at is None

    @property
    def percent(self) -> int:
        """Of 100, and 100 only when nothing is left."""
        return 100 if self.done >= self.total else self.done * 100 // self.total


def start(*, scope: Scope, by: Actor, now: datetime, resumes: bool = False) -> Backfill:
    """Ask for these cards to be sent again; workers do it, as long as it takes.

    With `resumes` those are left out that the last one of this scope had handed over when it was stopped; if that one
    came to its end, or there was none, it begins anew.

    Raises MipNotConfigured; BackfillRunning while another lasts; ScopeNotSensible for a state of cards that are sent
    anyway or need not be; SinceTooLongAgo.
    """
    if not client.is_configured():
        raise MipNotConfigured
    if scope.state not in ("", State.RETRY, *_SETTLED):
        raise ScopeNotSensible
    if scope.changed_since and scope.changed_since.year < _OLDEST:
        raise SinceTooLongAgo
    with transaction.atomic():
        pauses.lock_settings()  # two operators at once: the second waits here, and then sees the first one's
        if Backfill.objects.filter(ended_at=None).exists():
            raise BackfillRunning
        asked = Backfill(
            changed_since=scope.changed_since,
            state=scope.state,
            error_code=scope.error_code,
            lpu=scope.lpu,
            started_at=now,
            started_by=by.label,
        )
        asked.cursor = _stopped_at(scope) if resumes else 0
        cards = _in_scope(asked).filter(pk__gt=asked.cursor)
        asked.last = CardUpload.objects.aggregate(last=Max("pk"))["last"] or 0
        asked.total = cards.filter(pk__lte=asked.last).count()
        asked.save()
        journal.note_created(asked, by=by)
        pauses.mark(kind=ExchangeMark.Kind.BACKFILL, text=f"+ {asked.total}", by=by, now=now)
    logger.info("%d existing cards are to be sent to the MIP, asked by %s", asked.total, by)
    return asked


def resume(*, by: Actor, now: datetime) -> Backfill | None:
    """Go on where the last one was stopped; None when there is nothing of it left. Raises what `start` raises."""
    row = _last()
    if row is None or not row.is_resumable:
        return None
    scope = Scope(row.changed_since, row.state, row.error_code, row.lpu)
    return start(scope=scope, by=by, now=now, resumes=True)


def _last() -> Backfill | None:
    return Backfill.objects.select_related("lpu").order_by("-started_at", "-pk").first()


def _stopped_at(scope: Scope) -> int:
    """The cursor of the last one of this scope, 0 when it was not stopped."""
    same = Backfill.objects.filter(
        changed_since=scope.changed_since, state=scope.state, error_code=scope.error_code, lpu=scope.lpu
    )
    row = same.order_by("-started_at", "-pk").first()
    return row.cursor if row and row.stopped_by else 0


def stop(*, by: Actor, now: datetime) -> bool:
    """End the one that runs; False when none does. What it has handed over (at most `ROOM`) is still sent."""
    with transaction.atomic():
        # Whoever moves it on would write the row back as it was:
        # this waits for that step, and the next one does not find it any more.
        row = Backfill.objects.select_for_update(no_key=True).filter(ended_at=None).first()
        if row is None:
            return False
        journal.note_changed(row, {"ended_at": now, "stopped_by": by.label}, by=by)
        Backfill.objects.filter(pk=row.pk).update(ended_at=now, stopped_by=by.label)
        pauses.mark(kind=ExchangeMark.Kind.BACKFILL, text=f"× {row.done} / {row.total}", by=by, now=now)
    logger.info("sending existing cards was stopped at %d of %d by %s", row.done, row.total, by)
    return True


def work(*, now: datetime) -> int:
    """Hand over as many as there is room for; how many cards were looked at. Safe to run twice at once."""
    looked_at = 0
    while more := run_write(lambda: _step(now)):
        looked_at += more
    return looked_at


def progress(*, now: datetime) -> Progress | None:
    """Of the one that runs, else of the last one; None when there never was one. At most four statements."""
    row = _last()
    if row is None:
        return None
    done = row.total if row.ended_at and not row.stopped_by else min(row.sent, row.total)
    running = row.ended_at is None
    moving = running and row.rate and row.rate > 0.01
    left = timedelta(seconds=round((row.total - done) / (row.rate or 1))) if moving else None
    return Progress(row, row.total, done, row.rate, left, _waits_because(row, now) if running else "")


def _waits_because(row: Backfill, now: datetime) -> str:
    if now - (row.moved_at or row.started_at) > SILENT:
        return "silent"
    if ExchangePause.objects.on(now).exists():
        return "pause"
    return "" if gate.passage(now=now) is gate.Passage.FREE else "gate"


def _step(now: datetime) -> int:
    """One piece, and the row moved on; how many cards were looked at, 0 to come back later."""
    # Two workers would hand over the same piece and count it twice:
    # whoever has the row does it, the other finds nothing.
    row = Backfill.objects.select_for_update(no_key=True, skip_locked=True).filter(ended_at=None).first()
    if row is None:
        return 0
    waiting = len(_queued(row, now).values_list("pk", flat=True)[: ROOM + 1])
    room = min(AT_ONCE, ROOM - waiting)
    before, moved = row.done, room > 0 and row.cursor < row.last
    if moved:
        waiting += _hand_over(row, room, now)
    elif row.cursor >= row.last and not waiting:
        row.ended_at = now
    _measure(row, max(row.sent, row.done - waiting), now)
    row.save(update_fields=["cursor", "done", "sent", "rate", "moved_at", "ended_at"])
    return max(row.done - before, 1) if moved else 0


def _hand_over(row: Backfill, room: int, now: datetime) -> int:
    """Let the next cards of the scope wait; how many do now that did not."""
    rows = CardUpload.objects.order_by("pk").filter(pk__gt=row.cursor, pk__lte=row.last)
    ahead = list(rows.values_list("pk", flat=True)[LOOKED_AT - 1 : LOOKED_AT])
    upper = ahead[0] if ahead else row.last
    ids = list(
        _in_scope(row).order_by("pk").filter(pk__gt=row.cursor, pk__lte=upper).values_list("pk", flat=True)[:room]
    )
    states = [row.state] if row.state else _SETTLED
    # Somebody may be changing one of these cards just now and come to wait for another one that we hold:
    # a row that is locked is on its way anyway, and is left alone.
    settled = CardUpload.objects.filter(pk__in=ids, state__in=states)
    free = list(settled.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    # What is on its way already keeps its place: behind the existing cards a change of today would wait unnoticed.
    place = {} if row.state == State.RETRY else {"priority": CardUpload.Priority.BACKFILL}
    CardUpload.objects.filter(pk__in=free).update(**verdicts.waiting(now), **place)
    row.cursor = ids[-1] if len(ids) == room else upper
    row.done += len(ids)
    return len(free)


def _queued(row: Backfill, now: datetime) -> QuerySet[CardUpload]:
    """What waits in the outbox of it. Those that kept their places there stand among changes, which count with them."""
    due = CardUpload.objects.due(now)
    if row.state == State.RETRY:
        return due.filter(pk__lte=row.cursor).order_by()  # no index has this order
    return due.filter(priority=CardUpload.Priority.BACKFILL)


def _in_scope(row: Backfill) -> QuerySet[CardUpload]:
    found = CardUpload.objects.exclude(state=State.NOT_NEEDED)
    if row.state:
        found = found.filter(state=row.state)
    if row.error_code:
        found = found.filter(error_code=row.error_code)
    if row.changed_since:
        found = found.filter(patient__updated_at__gte=row.changed_since)
    return found.filter(patient__lpu=row.lpu) if row.lpu else found


def _measure(row: Backfill, sent: int, now: datetime) -> None:
    """The rate, smoothed: a standstill lets it sink within minutes, a burst does not make it jump.

    There is none before the first cards were sent: smoothed from 0 it would be far too small for minutes.
    """
    elapsed = (now - (row.moved_at or row.started_at)).total_seconds()
    if row.rate is None and sent == row.sent:
        row.moved_at = now
    elif elapsed > 0:
        rate = (sent - row.sent) / elapsed
        share = 1.0 if row.rate is None else 1 - math.exp(-elapsed / MEMORY)
        row.rate = (row.rate or 0.0) + share * (rate - (row.rate or 0.0))
        row.moved_at = now
        row.sent = sent
