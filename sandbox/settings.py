"""What the sandbox is started with: command line first, then the environment (`SANDBOX_*`)."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One start of the sandbox. `db` is "" for a temporary file that goes away with the process."""

    host: str
    port: int
    db: str
    lmis_url: str
    lmis_login: str
    lmis_secret: str
    token_secret: str
    mip_login: str
    mip_password: str
    page_size: int


# Option, default (None: must be given), help.
OPTIONS: tuple[tuple[str, str | None, str], ...] = (
    ("host", "127.0.0.1", "address to listen on"),
    ("port", "8100", "port to listen on; 0 takes a free one and prints it"),
    ("db", "", "SQLite file; a temporary one when not given"),
    ("lmis-url", "http://127.0.0.1:8000/api", "entry point of the LMIS that is polled"),
    ("lmis-login", "", "the central service's login at the LMIS"),
    ("lmis-secret", "", "its secret"),
    ("token-secret", None, "HS256 key of the patient tokens"),
    ("mip-login", None, "login that the LMIS uses at the MIP"),
    ("mip-password", None, "its password"),
    ("page-size", "1000", "most cards in one answer to the reconciliation"),
)


def read(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `argv` (without the program) and `environ`; a usage error ends the process with 2."""
    parser = argparse.ArgumentParser(prog="sandbox", description="The region in a box, for development.")
    for name, default, text in OPTIONS:
        variable = "SANDBOX_" + name.upper().replace("-", "_")
        value = environ.get(variable) or default
        parser.add_argument(f"--{name}", default=value, required=value is None, help=f"{text} [{variable}]")
    given = vars(parser.parse_args(argv))
    if not str(given["port"]).isdecimal() or int(given["port"]) > 65535:
        parser.error(f"port must be a number from 0 to 65535, got {given['port']!r}")
    if not str(given["page_size"]).isdecimal() or int(given["page_size"]) < 1:
        parser.error(f"page-size must be a number from 1, got {given['page_size']!r}")
    return Settings(**{**given, "port": int(given["port"]), "page_size": int(given["page_size"])})
