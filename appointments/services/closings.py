"""Closing a whole LPU, or all of them, for a time that the calendar of holidays does not have: a burst pipe, a move."""

from __future__ import annotations

import datetime as dt
import logging

from appointments.models import ScheduleException
from appointments.services import absences, horizon
from appointments.services.filling import Report
from lmis.actors import Actor
from lmis.models import Doctor, Lpu

logger = logging.getLogger(__name__)
Kind = ScheduleException.Kind


def close(
    *, lpu: Lpu | None, begin: dt.datetime, end: dt.datetime, reason: str, by: Actor, now: dt.datetime
) -> ScheduleException:
    """Close an LPU between two instants; None closes all. Appointments stay: each is moved or cancelled by itself.

    The places leave with `lay`, after this is committed. Raises ValidationFailed.
    """
    absences.check_period(begin, end, reason, now)
    closing = ScheduleException(kind=Kind.HOLIDAY, lpu=lpu, begin=begin, end=end, reason=reason.strip()[:255])
    closing.channels = []
    closing.save()
    logger.info("closing %s entered by %s", closing.pk, by)
    return closing


def take_back(*, closing: ScheduleException, by: Actor) -> None:
    """Open again; the places come back with `lay`."""
    pk = closing.pk
    closing.delete()
    logger.info("closing %s taken back by %s", pk, by)


def lay(*, closing: ScheduleException, by: Actor, now: dt.datetime) -> Report:
    """Lay the places of the doctors concerned anew; in transactions of its own."""
    concerned = Doctor.objects.filter(is_active=True, lpu__is_own=True)
    if closing.lpu_id is not None:
        concerned = concerned.filter(lpu=closing.lpu_id)
    return horizon.keep_full(by=by, now=now, only=list(concerned.values_list("pk", flat=True)))
