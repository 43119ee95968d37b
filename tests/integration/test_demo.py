"""The demo as people and scripts start it: real processes on real ports."""

import re
import signal
import socket
import subprocess
import urllib.request

import psutil
import psycopg
import pytest

from lmis import embedded
from lmis.embedded import servers
from tests.demo import Demo, command, living, refused, until
from tests.integration.leaks import ALL_THERE_IS, discreet

KEYS = [
    *("base_url", "admin_url", "admin_user", "admin_password", "login", "secret", "lpu_guid"),
    *("sandbox_url", "token_secret", "sample", "pids"),
]


def get(url):
    with urllib.request.urlopen(url) as response:
        return response.status, response.read()


@pytest.fixture(scope="module")
def one_demo(tmp_path_factory):
    with discreet(Demo(tmp_path_factory.mktemp("demo"), env=ALL_THERE_IS)) as running:
        yield running


@pytest.fixture
def demo(one_demo):
    """Up and whole, whatever the test before has done to it."""
    if one_demo.process.poll() is not None:
        one_demo.start()
    return one_demo


def test_it_says_where_everything_is(demo):
    told = demo.json()
    assert list(told) == KEYS
    assert told["base_url"] == f"http://127.0.0.1:{demo.port}/api"
    assert told["sandbox_url"] == f"http://127.0.0.1:{demo.sandbox_port}"
    assert list(told["sample"]) == ["polis", "direction_guid", "direction_number"]
    assert list(told["pids"]) == ["web", "worker", "beat", "sandbox", "postgres", "redis"]
    assert sorted(living(told["pids"].values())) == sorted(told["pids"].values())
    assert (demo.data_dir / "demo.json").stat().st_mode & 0o077 == 0
    assert told["admin_url"] in demo.said()


def test_web_and_sandbox_answer_and_the_admin_has_its_looks(demo):
    assert get(f"http://127.0.0.1:{demo.port}/readyz")[0] == 200
    assert get(f"{demo.json()['sandbox_url']}/healthz")[0] == 200
    status, page = get(f"{demo.json()['admin_url']}login/")
    assert status == 200
    sheets = re.findall(r'href="(/static/[^"]+\.css)"', page.decode())
    assert {get(f"http://127.0.0.1:{demo.port}{sheet}")[0] for sheet in sheets} == {200}


@pytest.mark.parametrize("name", ["web", "worker", "beat", "sandbox", "postgres", "redis"])
def test_killed_process_is_started_again_and_said_so(demo, name):
    old = demo.pids()[name]
    psutil.Process(old).kill()
    new = until(lambda: demo.pids()[name] != old and demo.pids()[name], demo.said)
    assert living([old, new]) == [new]
    assert f"{name} (process {old}) died" in demo.said()
    until(lambda: get(f"http://127.0.0.1:{demo.port}/readyz")[0] == 200, demo.said)


def test_second_demo_on_the_same_data_is_refused(demo):
    assert "already running" in refused("--data-dir", str(demo.data_dir), "--port", "1024", "--sandbox-port", "1025")
    assert len(living(demo.pids().values())) == 6


def test_port_in_use_is_refused_and_nothing_is_started(demo, tmp_path):
    message = refused("--data-dir", str(tmp_path), "--port", str(demo.port), "--sandbox-port", str(demo.port + 1))
    assert f"Port {demo.port} is in use" in message
    assert not (tmp_path / "postgres").exists()


def test_commands_meet_the_database_of_the_demo_and_leave_it_running(demo):
    code = "from patients.models import Patient; print(Patient.objects.count())"
    done = subprocess.run(
        **command("shell", "-v", "0", "-c", code, env={"LMIS_DATA_DIR": str(demo.data_dir)}), capture_output=True
    )
    assert done.stdout.strip() == "300", done.stderr
    assert len(living(demo.pids().values())) == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_all_of_it(demo, number):
    pids = demo.pids()
    workers = [child.pid for name in ("web", "worker") for child in psutil.Process(pids[name]).children()]
    assert demo.end(number) == 0
    assert living([*pids.values(), *workers]) == []
    for port in (demo.port, demo.sandbox_port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_next_start_clears_up_after_a_killed_supervisor_and_keeps_the_data(demo):
    before = demo.json()
    demo.process.kill()
    demo.process.wait()
    demo.start()
    for name in ("web", "worker", "beat", "sandbox"):
        assert living([before["pids"][name]]) == []
    assert "killed demo" in demo.said()
    after = demo.json()
    assert {**after, "pids": None} == {**before, "pids": None}
    assert len(living(demo.pids().values())) == 6


def test_reset_throws_the_data_away(demo):
    before = (demo.data_dir / "postgres" / "global" / "pg_control").read_bytes()[:8]
    demo.end()
    demo.start("--reset")
    assert (demo.data_dir / "postgres" / "global" / "pg_control").read_bytes()[:8] != before  # the system identifier


def test_configured_servers_are_used_and_left_alone(tmp_path):
    with servers.running(tmp_path / "own", with_redis=True) as own:
        own_database, own_redis = embedded.database_url(tmp_path / "own"), embedded.redis_url(tmp_path / "own")
        env = {**ALL_THERE_IS, "DATABASE_URL": own_database, "REDIS_URL": own_redis}
        with discreet(Demo(tmp_path / "demo", "--no-sandbox", env=env)) as demo:
            told = demo.json()
            assert get(f"http://127.0.0.1:{demo.port}/readyz")[0] == 200
        assert [name for name, pid in told["pids"].items() if pid] == ["web", "worker", "beat"]
        assert told["sandbox_url"] is None
        assert not (demo.data_dir / "postgres").exists()
        assert len(living(one.pid for one in own.values())) == 2
        with psycopg.connect(own_database) as connection:
            assert connection.execute("SELECT count(*) FROM patients_patient").fetchone() == (300,)
