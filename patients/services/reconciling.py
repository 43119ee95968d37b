"""The steps of a reconciliation: ask, compare, look for what is missing. Each is one short transaction.

Whoever works holds the run for a while (`holder`, `held_until`), asks the MIP outside any transaction, and writes what
came of it together with how far it has come. It may be killed anywhere: another goes on at the last step. A page that
was asked for before a card was sent says nothing about that card: only what was accepted before the run began counts.

Nothing is asked while a pause lasts or the gate is shut: the run waits where it is. What the MIP says to a question
shuts the gate as what it says to a card does. A question counts among what is sent at the same time: it waits until
senders have left it a place (`permits.has_room`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from lmis.exceptions import Unavailable
from lmis.models import Lpu
from lmis.rows import execute, fetch
from lmis.services.transactions import run_write
from patients.mip import holdings
from patients.mip.holdings import Holdings
from patients.mip.outcomes import Credentials, Later
from patients.models import Reconciliation
from patients.services import differences, gate, permits

logger = logging.getLogger(__name__)
Stage = Reconciliation.Stage
AT_ONCE = 5000  # cards compared in one step
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 900.0  # seconds, after failures in a row
_LOOK_AGAIN = 0.25  # seconds, for a place among those who send

_STAGE = """
    INSERT INTO patients_mipholding (guid, lpu_id, version)
    SELECT v.guid, %s, v.version FROM unnest(%s::uuid[], %s::bigint[]) AS v(guid, version)
    ON CONFLICT (guid) DO NOTHING RETURNING 1"""


def work(*, until: datetime) -> bool:
    """Move the unfinished run on until it is over, the MIP fails, or `until`; whether there is more to do at once.

    Nothing while another works on it.
    """
    token, more = uuid4(), True
    with suppress(Unavailable):  # somebody holds a card for long: the step is done again
        run = run_write(lambda: _take(token, timezone.now()))
        while run is not None and timezone.now() < until:
            run = _move(run, token)
        more = run is not None
    Reconciliation.objects.filter(holder=token).update(holder=None, held_until=None)
    return more


def _take(token: UUID, now: datetime) -> Reconciliation | None:
    # Two workers would both ask for the same pages:
    # whoever locks the run first becomes its holder, and the other finds it held.
    free = Reconciliation.objects.select_for_update(no_key=True, skip_locked=True).filter(
        ended_at=None, due_at__lte=now
    )
    run = free.first()
    if run is None or (run.held_until and run.held_until > now):
        return None
    run.holder, run.held_until = token, now + _hold(run)
    run.save(update_fields=["holder", "held_until"])
    return run


def _hold(run: Reconciliation) -> timedelta:
    """Longer than one question to the MIP and one step may take; a killed one's place is missed by senders so long."""
    timeout: float = settings.MIP["TIMEOUT"]
    return timedelta(seconds=(15 if run.stage == Stage.ASKING else 60) + 3 * timeout)


def _move(run: Reconciliation, token: UUID) -> Reconciliation | None:
    """One step; the run as it is then, None when it is over, not ours any more, or has to wait."""
    if run.stage != Stage.ASKING:
        step = differences.compare if run.stage == Stage.COMPARING else differences.search
        return run_write(lambda: _as_holder(run, token, lambda held: step(held, AT_ONCE, timezone.now())))
    lpu = run.lpu or _next_lpu(0)
    if lpu is None:
        return run_write(lambda: _as_holder(run, token, _all_asked))
    if not run_write(lambda: permits.has_room(now=timezone.now())):
        time.sleep(_LOOK_AGAIN)
        return run_write(lambda: _as_holder(run, token, lambda _held: True))
    answer = _ask(run, lpu, token)
    if answer is None:
        return None
    if isinstance(answer, Holdings):
        return run_write(lambda: _as_holder(run, token, lambda held: _keep(held, lpu, answer)))
    return run_write(lambda: _as_holder(run, token, lambda held: _fail(held, answer, timezone.now())))


def _ask(run: Reconciliation, lpu: Lpu, token: UUID) -> Holdings | Later | Credentials | None:
    """A page, or why there is none; None when nothing is to be asked just now. The gate is told of it."""
    now = timezone.now()
    passage = permits.to_ask(claim=token, until=now + _hold(run), now=now)
    if passage is gate.Passage.SHUT:
        return None
    answer = holdings.page(lpu_guid=lpu.guid, after=run.after)
    is_probe = passage is gate.Passage.PROBE
    failed = not isinstance(answer, Holdings) and gate.is_of_all(answer, failures=0 if is_probe else run.failures)
    told = [(gate.QUESTION, answer)] if failed and not isinstance(answer, Holdings) else []
    if told or is_probe:
        run_write(lambda: gate.heard(told=told, claim=token, is_probe=is_probe, now=timezone.now()))
    return answer


def _as_holder(run: Reconciliation, token: UUID, step: Callable[[Reconciliation], bool]) -> Reconciliation | None:
    # We may have been taken for dead while we waited for the MIP:
    # the row says, under its lock, whether the run is still ours.
    held = Reconciliation.objects.select_related("lpu").select_for_update(of=("self",), no_key=True)
    mine = held.filter(pk=run.pk, holder=token, ended_at=None).first()
    if mine is None:
        return None
    go_on = step(mine)
    mine.held_until = timezone.now() + _hold(mine)
    if mine.ended_at:
        mine.holder = mine.held_until = None
    mine.save()
    return mine if go_on and mine.ended_at is None else None


def _keep(run: Reconciliation, lpu: Lpu, page: Holdings) -> bool:
    """A page onto the staging table, and where the next one begins."""
    new = len(fetch(_STAGE, [lpu.pk, [guid for guid, _v in page.items], [version for _g, version in page.items]]))
    if page.next is not None and not new:  # it leads in a circle
        return _fail(run, Later("bad_answer"), timezone.now())
    run.held += new
    run.error, run.failures = "", 0
    if page.next is not None:
        run.lpu, run.after = lpu, page.next
        return True
    run.lpu, run.after = _next_lpu(lpu.pk), ""
    return True if run.lpu else _all_asked(run)


def _next_lpu(after: int) -> Lpu | None:
    return Lpu.objects.filter(is_own=True, pk__gt=after).order_by("pk").first()


def _all_asked(run: Reconciliation) -> bool:
    run.stage = Stage.COMPARING
    execute("ANALYZE patients_mipholding", [])
    return True


def _fail(run: Reconciliation, why: Later | Credentials, now: datetime) -> bool:
    """Wait a while, longer with each failure in a row, and as long as the MIP asks for. False: not now."""
    run.failures += 1
    run.error = why.reason[:64]
    asked = (why.retry_after if isinstance(why, Later) else None) or 0.0
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(run.failures - 1, 10))
    run.due_at = now + timedelta(seconds=max(pause, asked))
    text = "reconciliation: the MIP does not say what it holds (%s), again at %s"
    logger.warning(text, why.reason, run.due_at.isoformat())
    return False
