"""What the processes of the demo are told through the environment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import environ

from lmis import embedded
from lmis.demo.options import Options

ROOT = Path(__file__).resolve().parent.parent.parent
# The same in every demo on purpose: two demos share one region, and scripts sign tokens of their own.
TOKEN_SECRET = "demo-region-patient-token-secret"  # noqa: S105
MIP_LOGIN = "lmis-demo"
MIP_PASSWORD = "mip-demo-password"  # noqa: S105


def prepare(argv: Sequence[str]) -> None:
    """Set what the settings of the demo's own process need, before they are loaded.

    The data directory decides where the private servers are, and a demo on a configured database needs a
    `SECRET_KEY` like any other (the settings refuse to start without), but should not have to ask for one.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--data-dir", default=os.environ.get("LMIS_DATA_DIR") or str(ROOT / "var"))
    data_dir = Path(parser.parse_known_args(list(argv))[0].data_dir).expanduser().resolve()
    os.environ["LMIS_DATA_DIR"] = str(data_dir)
    if (ROOT / ".env").is_file():
        environ.Env.read_env(ROOT / ".env")
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = embedded.secret_key(data_dir)


def for_children(options: Options) -> dict[str, str]:
    """Return the whole environment of web, worker and beat: every setting that matters is named."""
    mip_url = options.mip_url or (f"{options.sandbox_url}/mip" if options.sandbox else "")
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "lmis.settings",
        "LMIS_DATA_DIR": str(options.data_dir),
        "LMIS_DEMO": "1",
        "DATABASE_URL": os.environ.get("DATABASE_URL") or embedded.database_url(options.data_dir),
        "REDIS_URL": os.environ.get("REDIS_URL") or embedded.redis_url(options.data_dir),
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS") or "127.0.0.1,localhost,[::1]",
        "COOKIES_SECURE": "0",
        "WHITENOISE_USE_FINDERS": "1",
        "MIP_URL": mip_url,
        "MIP_LOGIN": MIP_LOGIN,
        "MIP_PASSWORD": MIP_PASSWORD,
        "PATIENT_TOKEN_ALGORITHMS": "HS256",
        "PATIENT_TOKEN_KEY": TOKEN_SECRET,
        "PATIENT_TOKEN_JWKS_URL": "",
        "PATIENT_TOKEN_ISSUER": "",
        "PATIENT_TOKEN_AUDIENCE": "",
        "PYTHONUNBUFFERED": "1",
    }


def for_sandbox(options: Options, access: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of the sandbox; secrets stand here and not in its command line, which all may read."""
    return {
        **os.environ,
        "SANDBOX_LMIS_URL": f"{options.site}/api",
        "SANDBOX_LMIS_LOGIN": access["login"],
        "SANDBOX_LMIS_SECRET": access["secret"],
        "SANDBOX_TOKEN_SECRET": TOKEN_SECRET,
        "SANDBOX_MIP_LOGIN": MIP_LOGIN,
        "SANDBOX_MIP_PASSWORD": MIP_PASSWORD,
        "PYTHONUNBUFFERED": "1",
    }
