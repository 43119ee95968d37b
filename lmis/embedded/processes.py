"""Servers as processes: who is alive, who is ours, who may stop what."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from lmis.embedded.errors import EmbeddedError


def launch(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> psutil.Process:
    """Start `command` in a session of its own, its output appended to `log`."""
    with log.open("ab") as output:
        return psutil.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else dict(env),
            # A Ctrl-C in the terminal reaches the whole foreground group; the servers must outlive the web.
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )


def alive(process: psutil.Process) -> bool:
    """Say whether `process` runs; a dead child is buried on the way."""
    try:
        process.wait(timeout=0)
    except psutil.TimeoutExpired:
        # Somebody else's dead child stays a zombie for as long as its parent likes.
        with contextlib.suppress(psutil.NoSuchProcess):
            return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        pass
    return False


def find(pid: int, *, words: Sequence[str]) -> psutil.Process | None:
    """Return the process `pid` if it lives and its command line has all of `words`: ids are used again."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        command = process.cmdline()
    except psutil.Error:
        return None
    return process if all(any(word in part for part in command) for word in words) else None


def stop(process: psutil.Process, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn and give it its seconds; says whether the process ended."""
    for number, seconds in steps:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if wait_ended([process], seconds=seconds) == []:
            return True
    return False


def wait_ended(processes: Iterable[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Wait for all of them; returns those still alive after `seconds`."""
    waiting = [process for process in processes if alive(process)]
    deadline = time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        time.sleep(0.02)
        waiting = [process for process in waiting if alive(process)]
    return waiting


class FileLock:
    """An advisory lock on a file; the system lets go of it when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        """Open (and make) the file; nothing is locked yet."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("ab")
        except OSError as error:
            raise EmbeddedError(f"Cannot write {path} ({error.strerror}).") from error

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, alone or shared; without `wait` say at once whether it was had."""
        mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        try:
            fcntl.flock(self._file, mode)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go of the lock."""
        self._file.close()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` alone for the block."""
    lock = FileLock(path)
    try:
        lock.take()
        yield
    finally:
        lock.release()


def tail(path: Path, *, marks: Sequence[str], offset: int = 0) -> str:
    """Return the last line after `offset` that has one of `marks`, else the last line: the reason of a failed start."""
    try:
        with path.open("rb") as file:
            file.seek(min(offset, os.fstat(file.fileno()).st_size))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "no log"
    telling = [line for line in lines if any(mark in line for mark in marks)]
    return (telling or lines or ["the log is empty"])[-1]
