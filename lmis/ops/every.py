"""Something done again and again in a thread of its own, beside what the process is for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

from lmis.api.tracebacks import without_values

logger = logging.getLogger(__name__)


class Every(threading.Thread):
    """Does `work` at once and then each so many seconds, until the process ends or `end` is called.

    An error is logged and does not stop it. Its connection is given back after each turn: between turns there is
    nothing that a restart of the database could break.
    """

    def __init__(self, seconds: float, work: Callable[[], None], *, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._seconds, self._work = seconds, work
        self._over = threading.Event()

    def run(self) -> None:
        """The thread's work."""
        while True:
            self._turn()
            if self._over.wait(self._seconds):
                return

    def end(self) -> None:
        """No turn begins any more; wait a moment for the one that goes on: whoever ends us has little patience."""
        self._over.set()
        self.join(0.5)

    def _turn(self) -> None:
        safely(self._work, name=self.name)


def safely(work: Callable[[], object], *, name: str) -> None:
    """Do it; an error is logged, without the values that it may quote. The connection is given back."""
    try:
        work()
    except (OperationalError, InterfaceError) as error:
        logger.warning("%s: the database is away (%s)", name, type(error).__name__)
    except Exception as error:
        logger.error("%s failed: %s", name, without_values(error))
    finally:
        connection.close()
