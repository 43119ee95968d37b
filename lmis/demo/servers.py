"""The demo's PostgreSQL and Redis, where none are configured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import psutil

from lmis.demo.checks import DemoError
from lmis.embedded import postgres, redis_server
from lmis.embedded.layout import Layout
from lmis.embedded.processes import FileLock, alive, locked
from lmis.embedded.servers import stop_all

STARTERS: dict[str, Callable[[Layout], psutil.Process]] = {"postgres": postgres.start, "redis": redis_server.start}
CONFIGURED_BY = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


class Servers:
    """Both servers of a data directory for the time of a demo.

    While it lives it counts as a user (see `lmis.embedded.servers`): a command that ends meanwhile stops nothing.
    """

    def __init__(self, layout: Layout) -> None:
        """Take the place of the only demo on this data directory; starts nothing yet."""
        self.layout = layout
        self.processes: dict[str, psutil.Process] = {}
        self.touched = False
        layout.make()
        self._only = FileLock(layout.run / "demo.lock")
        if not self._only.take(wait=False):
            raise DemoError(f"A demo is already running on {layout.data}: stop it, or choose another --data-dir.")
        self._user = FileLock(layout.run / "users.lock")
        self._user.take(shared=True)

    def reset(self) -> None:
        """Throw away everything of the private servers and the sandbox."""
        if os.environ.get("DATABASE_URL"):
            raise DemoError(
                "--reset empties the demo's own database only, and DATABASE_URL names yours: empty it yourself."
            )
        self.touched = True
        self.stop()
        for folder in (self.layout.postgres, self.layout.redis):
            shutil.rmtree(folder, ignore_errors=True)
        for pattern in ("sandbox.sqlite3*", "run/beat-schedule*", "demo.json"):
            for path in self.layout.data.glob(pattern):
                path.unlink()
        if self.layout.postgres.exists():
            raise DemoError(f"{self.layout.postgres} cannot be removed: remove it yourself.")

    def start(self, *names: str) -> None:
        """Have up whatever is ours to start, or only `names` of it."""
        self.touched = True
        with locked(self.layout.run / "start.lock"):
            for name in names or self.ours:
                self.processes[name] = STARTERS[name](self.layout)

    @property
    def ours(self) -> list[str]:
        """Name the servers that nobody has configured elsewhere."""
        return [name for name, variable in CONFIGURED_BY.items() if not os.environ.get(variable)]

    def dead(self) -> list[str]:
        """Name the servers that have died."""
        return [name for name, process in self.processes.items() if not alive(process)]

    def stop(self) -> None:
        """Stop both, whoever started them, within 7 s; nothing when this demo never came so far as to need them."""
        if not self.touched:
            return
        stop_all(self.layout, patience=3.0)

    def leave(self) -> None:
        """Let another demo have the data directory."""
        self._user.release()
        self._only.release()
