"""A doctor who leaves: the apps above say what must be settled first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from lmis.models import Doctor

_checks: list[Callable[[Doctor, dt.datetime], None]] = []


def checked_by(check: Callable[[Doctor, dt.datetime], None]) -> None:
    """Have `check` look whether a doctor may leave; it raises a refusal if not. Called by the app that knows."""
    _checks.append(check)


def leave(*, doctor: Doctor, now: dt.datetime) -> None:
    """The doctor works here no more. Raises what the checks raise; the caller's transaction is then to be undone."""
    with transaction.atomic(savepoint=False):
        # A booking may be on its way to the doctor, so it is written first and looked afterwards: the write locks every
        # coming place (the trigger `doctor_restamp`). A booking is committed before that, and is found; or it waits for
        # its place, and then reads that the place is closed.
        doctor.is_active = False
        doctor.save(update_fields=["is_active"])
        for check in _checks:
            check(doctor, now)
