"""What a web process begins, and when."""

import subprocess
import sys
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


def test_what_is_loaded_is_not_looked_through_again():
    """In a process of its own: what is frozen stays so."""
    script = (
        "import gc, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from lmis.ops import serving\n"
        "before = len(gc.get_objects()); serving.settle()\n"
        "assert 'appointments.screens.desk' in sys.modules\n"
        "print(before, gc.get_freeze_count(), len(gc.get_objects()))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    before, frozen, seen = map(int, told.stdout.split())
    assert frozen > before > 10 * seen


def test_the_server_s_application_is_such_a_one(begun):
    from lmis.wsgi import application

    assert isinstance(application, FirstRequest)
    assert begun == []
