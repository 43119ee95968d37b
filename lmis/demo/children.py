"""The processes of the demo that we start ourselves: web, worker, beat, sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from lmis.demo.environment import ROOT
from lmis.embedded.processes import alive, launch, tail, wait_ended

SAME_BIRTH = 2.0  # seconds: the system reckons it from the time of boot, which the clock's corrections move
GONE_WITHIN = 5.0  # seconds that a busy system may take to end what was killed
ENOUGH_LOG = 10 * 2**20  # bytes; then the log is put aside


@dataclass(kw_only=True)
class Child:
    """One process that shall live as long as the demo."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: psutil.Process | None = None
    log_before: int = 0  # bytes that earlier runs have written

    def start(self) -> None:
        """Start it (again)."""
        if self.log.exists() and self.log.stat().st_size > ENOUGH_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        self.log_before = self.log.stat().st_size if self.log.exists() else 0
        self.process = launch(self.command, log=self.log, cwd=ROOT, env=self.env)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and alive(self.process)

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self.process.pid if self.process else None

    def bury(self) -> None:
        """End what a dead process left behind in its session: a killed master does not take its workers along."""
        if self.process:
            _signal_group(self.process, signal.SIGKILL)

    def end(self) -> str:
        """Say how it ended: the signal, else the line of its log that says most."""
        code = getattr(self.process, "returncode", None)
        if code == 0:
            return "ended by itself"
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"{tail(self.log, marks=['Error:', 'CRITICAL', 'cannot '], offset=self.log_before)} (see {self.log})"


def stop_all(processes: Iterable[psutil.Process], *, patience: float) -> None:
    """End processes and their groups: asked first, all at once; killed after `patience` seconds.

    On return all of them are gone, workers too: whoever starts next finds the ports free.
    """
    asked = [process for process in processes if alive(process)]
    families = [member for process in asked for member in _descendants(process)]
    for process in asked:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    waiting = wait_ended(asked, seconds=patience)
    for process in asked:
        _signal_group(process, signal.SIGKILL)
    for process in waiting:  # one that outlived its leader has no group of its own id
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_ended([*waiting, *families], seconds=GONE_WITHIN)


def remember(path: Path, children: Iterable[Child]) -> None:
    """Note who is ours, with the time of birth: an id alone may be somebody else's by tomorrow."""
    found = [child.process for child in children if child.process]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps([{"pid": one.pid, "born": one.create_time()} for one in found]))
    draft.replace(path)


def leftovers(path: Path) -> list[psutil.Process]:
    """Return what still lives of the noted processes and their sessions: their demo was killed."""
    try:
        noted = {one["pid"]: one["born"] for one in json.loads(path.read_text())}
        # An id is given anew only when nobody is left of its session: then nothing there is ours.
        return list(_sessions({pid: born for pid, born in noted.items() if not _is_anothers(pid, born)}))
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _sessions(leaders: Mapping[int, float]) -> Iterator[psutil.Process]:
    """These leaders of sessions and their members: a web server's workers survive its main process."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            born = leaders.get(os.getsid(process.pid))
            if born is not None and process.create_time() > born - SAME_BIRTH and alive(process):
                yield process


def _is_anothers(pid: int, born: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - born) >= SAME_BIRTH
    except psutil.NoSuchProcess:
        return False


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal_group(process: psutil.Process, number: signal.Signals) -> None:
    # Each child leads a session of its own (see `launch`), so its id is that of its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
