"""Beat's own sign of life: given in beat's process, so that a beat whose workers are dead is told from a dead beat."""

from __future__ import annotations

import time
from typing import Any

from celery.beat import PersistentScheduler

from lmis.ops import heartbeat

STANDS_STILL = 60.0  # seconds without a turn of the clock: beat may well run, but does nothing


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
        delay: float = super().tick(*args, **kwargs)
        return delay

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
