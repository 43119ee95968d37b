"""Signs of life, as each process gives them: a thread in web and worker, and in beat while its clock turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.utils import timezone

from lmis.ops.every import Every, safely
from lmis.services import heartbeats
from lmis.services.heartbeats import Process

SIGN_SECONDS = 12.0
HOOK_SECONDS = 5.0
WEB_HOOK_SECONDS = 30.0  # its processor time belongs to the callers
# Called again and again in every process that lives, with the time: what must happen though a worker, or beat, or both
# are missing. Each is over quickly when there is nothing to do, and may run in several processes at once.
EACH_BEAT: list[Callable[[datetime], Any]] = []


class Heart:
    """The sign of one process, and the hooks beside it."""

    def __init__(
        self, process: Process, *, hooks: float = HOOK_SECONDS, alive: Callable[[], bool] = lambda: True
    ) -> None:
        self.process, self._alive = process, alive
        self._threads = [Every(SIGN_SECONDS, self._sign, name="heartbeat"), Every(hooks, run_hooks, name="hooks")]

    def start(self) -> Heart:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """End in good order: the sign is taken away."""
        for thread in self._threads:
            thread.end()
        safely(lambda: heartbeats.leave(process=self.process), name="heartbeat")

    def _sign(self) -> None:
        if self._alive():
            heartbeats.sign(process=self.process, now=timezone.now())


def run_hooks() -> None:
    """Call each of `EACH_BEAT`; one that fails does not keep the others from their turn."""
    for hook in EACH_BEAT:
        safely(lambda hook=hook: hook(timezone.now()), name=getattr(hook, "__qualname__", repr(hook)))  # type: ignore[misc]


_hearts: dict[str, Heart] = {}


def begin(kind: str, *, name: str = "", queues: Iterable[str] = (), **kwargs: Any) -> None:
    """From now on this process is seen to live."""
    _hearts[kind] = Heart(Process.this(kind, now=timezone.now(), name=name, queues=queues), **kwargs).start()


def end(kind: str) -> None:
    """It is about to end; nothing when it never began."""
    heart = _hearts.pop(kind, None)
    if heart:
        heart.stop()


def connect() -> None:
    """A worker begins when it is ready for tasks; its pool's processes give no sign of their own."""
    worker_ready.connect(_worker_begins, dispatch_uid="lmis.heartbeat")
    worker_shutdown.connect(_worker_ends, dispatch_uid="lmis.heartbeat")


def _worker_begins(sender: Any, **kwargs: Any) -> None:
    begin("worker", name=sender.hostname, queues=sender.app.amqp.queues.consume_from)


def _worker_ends(**kwargs: Any) -> None:
    end("worker")
