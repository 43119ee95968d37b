"""What a demo is started with."""

from __future__ import annotations

import argparse
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Options:
    """One start of the demo; `mip_url` is None for that of its own sandbox."""

    port: int
    sandbox_port: int
    data_dir: Path
    reset: bool
    sandbox: bool
    lpu_guid: uuid.UUID | None
    mip_url: str | None
    workers: int

    @classmethod
    def of(cls, given: dict[str, Any]) -> Options:
        """Take Django's dictionary of options."""
        return cls(
            port=given["port"],
            sandbox_port=given["sandbox_port"],
            data_dir=Path(given["data_dir"]).resolve(),
            reset=given["reset"],
            sandbox=not given["no_sandbox"],
            lpu_guid=given["lpu_guid"],
            mip_url=given["mip_url"],
            workers=given["workers"],
        )

    @property
    def site(self) -> str:
        """Where the web server is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str | None:
        """Where the region is: our own sandbox, or the one that `mip_url` belongs to."""
        if self.sandbox:
            return f"http://127.0.0.1:{self.sandbox_port}"
        return self.mip_url.removesuffix("/mip") if self.mip_url else None


def add_arguments(parser: argparse.ArgumentParser, *, data_dir: Path) -> None:
    """Declare the options; `data_dir` is the default of `--data-dir`."""
    add = parser.add_argument
    add("--port", type=_port, default=8000, help="port of the web server (8000)")
    add("--sandbox-port", type=_port, default=8100, help="port of the sandbox (8100)")
    add("--data-dir", type=Path, default=data_dir, help="where everything is kept (var)")
    add("--reset", action="store_true", help="throw the data away first")
    add("--no-sandbox", action="store_true", help="start no region")
    add("--lpu-guid", type=uuid.UUID, help="play another LPU: its guid")
    add("--mip-url", type=_mip_url, help="upload the cards there instead of to the own sandbox")
    add("--workers", type=_count, default=2, help="processes of the web server (2)")


def _port(text: str) -> int:
    return _between(1, 65535, text, "a port")


def _count(text: str) -> int:
    return _between(1, 64, text, "a number from 1 to 64")


def _between(least: int, most: int, text: str, what: str) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text} is not {what}")
    return int(text)


def _mip_url(text: str) -> str:
    """Accept the address of a MIP, or that of a sandbox, whose MIP is at `/mip`."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text} is not an address (http://...)")
    return text.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/mip"
