"""Whether this process can serve: the database and its migrations; the broker is only named."""

from __future__ import annotations

import logging
import threading

import redis
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from lmis.services import broker

logger = logging.getLogger(__name__)

_BROKER_TIMEOUT = 0.03  # seconds: the whole answer has 50 ms, and a broker that slow may well be named
_migrated = threading.Event()


def checks() -> tuple[bool, dict[str, str]]:
    """Ready or not, and how each part is: `ok`, `down`, `pending`, and for the broker `degraded`."""
    database = _database()
    found = {"database": database}
    if database == "ok":
        found["migrations"] = _migrations()
    ready = all(state == "ok" for state in found.values())
    return ready, {**found, "broker": _broker()}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        logger.warning("Not ready: %s", type(error).__name__)
        return "down"
    return "ok"


def _migrations() -> str:
    """Once good it stays good: migrations are only ever added by a new version, that is by a new process."""
    if not _migrated.is_set():
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "pending"
        _migrated.set()
    return "ok"


def _broker() -> str:
    """A request never waits for the broker, so without it we are still ready."""
    try:
        with broker.client(patience=_BROKER_TIMEOUT) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "degraded"
    return "ok"
