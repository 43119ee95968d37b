"""The broker as operators see it."""

import socket

import pytest

from lmis.services import broker


@pytest.fixture
def empty():
    """The tests' own Redis, its queues empty before and after."""
    with broker.client(patience=5) as redis:
        redis.delete(*broker.QUEUES)
        yield redis
        redis.delete(*broker.QUEUES)


def test_lengths(empty):
    empty.rpush("mip", "a", "b")
    found = broker.look(patience=5)
    assert (found.reachable, found.lengths, found.reason) == (True, {"mip": 2, "default": 0}, "")


def test_one_that_refuses(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = broker.look()
    assert (found.reachable, found.lengths, found.reason) == (False, {}, "ConnectionError")


def test_one_that_is_silent_is_not_waited_for(settings):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        found = broker.look(patience=0.05)
    assert (found.reachable, found.reason) == (False, "TimeoutError")
