"""The pieces of the demo; the whole of it is started in `tests/integration/test_demo.py`."""

import argparse
import json
import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest

from lmis import embedded
from lmis.demo import checks, children, environment, options, record
from lmis.demo.checks import DemoError
from lmis.demo.children import Child
from lmis.embedded.processes import alive
from tests.demo import free_ports, refused

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def given(*words, data_dir="var"):
    parser = argparse.ArgumentParser()
    options.add_arguments(parser, data_dir=Path(data_dir))
    return options.Options.of(vars(parser.parse_args(words)))


class TestOptions:
    def test_defaults_are_those_of_the_design(self):
        usual = given()
        assert (usual.port, usual.sandbox_port, usual.workers, usual.lpu_guid) == (8000, 8100, 2, None)
        assert usual.sandbox
        assert not usual.reset
        assert usual.sandbox_url == "http://127.0.0.1:8100"

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("http://127.0.0.1:8100", "http://127.0.0.1:8100/mip"),
            ("http://127.0.0.1:8100/", "http://127.0.0.1:8100/mip"),
            ("http://127.0.0.1:8100/mip/", "http://127.0.0.1:8100/mip"),
            ("https://region.example.org/api/v2/mip", "https://region.example.org/api/v2/mip"),
        ],
    )
    def test_address_of_a_sandbox_means_its_mip(self, said, meant):
        assert given("--mip-url", said).mip_url == meant

    @pytest.mark.parametrize(
        "words",
        [["--port", "abc"], ["--port", "70000"], ["--workers", "0"], ["--lpu-guid", "x"], ["--mip-url", "region"]],
    )
    def test_nonsense_is_refused(self, words, capsys):
        with pytest.raises(SystemExit) as refusal:
            given(*words)
        assert refusal.value.code == 2
        assert words[1] in capsys.readouterr().err

    def test_region_is_that_of_the_mip_when_there_is_no_own_sandbox(self):
        assert given("--no-sandbox").sandbox_url is None
        assert given("--no-sandbox", "--mip-url", "http://127.0.0.1:9/mip").sandbox_url == "http://127.0.0.1:9"


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def bare(self, monkeypatch):
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "LMIS_DATA_DIR"):
            monkeypatch.delenv(name, raising=False)

    def test_option_decides_the_data_directory_before_the_settings_do(self, monkeypatch, tmp_path):
        monkeypatch.setenv("LMIS_DATA_DIR", str(tmp_path / "other"))
        monkeypatch.setenv("SECRET_KEY", "given")
        environment.prepare(["--port", "1", "--data-dir", str(tmp_path / "mine")])
        assert os.environ["LMIS_DATA_DIR"] == str(tmp_path / "mine")
        assert os.environ["SECRET_KEY"] == "given"

    def test_demo_on_a_configured_database_needs_no_secret_key_of_the_user(self, monkeypatch, tmp_path):
        monkeypatch.setenv("DATABASE_URL", "postgresql://lmis@db/lmis")
        monkeypatch.setenv("SECRET_KEY", "")
        environment.prepare([f"--data-dir={tmp_path}"])
        assert os.environ["SECRET_KEY"] == embedded.secret_key(tmp_path)

    def test_children_are_told_everything(self, tmp_path):
        told = environment.for_children(given("--data-dir", str(tmp_path)))
        assert told["DATABASE_URL"] == embedded.database_url(tmp_path)
        assert told["REDIS_URL"] == embedded.redis_url(tmp_path)
        assert told["MIP_URL"] == "http://127.0.0.1:8100/mip"
        assert told["PATIENT_TOKEN_KEY"] == environment.TOKEN_SECRET
        assert environment.for_children(given("--no-sandbox"))["MIP_URL"] == ""

    def test_configured_servers_are_passed_on(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://lmis@db/lmis")
        monkeypatch.setenv("REDIS_URL", "redis://broker/0")
        told = environment.for_children(given())
        assert (told["DATABASE_URL"], told["REDIS_URL"]) == ("postgresql://lmis@db/lmis", "redis://broker/0")

    def test_secrets_of_the_sandbox_are_not_in_its_command_line(self):
        from lmis.demo import programs

        access = {"login": "demo", "secret": "s3cr3t"}
        assert environment.for_sandbox(given(), access)["SANDBOX_LMIS_SECRET"] == "s3cr3t"
        line = " ".join(programs.sandbox(given()))
        assert not any(word in line for word in ("s3cr3t", environment.TOKEN_SECRET, environment.MIP_PASSWORD))


class TestChecks:
    def test_port_in_use_is_named_with_its_option(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(DemoError, match=f"Port {port} is in use: choose another with --sandbox-port"):
                checks.ports(given("--port", str(free_ports(1)[0]), "--sandbox-port", str(port)))

    def test_one_port_for_two_is_refused(self):
        with pytest.raises(DemoError, match="cannot share"):
            checks.ports(given("--port", "8100"))

    def test_database_that_does_not_answer_is_said_without_its_password(self, tmp_path):
        port, sandbox_port = map(str, free_ports(2))
        url = "postgresql://lmis:pa55word@127.0.0.1:1/lmis"
        said = refused(
            "--data-dir", str(tmp_path), "--port", port, "--sandbox-port", sandbox_port, env={"DATABASE_URL": url}
        )
        assert "DATABASE_URL does not answer" in said
        assert "pa55word" not in said

    def test_redis_that_does_not_answer_is_said_and_no_database_is_made(self, tmp_path):
        port, sandbox_port = map(str, free_ports(2))
        url = "redis://127.0.0.1:1/0"
        said = refused(
            "--data-dir", str(tmp_path), "--port", port, "--sandbox-port", sandbox_port, env={"REDIS_URL": url}
        )
        assert "REDIS_URL does not answer" in said
        assert not (tmp_path / "postgres").exists()

    def test_data_directory_that_is_not_ours_to_write_is_said(self, tmp_path):
        (tmp_path / "file").touch()
        assert "cannot be written" in refused("--data-dir", str(tmp_path / "file" / "data"))

    def test_half_a_database_is_said_with_the_way_out(self, tmp_path):
        (tmp_path / "postgres").mkdir()
        port, sandbox_port = map(str, free_ports(2))
        said = refused("--data-dir", str(tmp_path), "--port", port, "--sandbox-port", sandbox_port)
        assert "--reset" in said

    def test_reset_spares_a_configured_database(self, tmp_path):
        env = {"DATABASE_URL": "postgresql://lmis@127.0.0.1:1/lmis"}
        assert "empty it yourself" in refused("--data-dir", str(tmp_path), "--reset", env=env)


class TestChildren:
    @pytest.fixture
    def child(self, tmp_path):
        one = Child(name="one", command=SLEEP, env=dict(os.environ), log=tmp_path / "one.log")
        one.start()
        yield one
        children.stop_all([one.process], patience=5)

    def test_noted_process_of_a_killed_demo_is_found(self, child, tmp_path):
        children.remember(tmp_path / "children.json", [child])
        assert [one.pid for one in children.leftovers(tmp_path / "children.json")] == [child.pid]

    def test_worker_that_survived_its_noted_main_process_is_found(self, tmp_path):
        code = (
            "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\n"
            "time.sleep(600)"
        )
        log = tmp_path / "main.log"
        main = Child(name="main", command=[sys.executable, "-c", code], env=dict(os.environ), log=log)
        main.start()
        while not log.read_text().strip():
            pass
        children.remember(tmp_path / "children.json", [main])
        main.process.kill()
        main.process.wait(5)
        left = children.leftovers(tmp_path / "children.json")
        assert [one.pid for one in left] == [int(log.read_text())]
        children.stop_all(left, patience=0.2)
        assert children.leftovers(tmp_path / "children.json") == []

    def test_process_that_was_given_a_noted_id_later_is_none_of_ours(self, child, tmp_path):
        born = psutil.Process(child.pid).create_time() - 60
        (tmp_path / "children.json").write_text(json.dumps([{"pid": child.pid, "born": born}]))
        assert children.leftovers(tmp_path / "children.json") == []

    @pytest.mark.parametrize("text", ["", "[1]", '{"pid": 1}', '[{"pid": "x", "born": 1}]', "[null]"])
    def test_broken_note_is_as_good_as_none(self, tmp_path, text):
        (tmp_path / "children.json").write_text(text)
        assert children.leftovers(tmp_path / "children.json") == []

    def test_one_that_does_not_listen_is_killed_with_its_whole_family(self, tmp_path):
        code = (
            "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\n"
            "time.sleep(600)"
        )
        log = tmp_path / "deaf.log"
        deaf = Child(name="deaf", command=[sys.executable, "-c", code], env=dict(os.environ), log=log)
        deaf.start()
        while not log.read_text().strip():
            pass
        grandchild = psutil.Process(int(log.read_text()))
        children.stop_all([deaf.process], patience=0.2)
        assert not deaf.alive
        assert not alive(grandchild)

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
            ("pass", "ended by itself"),
            ("raise ValueError('no such clinic')", "ValueError: no such clinic"),
        ],
    )
    def test_end_is_explained(self, tmp_path, code, said):
        (tmp_path / "log").write_text("OldError: of yesterday\n")
        one = Child(name="one", command=[sys.executable, "-c", code], env=dict(os.environ), log=tmp_path / "log")
        one.start()
        one.process.wait()
        assert not one.alive
        assert said in one.end()


class TestRecord:
    ACCESS = {
        "admin_user": "admin",
        "admin_password": "p",
        "login": "demo",
        "secret": "s",
        "lpu_guid": uuid.UUID(int=7),
        "sample": {"polis": "1", "direction_guid": "2", "direction_number": "3"},
    }

    def test_is_replaced_in_one_go_and_read_by_its_owner_only(self, tmp_path):
        path = tmp_path / "demo.json"
        what = record.contents(given(), self.ACCESS, {"web": 1, "postgres": None})
        record.write(path, what)
        assert json.loads(path.read_text()) == what
        assert path.stat().st_mode & 0o777 == 0o600
        assert [one.name for one in tmp_path.iterdir()] == ["demo.json"]
        assert what["lpu_guid"] == str(uuid.UUID(int=7))
        assert what["pids"] == dict.fromkeys(record.PROCESSES) | {"web": 1}


def test_old_python_is_told_so_in_one_line():
    """With the check's own words: an older Python is not at hand everywhere."""
    source = (environment.ROOT / "manage.py").read_text().replace("(3, 11)", "(9, 0)")
    done = subprocess.run([sys.executable, "-", "check"], input=source, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("Python 3.11 or newer is needed")
    assert len(done.stderr.splitlines()) == 1
