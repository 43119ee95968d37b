"""`demo.json`: what scripts know about a running demo (design §3)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmis.demo.environment import TOKEN_SECRET
from lmis.demo.options import Options

PROCESSES = ("web", "worker", "beat", "sandbox", "postgres", "redis")


def contents(options: Options, access: Mapping[str, Any], pids: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the file's contents; a process that this demo does not have is null."""
    return {
        "base_url": f"{options.site}/api",
        "admin_url": f"{options.site}/admin/",
        "admin_user": access["admin_user"],
        "admin_password": access["admin_password"],
        "login": access["login"],
        "secret": access["secret"],
        "lpu_guid": str(access["lpu_guid"]),
        "sandbox_url": options.sandbox_url,
        "token_secret": TOKEN_SECRET,
        "sample": access["sample"],
        "pids": {name: pids.get(name) for name in PROCESSES},
    }


def write(path: Path, what: Mapping[str, Any]) -> None:
    """Replace the file in one go, so that nobody reads half of it; only its owner may."""
    draft = path.with_suffix(".json.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(what, file, ensure_ascii=False, indent=2)
        file.write("\n")
    draft.replace(path)
