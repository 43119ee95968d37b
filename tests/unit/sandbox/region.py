"""A real sandbox process for tests, and cards to send to it."""

import itertools
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

ROOT = Path(__file__).parents[3]
LOGIN, PASSWORD, TOKEN_SECRET = "clinic", "пароль:с двоеточием", "region-token-secret-of-32-letters"
AUTH = httpx.BasicAuth(LOGIN, PASSWORD)
_numbers = itertools.count(1)


class Region:
    """One running sandbox: `client` speaks to it with the MIP's credentials."""

    def __init__(self, process, url):
        self.process = process
        self.url = url
        self.client = httpx.Client(base_url=url, auth=AUTH, timeout=20)

    def put(self, card, guid=None, **changes):
        return self.client.put(f"/mip/mkab/{guid or card['guid']}", json={**card, **changes})

    def fault(self, mode, **options):
        return self.client.post("/faults", json={"mode": mode, **options})

    def stats(self, lpu):
        return self.client.get("/mip/stats").json()["lpus"].get(lpu, {})

    def token(self, **query):
        return self.client.get("/auth/cod/token", params=query, auth=None)


def environment(**changes):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    given = {
        "SANDBOX_PORT": "0",
        "SANDBOX_MIP_LOGIN": LOGIN,
        "SANDBOX_MIP_PASSWORD": PASSWORD,
        "SANDBOX_TOKEN_SECRET": TOKEN_SECRET,
    }
    return {**clean, "PYTHONUTF8": "1", **given, **changes}


def start(*arguments, **changes):
    """Start a sandbox process and wait until it listens."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    return Region(process, line.split()[1].rstrip("/"))


@contextmanager
def running(*arguments, **changes):
    region = start(*arguments, **changes)
    try:
        yield region
    finally:
        region.client.close()
        region.process.kill()
        region.process.communicate()


def new_card(lpu, **changes):
    """A card of somebody nobody has seen before, as an LMIS sends it (plus `guid`, for the address)."""
    number = next(_numbers)
    unique = uuid4().int
    return {
        "guid": str(uuid4()),
        "lpuGuid": lpu,
        "version": 1,
        "state": "active",
        "mergedInto": None,
        "cardNumber": str(number),
        "family": "Ёлкина",
        "name": "Анна",
        "patronymic": "Петровна",
        "birthDate": "1980-02-29",
        "sex": "F",
        "snils": "112-233-445 95",
        "polis": {"series": "", "number": f"{unique % 10**16:016}", "type": {"code": "3", "name": "ЕНП"}},
        "identityDocument": {"series": f"{unique // 10**16 % 10**4:04}", "number": f"{unique // 10**20 % 10**6:06}"},
        "phone": "79000000000",
        "address": "Город, улица",
        **changes,
    }


def same_person(card, lpu, **changes):
    """Another card of the person on `card`, in `lpu`."""
    return {**card, "guid": str(uuid4()), "lpuGuid": lpu, "version": 1, **changes}


def fields(answer):
    """The names of the fields that an envelope complains about."""
    return {error["field"] for error in answer.json()["errors"]}
