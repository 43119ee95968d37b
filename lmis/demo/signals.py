"""Being asked to end: at once while waiting, at the next good moment while a process is being started."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Ended(BaseException):
    """Somebody wants the demo to end."""


class Signals:
    """SIGINT, SIGTERM and SIGHUP as one wish."""

    def __init__(self) -> None:
        """Start listening; a SIGHUP that `nohup` has switched off stays so."""
        self._wanted = False
        self._may_interrupt = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted = True
        if self._may_interrupt:
            self._may_interrupt = False  # once: what it interrupts may clean up in peace
            raise Ended

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let the wish break the block off with `Ended`, also one from before it."""
        self._may_interrupt = True
        try:
            if self._wanted:
                raise Ended
            yield
        finally:
            self._may_interrupt = False
