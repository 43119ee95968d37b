"""Brings the demo up, keeps it up, takes it down."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper

from lmis import configured
from lmis.demo import checks, children, environment, prepare, programs, record
from lmis.demo.checks import DemoError
from lmis.demo.children import Child
from lmis.demo.options import Options
from lmis.demo.servers import Servers
from lmis.demo.signals import Ended, Signals
from lmis.embedded import EmbeddedError
from lmis.embedded.layout import Layout

READY_TIMEOUT = 60.0  # seconds
QUICK_DEATH = 10.0  # seconds; who lived shorter has to wait before the next try
LONGEST_PAUSE = 10.0  # seconds
PATIENCE = 3.5  # seconds for web, worker, beat and sandbox to end by themselves


class Supervisor:
    """One demo from start to end; `stdout` gets the progress."""

    def __init__(self, options: Options, stdout: OutputWrapper) -> None:
        """Take the data directory; raises `DemoError` or `EmbeddedError` when that cannot be had."""
        self.options = options
        self.stdout = stdout
        self.began = time.monotonic()
        self.layout = Layout.of(options.data_dir)
        self.servers = Servers(self.layout)
        self.signals = Signals()
        self.children: dict[str, Child] = {}
        self.access: dict[str, Any] = {}
        self.pauses: dict[str, float] = {}
        self.births: dict[str, float] = {}

    def run(self) -> None:
        """Run until asked to end; raises `DemoError`, `EmbeddedError` or `SilentError` when it cannot start."""
        try:
            self._clear_up()
            with self.signals.interruptible():
                self._start_servers()
            self._start("web", programs.web, environment.for_children(self.options))
            with self.signals.interruptible():
                prepare.migrate(self.say)
                self.access = prepare.load(self.options, self.say)
            if self.options.sandbox:
                self._start("sandbox", programs.sandbox, environment.for_sandbox(self.options, self.access))
            with self.signals.interruptible():
                self._wait_ready()
            self._start_background()
            self._record()
            self._tell()
            self._watch()
        except Ended:
            pass
        finally:
            self._end()

    def say(self, text: str) -> None:
        """Write one line of progress; a terminal that has gone away is no reason to fail."""
        self._print(f"[{time.monotonic() - self.began:5.1f} s] {text}")

    def _print(self, line: str) -> None:
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except (OSError, ValueError):
            self.stdout = OutputWrapper(open(os.devnull, "w"))  # noqa: SIM115

    # --- up -----------------------------------------------------------------------------------------------------

    def _clear_up(self) -> None:
        (self.layout.data / "demo.json").unlink(missing_ok=True)
        orphans = children.leftovers(self._noted)
        if orphans:
            self.say("stopping what a killed demo left behind: " + ", ".join(str(one.pid) for one in orphans))
            children.stop_all(orphans, patience=PATIENCE)
        if self.options.reset:
            self.say("throwing the old data away")
            self.servers.reset()
        checks.space(self.layout.data)
        checks.ports(self.options)

    def _start_servers(self) -> None:
        checks.configured_database()
        configured.check_redis()
        if self.servers.ours:
            fresh = "" if self.layout.postgres.exists() else ", the first time"
            self.say(f"starting {' and '.join(self.servers.ours)}{fresh}")
            self.servers.start()

    def _start_background(self) -> None:
        """Start worker and beat; only now, or they would take the two cores from those who are waited for."""
        env = environment.for_children(self.options)
        self._start("worker", programs.worker, env)
        self._start("beat", programs.beat, env)

    def _start(self, name: str, program: Callable[[Options], Sequence[str]], env: dict[str, str]) -> None:
        log = self.layout.logs / f"{name}.log"
        self.children[name] = Child(name=name, command=program(self.options), env=env, log=log)
        self._launch(name)

    def _launch(self, name: str) -> None:
        self.children[name].start()
        self.births[name] = time.monotonic()
        children.remember(self._noted, self.children.values())

    def _wait_ready(self) -> None:
        self.say("waiting for web server and sandbox" if self.options.sandbox else "waiting for the web server")
        waiting = [f"{self.options.site}/readyz"]
        if self.options.sandbox:
            waiting.append(f"{self.options.sandbox_url}/healthz")
        deadline = time.monotonic() + READY_TIMEOUT
        while waiting := [url for url in waiting if not _answers(url)]:
            for child in self.children.values():
                if not child.alive:
                    raise DemoError(f"The {child.name} process ended: {child.end()}")
            if time.monotonic() > deadline:
                log = self.children["web"].log
                raise DemoError(f"No answer from {waiting[0]} within {READY_TIMEOUT:.0f} s (see {log})")
            time.sleep(0.1)

    # --- running ------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            with self.signals.interruptible():
                time.sleep(0.2)
            changed = self._revive_servers() | self._revive_children()
            if changed:
                self._record()

    def _revive_children(self) -> bool:
        dead = [child for child in self.children.values() if not child.alive and self._may_try(child.name)]
        for child in dead:
            self.say(f"{child.name} (process {child.pid}) died: {child.end()}; starting it again")
            child.bury()
            self._launch(child.name)
        return bool(dead)

    def _revive_servers(self) -> bool:
        revived = False
        for name in self.servers.dead():
            if self._may_try(name):
                self.say(f"{name} (process {self.servers.processes[name].pid}) died; starting it again")
                self.births[name] = time.monotonic()
                try:
                    self.servers.start(name)
                    revived = True
                except EmbeddedError as error:
                    self.say(str(error))
        return revived

    def _may_try(self, name: str) -> bool:
        """Say whether it is time to start `name` again: at once, or after a pause that doubles."""
        now = time.monotonic()
        lived = now - self.births.get(name, 0.0)
        if lived > QUICK_DEATH + LONGEST_PAUSE:
            self.pauses[name] = 0.0
        if lived < self.pauses.get(name, 0.0):
            return False
        self.pauses[name] = min(LONGEST_PAUSE, 2 * self.pauses.get(name, 0.0) or 0.5)
        return True

    def _record(self) -> None:
        pids = {name: child.pid for name, child in self.children.items()}
        pids |= {name: process.pid for name, process in self.servers.processes.items()}
        record.write(self.layout.data / "demo.json", record.contents(self.options, self.access, pids))

    def _tell(self) -> None:
        options, access = self.options, self.access
        self.say("the demo is up; Ctrl-C ends it")
        places = {
            "admin": f"{options.site}/admin/  ({access['admin_user']} / {access['admin_password']})",
            "API": f"{options.site}/api  (login {access['login']}, secret {access['secret']})",
            "API described": f"{options.site}/api/docs",
            "region": options.sandbox_url or "none",
            "for scripts": str(self.layout.data / "demo.json"),
            "logs": str(self.layout.logs),
        }
        for name, place in places.items():
            self._print(f"  {name:<14} {place}")

    # --- down ---------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        told = self.servers.touched or self.children
        if told:
            self.say("stopping")
        children.stop_all((child.process for child in self.children.values() if child.process), patience=PATIENCE)
        self._noted.unlink(missing_ok=True)
        self.servers.stop()
        self.servers.leave()
        if told:
            self.say("stopped")

    @property
    def _noted(self) -> Path:
        return self.layout.run / "children.json"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
