"""`python -m benchmarks.demo`: how long `make demo` takes, the packages being there: first start, second start, end.

From the command until `demo.json` says that all of it is up. Budgets: 30 s, 10 s, 10 s.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.system import free_port

FIRST, AGAIN, END = 30.0, 10.0, 10.0  # s
PATIENCE = 300.0  # s
OTHERS = ("DATABASE_URL", "REDIS_URL", "LMIS_DATA_DIR", "DJANGO_SETTINGS_MODULE")  # a demo brings its own


def main() -> None:
    """Start, end, start again, end; print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="lmis-bench-") as folder:
        for name, budget in (("first start", FIRST), ("second start", AGAIN)):
            begun = time.perf_counter()
            process = start(folder)
            told(name, time.perf_counter() - begun, budget)
            begun = time.perf_counter()
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
            told("  its end", time.perf_counter() - begun, END)


def start(folder: str) -> subprocess.Popen[bytes]:
    """A demo on free ports, when it is up."""
    ready = Path(folder) / "demo.json"
    ready.unlink(missing_ok=True)
    ports = ["--port", str(free_port()), "--sandbox-port", str(free_port())]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--data-dir", folder, *ports],
        env={name: value for name, value in os.environ.items() if name not in OTHERS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    while not ready.exists():
        if process.poll() is not None:
            sys.exit(f"The demo ended with status {process.returncode}.")
        time.sleep(0.05)
    return process


def told(what: str, seconds: float, budget: float) -> None:
    """A line of the outcome."""
    print(f"{what}: {seconds:.1f} s, budget {budget:.0f} s: {'kept' if seconds <= budget else 'BROKEN'}", flush=True)


if __name__ == "__main__":
    main()
