"""What a web process begins, and when."""

import threading

import pytest

from lmis.ops import serving
from lmis.ops.serving import FirstRequest


@pytest.fixture
def begun(monkeypatch):
    """How often it was begun; nothing really is."""
    found = []
    monkeypatch.setattr(serving, "begin", lambda: found.append(1))
    return found


def test_it_begins_with_the_first_request_and_once(begun):
    application = FirstRequest(lambda environ, start: [environ["body"]])
    assert begun == []
    start = threading.Barrier(8)
    answers = []

    def ask():
        start.wait()
        answers.append(application({"body": b"x"}, None))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert (begun, answers) == ([1], [[b"x"]] * 8)


def test_the_server_s_application_is_such_a_one(begun):
    from lmis.wsgi import application

    assert isinstance(application, FirstRequest)
    assert begun == []
