"""Talking to the MIP over HTTP: kept connections, Basic, bounded waits, no redirects."""

from __future__ import annotations

import functools
import logging
import os

import httpx
from django.conf import settings
from django.utils import timezone

from patients.mip.answers import classify
from patients.mip.outcomes import Later, Outcome
from patients.mip.payload import payload
from patients.models import Patient

# Its line for each request would name every card that is sent.
logging.getLogger("httpx").setLevel(logging.WARNING)

# Servers drop an idle connection after 5 s by habit; one of ours that meets that moment would be a needless retry.
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=4.0)


def is_configured() -> bool:
    """Whether there is a MIP to upload to; without one the cards wait."""
    return bool(settings.MIP["URL"])


def put_card(patient: Patient) -> Outcome:
    """Send one card (with `lpu` and `merged_into` loaded) and say what became of it.

    Waits for at most `MIP_TIMEOUT` at each step. Raises nothing that has to do with the network.
    """
    try:
        response = _client().put(f"mkab/{patient.guid}", json=payload(patient))
    except httpx.TimeoutException:
        return Later("timeout")
    except httpx.UnsupportedProtocol:
        return Later("bad_url")
    except httpx.ConnectError:
        return Later("no_connection")
    except httpx.TransportError:
        return Later("connection_lost")
    except httpx.InvalidURL:
        return Later("bad_url")
    except httpx.HTTPError:
        return Later("bad_answer")
    return classify(response, now=timezone.now())


def _client() -> httpx.Client:
    mip = settings.MIP
    return _client_of(os.getpid(), mip["URL"], mip["LOGIN"], mip["PASSWORD"], mip["TIMEOUT"])


@functools.lru_cache(maxsize=4)
def _client_of(_pid: int, url: str, login: str, password: str, timeout: float) -> httpx.Client:
    """One client a process: a connection that two of them share after a fork mixes up their answers."""
    return httpx.Client(
        base_url=url.rstrip("/") + "/",
        auth=(login, password),
        timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
        limits=_LIMITS,
        follow_redirects=False,
        headers={"Accept": "application/json"},
    )
