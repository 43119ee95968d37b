"""What the Makefile says where it cannot go on; run on a copy, with a Python that is none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def folder(tmp_path):
    """The Makefile and the locks alone."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def a_program(path, script):
    """A program at that place which does what the lines of shell say; `$*` is what it was asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def make(folder, *words):
    """`make install` there; what it printed, which must be a failure with status 2."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "PYTHON"}
    done = subprocess.run(["make", "install", *words], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def test_a_python_that_is_too_old_is_refused_with_the_way_out(folder):
    said = make(folder, f"PYTHON={a_program(folder / 'old', 'exit 1')}")
    assert "Python 3.11 or newer is needed" in said
    assert "make PYTHON=/path/to/python3.12" in said
    assert not (folder / ".venv").exists()


def test_no_python_at_all_likewise(folder):
    assert "Python 3.11 or newer is needed" in make(folder, "PYTHON=")


def test_an_environment_of_an_old_python_is_to_be_removed(folder):
    a_program(folder / ".venv" / "bin" / "python", "exit 1")
    assert "The Python in .venv is older than 3.11 or gone: remove .venv" in make(folder)


def test_a_python_without_venv_leaves_no_half_of_one(folder):
    script = 'test "$1" = -c && exit 0; mkdir -p .venv; exit 1'
    assert "apt install python3-venv" in make(folder, f"PYTHON={a_program(folder / 'bare', script)}")
    assert not (folder / ".venv").exists()


def test_a_platform_without_the_embedded_servers_is_told_what_to_configure(folder):
    a_program(folder / ".venv" / "bin" / "python", 'test "$1" = -c && exit 0; exit 1')
    said = make(folder)
    assert "this platform has no embedded PostgreSQL" in said
    assert "requirements/runtime.txt, set DATABASE_URL and REDIS_URL" in said
    assert not (folder / ".venv" / ".embedded").exists()


def test_an_environment_that_is_whole_is_left_alone(folder):
    asked = folder / "asked"
    a_program(folder / ".venv" / "bin" / "python", f'test "$1" = -c || echo "$*" >> {asked}; exit 0')
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for _ in range(2):
        subprocess.run(["make", "install"], cwd=folder, env=env, check=True, capture_output=True)
    told = asked.read_text().splitlines()
    assert [line.split()[1] for line in told] == ["pip", "lmis.embedded.install"]


class TestBrowser:
    """With a PATH of our own, so that nothing is installed here."""

    @pytest.fixture
    def programs(self, folder):
        """The folder that PATH names: next to nothing is in it."""
        found = folder / "bin"
        found.mkdir()
        (found / "id").symlink_to(shutil.which("id"))
        a_program(found / "sudo", 'shift; exec "$@"')
        return found

    def make(self, folder):
        """`make browser`; its status and what it printed."""
        words = [shutil.which("make"), "browser"]
        env = {"PATH": str(folder / "bin")}
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
        return done.returncode, done.stderr

    def an_apt_get(self, programs, first):
        """Notes what it is asked; installs after an update, or at once."""
        have = f"/bin/ln -s {shutil.which('true')} {programs}/chromium"
        steps = f'case "$1" in update) : > {programs}/updated;; *) {first} {have};; esac'
        return a_program(programs / "apt-get", f'echo "$1 $DEBIAN_FRONTEND" >> {programs}/asked; {steps}')

    def test_one_that_is_there_is_left_alone(self, folder, programs):
        self.an_apt_get(programs, "")
        a_program(programs / "google-chrome", "exit 0")
        assert self.make(folder) == (0, "")
        assert not (programs / "asked").exists()

    def test_it_comes_from_the_packages(self, folder, programs):
        self.an_apt_get(programs, "")
        assert self.make(folder)[0] == 0
        assert (programs / "asked").read_text().split() == ["install", "noninteractive"]

    def test_lists_that_are_old_are_renewed(self, folder, programs):
        self.an_apt_get(programs, f"test -e {programs}/updated || exit 1;")
        assert self.make(folder)[0] == 0
        assert (programs / "asked").read_text().split()[::2] == ["install", "update", "install"]

    def test_where_that_fails_it_is_said(self, folder, programs):
        self.an_apt_get(programs, "exit 1;")
        status, said = self.make(folder)
        assert status == 2
        assert "There is no chromium, and it could not be installed." in said

    def test_likewise_where_there_are_no_packages_of_debian(self, folder, programs):
        status, said = self.make(folder)
        assert status == 2
        assert "There is no chromium, and it could not be installed." in said
