"""SIGTERM to each process as a service manager sends it: it ends by itself, says so by its status, leaves nothing."""

import argparse
import contextlib
import signal
import socket
import subprocess
import urllib.request

import psutil
import pytest

from lmis.demo import options, programs
from lmis.models import Heartbeat
from tests.demo import PATIENCE, ROOT, free_ports, living, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def given(tmp_path):
    """The demo's options, on a free port."""
    (tmp_path / "run").mkdir()
    parser = argparse.ArgumentParser()
    options.add_arguments(parser, data_dir=tmp_path)
    return options.Options.of(vars(parser.parse_args(["--port", str(free_ports(1)[0])])))


@pytest.fixture
def start(private_env, tmp_path):
    """Starts a program on the tests' own servers; whatever is left of it afterwards is killed."""
    with contextlib.ExitStack() as stack:

        def run(words):
            output = stack.enter_context((tmp_path / "output").open("w"))
            process = subprocess.Popen(words, cwd=ROOT, env=private_env, stdout=output, stderr=subprocess.STDOUT)
            stack.callback(clear_away, psutil.Process(process.pid))
            return process

        yield run


def clear_away(process):
    """Kill it and those below it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in [*process.children(recursive=True), process]:
            one.kill()


def end(process):
    """SIGTERM; its status, and which of its own processes still live when it has ended."""
    below = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
    assert below
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE), living(below)


def sign(kind):
    """Whether a process of this kind has given a sign of life, and not taken it away."""
    return Heartbeat.objects.filter(kind=kind).exists()


def ready(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status == 200


def ended(process, port):
    """The web server ended well: nobody is left, nobody listens."""
    assert end(process) == (0, [])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_web_server(given, start):
    process = start(programs.web(given))
    until(lambda: ready(given.port) and sign("web"), "the web server")
    ended(process, given.port)
    assert not sign("web")


def test_the_web_server_while_a_caller_hangs_halfway(given, start):
    """It does not wait for the rest of the body; its process is killed then, and its sign of life grows old."""
    process = start(programs.web(given))
    until(lambda: ready(given.port), "the web server")
    with socket.create_connection(("127.0.0.1", given.port)) as caller:
        caller.sendall(b"POST /api/appointments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        ended(process, given.port)


def test_a_worker(given, start):
    process = start(programs.worker(given))
    until(lambda: sign("worker"), "the worker")
    assert end(process) == (0, [])
    assert not sign("worker")


def test_beat(given, start):
    process = start(programs.beat(given))
    until(lambda: sign("beat"), "beat")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert not sign("beat")
