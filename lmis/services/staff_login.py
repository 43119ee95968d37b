"""Passwords of employees: the login page, the lock and the change of the employee all ask here.

People's passwords can be guessed, unlike the secrets of API clients: so who failed too often from one address waits
there, with the right password too; from any other address it is let in.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.utils.translation import ngettext

from lmis.exceptions import Throttled
from lmis.services import credentials


def check(*, login: str, password: str, address: str, now: datetime) -> User | None:
    """The active employee with this login and password; None for anybody else. Raises `Throttled`.

    Limits and counters are those of `lmis.services.credentials`.
    """
    # Guesses sent at once would all find the counter low: so each is counted before it is looked at.
    wait = credentials.failed(login=login, address=address, now=now)
    if wait is not None:
        raise Throttled(wait)
    user = authenticate(None, username=login, password=password)
    if not isinstance(user, User) or not user.is_staff:
        return None
    credentials.forget_failures(login=login, address=address)
    return user


def wait_in_words(refusal: Throttled) -> str:
    """What the employee is told, with the seconds to wait."""
    seconds = int(refusal.headers["Retry-After"])
    said = ngettext(
        "Too many failed attempts. Wait %(seconds)d second and try again.",
        "Too many failed attempts. Wait %(seconds)d seconds and try again.",
        seconds,
    )
    return said % {"seconds": seconds}
