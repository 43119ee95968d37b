"""The broker as operators see it: does it answer, and how long are the queues. Never inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

QUEUES = ("mip", "default")
PATIENCE = 0.2  # seconds for each step; whoever asks shows a page or serves a scrape


@dataclass(frozen=True, slots=True)
class Broker:
    """`reason` is the kind of error when it does not answer; `lengths` are messages that no worker has taken yet."""

    reachable: bool
    lengths: dict[str, int] = field(default_factory=dict)
    reason: str = ""


def look(*, patience: float = PATIENCE) -> Broker:
    """Ask the broker, once and within `patience` seconds a step. Raises nothing."""
    try:
        with client(patience=patience) as broker:
            lengths = [int(broker.llen(queue)) for queue in QUEUES]
    except (redis.RedisError, OSError) as error:
        return Broker(False, reason=type(error).__name__)
    return Broker(True, dict(zip(QUEUES, lengths, strict=True)))


def client(*, patience: float) -> redis.Redis:
    """A connection of its own that gives up soon and does not try again."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
    )
