"""Talking to the MIP over HTTP: kept connections, Basic, bounded waits, no redirects."""

from __future__ import annotations

import functools
import logging
import os
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.utils import timezone

from lmis import outgoing
from patients.mip.answers import classify
from patients.mip.outcomes import Later, Outcome
from patients.mip.payload import payload
from patients.models import Patient

logger = logging.getLogger(__name__)
# Its line for each request would name every card that is sent.
logging.getLogger("httpx").setLevel(logging.WARNING)

# Servers drop an idle connection after 5 s by habit; one of ours that meets that moment would be a needless retry.
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=4.0)
BAD_SETTINGS = "bad_settings"
_IN_ALL = 2.5  # times `MIP_TIMEOUT`; a claim lasts for three, the rest is for writing down what came


def is_configured() -> bool:
    """Whether there is a MIP to upload to; without one the cards wait."""
    return bool(settings.MIP["URL"])


def put(patient: Patient, *, request_id: UUID) -> tuple[Outcome, int | None]:
    """Send one card (with `lpu` and `merged_into` loaded): what became of it, and the HTTP status if one came.

    Raises nothing that has to do with the network; waits as `ask` does.
    """
    response = ask("PUT", f"mkab/{patient.guid}", request_id=request_id, json=payload(patient))
    if isinstance(response, Later):
        return response, None
    return classify(response, now=timezone.now()), response.status_code


def longest() -> float:
    """Seconds that one request may take in all."""
    return _IN_ALL * float(settings.MIP["TIMEOUT"])


def ask(
    method: str, path: str, *, request_id: UUID, most: int = outgoing.MEBIBYTE, **content: Any
) -> httpx.Response | Later:
    """Any request to the MIP; `Later` when no answer came, or one longer than `most` bytes.

    `content` is httpx's: `json`, `params`. Waits for at most `MIP_TIMEOUT` at each step, and `longest` in all.
    """
    headers = {"X-Request-Id": str(request_id)}
    try:
        return outgoing.ask(_client(), method, path, seconds=longest(), most=most, headers=headers, **content)
    except outgoing.BadSettings as error:
        logger.error("no connection can be made with the certificates and proxies of the environment: %s", error)
        return Later(BAD_SETTINGS)
    except httpx.TimeoutException:
        return Later("timeout")
    except httpx.ConnectError:
        return Later("no_connection")
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        return Later("bad_url")
    except httpx.TransportError:
        return Later("connection_lost")
    except httpx.HTTPError:
        return Later("bad_answer")


def _client() -> httpx.Client:
    mip = settings.MIP
    return _client_of(os.getpid(), mip["URL"], mip["LOGIN"], mip["PASSWORD"], mip["TIMEOUT"])


@functools.lru_cache(maxsize=4)
def _client_of(_pid: int, url: str, login: str, password: str, timeout: float) -> httpx.Client:
    """One client a process: a connection that two of them share after a fork mixes up their answers."""
    return outgoing.client(
        base_url=url.rstrip("/") + "/",
        auth=(login, password),
        timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
        limits=_LIMITS,
        headers={"Accept": "application/json"},
    )
