"""Where everything of a data directory lies."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lmis.embedded.errors import EmbeddedError

DATABASE = "lmis"
SUPERUSER = "postgres"
LONGEST_TEMPORARY_FOLDER = 60  # a socket's path has room for 104 characters on macOS, 108 on Linux


@dataclass(frozen=True)
class Layout:
    """The paths that belong to one data directory."""

    data: Path
    sockets: Path

    @classmethod
    def of(cls, data_dir: Path) -> Layout:
        """Compute the paths of `data_dir`; touches nothing."""
        data = data_dir.expanduser().resolve()
        temporary = tempfile.gettempdir()
        if len(temporary) > LONGEST_TEMPORARY_FOLDER:
            temporary = "/tmp"  # noqa: S108 - the folder below it is checked to be ours
        mark = hashlib.sha256(str(data).encode()).hexdigest()[:8]
        return cls(data=data, sockets=Path(temporary) / f"lmis-{os.getuid()}-{mark}")

    @property
    def postgres(self) -> Path:
        """The cluster of PostgreSQL."""
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        """The working directory of Redis; it keeps nothing on disk."""
        return self.data / "redis"

    @property
    def redis_socket(self) -> Path:
        """The unix socket of Redis."""
        return self.sockets / "redis.sock"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.data / "log"

    @property
    def run(self) -> Path:
        """Lock files and process ids."""
        return self.data / "run"

    def make(self) -> None:
        """Create the data directory; raises `EmbeddedError` when it is not ours to write."""
        try:
            # static: what collectstatic would fill; whitenoise grumbles when it is missing
            for folder in (self.data, self.logs, self.run, self.data / "static"):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.run / f"probe-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise EmbeddedError(
                f"The data directory {self.data} cannot be written ({error.strerror}): "
                "choose another with --data-dir or LMIS_DATA_DIR."
            ) from error
