"""The benchmarks run to their end: on little data, so that their figures say nothing and nothing looks at them."""

import subprocess
import sys

import pytest

from tests.demo import PATIENCE, ROOT, command

SMALL = {
    "authentication": [],
    "booking": ["--bookings", "40"],
    "exchange": ["--cards", "200", "--turns", "2"],
    "grid": ["--doctors", "10", "--days", "1", "--turns", "2"],
    "head": ["--doctors", "4", "--turns", "2"],
    "patients": ["--cards", "500", "--turns", "2"],
    "patients_import": ["--rows", "300"],
    "probes": ["--cards", "200", "--turns", "3"],
    "schedule": ["--doctors", "3", "--days", "2", "--turns", "1"],
    "uploads": ["--cards", "200"],
}
# `system` is what they share; a demo's starts are tested by test_demo, the change of the employee by the browser tests.
OTHERS = {"__init__", "system", "demo", "switching"}


def test_each_is_here():
    """A new one has to be added."""
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")} == {*SMALL, *OTHERS}


@pytest.mark.parametrize("name", SMALL)
def test_it_runs_to_its_end(name):
    """With status 0 and some figures."""
    told = [sys.executable, "-m", f"benchmarks.{name}", *SMALL[name]]
    done = subprocess.run(**{**command(), "args": told}, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(character.isdigit() for character in done.stdout)
