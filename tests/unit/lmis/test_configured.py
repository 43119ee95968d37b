"""Servers that are configured and do not answer: one line, status 2, no password; from every command, from pytest."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, connections

from lmis import configured
from tests.demo import command

SECRET = "pa55word"
URL = f"postgresql://lmis:{SECRET}@127.0.0.1:1/lmis"
ENV = {"DATABASE_URL": URL, "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "127.0.0.1"}


def run(*arguments, env=ENV):
    """`manage.py` as people run it."""
    return subprocess.run(**command(*arguments, env=env), capture_output=True)


def told(done):
    """The one line of a refusal."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


class TestManage:
    @pytest.mark.parametrize(
        "arguments",
        [["migrate"], ["runserver", "1"], ["shell", "-c", "pass"]],
        ids=lambda arguments: arguments[0],
    )
    def test_a_database_that_does_not_answer_is_told(self, arguments):
        said = told(run(*arguments))
        assert said.startswith("DATABASE_URL does not answer at 127.0.0.1:1: ")
        assert "Connection refused" in said
        assert said.endswith(configured.REMEDY)

    def test_a_password_that_was_not_encoded_is_not_quoted(self):
        env = {**ENV, "DATABASE_URL": f"postgresql://lmis:{SECRET}/more@127.0.0.1:1/lmis"}
        assert told(run("migrate", env=env)) == configured.UNREADABLE % "DATABASE_URL"

    def test_what_needs_no_database_goes_on(self):
        assert run("check").returncode == 0

    def test_an_error_of_a_database_that_answers_is_left_as_it_is(self, db):
        with pytest.raises(OperationalError, match="canceling statement"), configured.explained():
            connection.cursor().execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)")

    def test_a_database_that_went_away_meanwhile_is_told(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", URL)
        real = connections["default"]
        monkeypatch.setattr(real, "settings_dict", real.settings_dict | {"HOST": "127.0.0.1", "PORT": "1"})
        with pytest.raises(configured.SilentError, match="DATABASE_URL does not answer"), configured.explained():
            raise OperationalError("the connection is closed")


class TestPytest:
    def start(self, **env):
        """A test run with these settings, as `make test` starts one."""
        given = {**command()["env"], **env}
        words = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "tests/unit/lmis/test_configured.py"]
        return subprocess.run(words, cwd=command()["cwd"], env=given, capture_output=True, text=True)

    def test_a_database_that_does_not_answer_ends_the_run(self, tmp_path):
        done = self.start(**ENV, LMIS_DATA_DIR=str(tmp_path))
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        assert "DATABASE_URL does not answer at 127.0.0.1:1: " in said
        assert SECRET not in said
        assert "Traceback" not in said

    def test_a_redis_that_does_not_answer_ends_it_before_any_server_is_started(self, tmp_path):
        done = self.start(REDIS_URL=f"redis://:{SECRET}@127.0.0.1:1/0", LMIS_DATA_DIR=str(tmp_path))
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        assert "REDIS_URL does not answer at 127.0.0.1:1: " in said
        assert SECRET not in said
        assert not (tmp_path / "postgres").exists()


class TestRedis:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("redis://:pa55word@127.0.0.1:1/0", "REDIS_URL does not answer at 127.0.0.1:1: "),
            ("unix:///nowhere/redis.sock", "REDIS_URL does not answer at /nowhere/redis.sock: "),
            ("redis://:pa55word/x@127.0.0.1:1/0", "REDIS_URL is no address"),
            ("pa55word", "REDIS_URL is no address"),
        ],
    )
    def test_says_where_and_not_the_password(self, settings, monkeypatch, url, expected):
        monkeypatch.setenv("REDIS_URL", url)
        settings.REDIS_URL = url
        with pytest.raises(configured.SilentError) as caught:
            configured.check_redis()
        assert str(caught.value).startswith(expected)
        assert SECRET not in str(caught.value)

    def test_one_that_is_not_configured_is_not_asked(self, settings, monkeypatch):
        monkeypatch.delenv("REDIS_URL", raising=False)
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        configured.check_redis()


def test_the_parts_of_a_database_url_are_kept():
    found = configured.database_settings("postgresql://lmis:p%40ss@db:5433/clinic?sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("lmis", "p@ss", "db", 5433)
    assert (found["NAME"], found["OPTIONS"]) == ("clinic", {"sslmode": "require"})
    with pytest.raises(ImproperlyConfigured) as caught:
        configured.database_settings("postgresql://lmis:pa55/word@db/clinic")
    assert caught.value.__suppress_context__
