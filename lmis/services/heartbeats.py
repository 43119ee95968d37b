"""Who lives: workers, beat and web processes leave a sign in our tables; whoever asks reads them in one statement."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from lmis.models import Heartbeat
from lmis.rows import execute
from lmis.services.broker import QUEUES

ALIVE_FOR = timedelta(seconds=45)  # three signs missed
KEPT = timedelta(days=1)  # so that one sees when the last one lived
_SIGN = """
    INSERT INTO lmis_heartbeat (name, kind, host, pid, version, queues, started_at, seen_at)
    VALUES (%s, %s, %s, %s, %s, %s::text[], %s, %s)
    ON CONFLICT (name) DO UPDATE SET host = excluded.host, pid = excluded.pid, version = excluded.version,
        queues = excluded.queues, started_at = excluded.started_at, seen_at = excluded.seen_at"""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of ours, as its sign names it."""

    name: str
    kind: str
    started_at: datetime
    queues: tuple[str, ...] = ()

    @classmethod
    def this(cls, kind: str, *, now: datetime, name: str = "", queues: Iterable[str] = ()) -> Process:
        """The process that asks; without a name it is called after its machine and its id."""
        return cls(name or f"{kind}@{socket.gethostname()}:{os.getpid()}", kind, now, tuple(sorted(queues)))


@dataclass(frozen=True, slots=True)
class Present:
    """Who lives now; and when a worker, and beat, was seen last, if at all within a day."""

    workers: list[Heartbeat]
    beats: list[Heartbeat]
    webs: list[Heartbeat]
    last_worker: datetime | None
    last_beat: datetime | None

    def listening_to(self, queue: str) -> list[Heartbeat]:
        """Workers of that queue."""
        return [worker for worker in self.workers if queue in worker.queues]

    @property
    def unheard(self) -> list[str]:
        """Queues of ours that nobody listens to: one asks for the sending, the other sends, so neither does alone."""
        return [queue for queue in QUEUES if not self.listening_to(queue)]


def sign(*, process: Process, now: datetime) -> None:
    """Leave or renew the sign of life of a process of this machine. One statement."""
    host = socket.gethostname()[:100]
    values = [process.name[:200], process.kind, host, os.getpid(), settings.VERSION[:64], list(process.queues)]
    execute(_SIGN, [*values, process.started_at, now])


def leave(*, process: Process) -> None:
    """It ends in good order: nobody need wait for its sign to grow old."""
    Heartbeat.objects.filter(name=process.name[:200]).delete()


def present(*, now: datetime) -> Present:
    """Who lives. One statement."""
    signs = list(Heartbeat.objects.order_by("kind", "name"))
    alive = [one for one in signs if one.seen_at > now - ALIVE_FOR]
    by_kind = {kind: [one for one in alive if one.kind == kind] for kind in Heartbeat.Kind.values}
    last = {kind: max((one.seen_at for one in signs if one.kind == kind), default=None) for kind in by_kind}
    return Present(by_kind["worker"], by_kind["beat"], by_kind["web"], last["worker"], last["beat"])


def prune(*, now: datetime) -> int:
    """Forget the signs of processes that were gone a day ago; how many."""
    return Heartbeat.objects.filter(seen_at__lt=now - KEPT).delete()[0]
