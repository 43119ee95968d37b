"""One pair of servers for all tests, a region and an empty clinic for each."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lmis.embedded.postgres import UNSAFE_SPEED
from lmis.embedded.servers import running as servers
from tests.demo import ROOT
from tests.faults.system import System
from tests.integration.leaks import PERSONAL, told_of
from tests.unit.sandbox.region import start


@pytest.fixture(scope="session")
def data_dir():
    """Of a migrated clinic whose servers run; not in pytest's own folder, see `tests.integration.conftest`."""
    with tempfile.TemporaryDirectory(prefix="lmis-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with servers(folder, with_redis=True, options=UNSAFE_SPEED):
            env = System(folder, _Nowhere, timeout=1).env()
            subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
            yield folder


class _Nowhere:
    url = "http://127.0.0.1:9"


@contextlib.contextmanager
def a_system(data_dir, folder, *, timeout):
    """An empty clinic and its region; nothing runs yet but the servers. Leaves nothing running.

    Raises AssertionError when the logs say what the cards tell of somebody.
    """
    found = System(data_dir, start("--db", str(folder / "region.sqlite3")), timeout=timeout)
    try:
        for log in found.layout.logs.glob("*-*.log"):
            log.unlink()
        found.empty()
        yield found
    finally:
        found.end()
    personal = {value for (value,) in found.rows(PERSONAL)}
    told = told_of(personal, {log.name: log.read_text(errors="replace") for log in found.layout.logs.glob("*.log")})
    assert told == {}, f"logs name patients: {told}"


@pytest.fixture
def timeout():
    """Seconds that a sending may take; a test that holds one for long says more."""
    return 1


@pytest.fixture
def system(data_dir, tmp_path, timeout):
    """An empty clinic of the test's own."""
    with a_system(data_dir, tmp_path, timeout=timeout) as found:
        yield found
