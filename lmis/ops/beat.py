"""Beat's own sign of life: given in beat's process, so that a beat whose workers are dead is told from a dead beat."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry

from lmis.ops import heartbeat

logger = logging.getLogger(__name__)
STANDS_STILL = 60.0  # seconds without a turn of the clock: beat may well run, but does nothing
SET_BACK = timedelta(seconds=5)  # and more: below that nobody notices


class Scheduler(PersistentScheduler):
    """Celery's own, which also says that it turns. One that waits for the broker lives, too."""

    def __init__(self, *args: Any, lazy: bool = False, **kwargs: Any) -> None:
        self._turned = time.monotonic()
        self._waits = False
        super().__init__(*args, lazy=lazy, **kwargs)
        if not lazy:
            heartbeat.begin("beat", alive=self.turns)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One turn of the clock."""
        self._turned = time.monotonic()
        self._mind_the_clock()
        delay: float = super().tick(*args, **kwargs)
        return delay

    def _mind_the_clock(self) -> None:
        """Of what was done last at a moment to come: Celery would wait until it is as late again, without a word.

        So it is after the clock was set back, and after a start from a file that was written before that.
        """
        ahead = [entry for entry in self.schedule.values() if _done_ahead(entry) > SET_BACK]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            logger.warning("the clock was set back: %d tasks are timed anew", len(ahead))
            self._heap = None  # the next tick makes another

    def turns(self) -> bool:
        """Whether the clock has turned lately."""
        return self._waits or time.monotonic() - self._turned < STANDS_STILL

    def close(self) -> None:
        """The end of beat."""
        heartbeat.end("beat")
        super().close()

    def _ensure_connected(self) -> Any:
        self._waits = True
        try:
            return super()._ensure_connected()  # type: ignore[misc]  # celery-types leave it out
        finally:
            self._waits, self._turned = False, time.monotonic()


def _done_ahead(entry: ScheduleEntry) -> timedelta:
    """How far ahead of the clock it was done last."""
    if entry.schedule is None or entry.last_run_at is None:
        return timedelta()
    aware = entry.schedule.maybe_make_aware
    return aware(entry.last_run_at) - aware(entry.default_now())
