"""Who can be booked (contract D), with the next free place of each."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from appointments.exceptions import ResourceNotFound
from appointments.models import Slot
from lmis.models import Doctor

Row = dict[str, Any]
_COLUMNS = (
    "guid",
    "family",
    "name",
    "patronymic",
    "position__code",
    "position__name",
    "speciality__code",
    "speciality__name",
    "lpu__guid",
    "lpu__time_zone",
    "department__name",
    "room__number",
)


def list_resources(
    *,
    now: dt.datetime,
    lpu: UUID | None = None,
    speciality: str | None = None,
    position: str | None = None,
    only_free: bool = False,
) -> list[Row]:
    """The doctors shown to the outside, by name, in one statement; a filter that nobody fits gives none.

    Out: the columns above, and `next_free`: `{"slot": guid, "begin": ISO text in UTC}` of the earliest free place
    through whatever channel, or None. `only_free` leaves out those without one.
    """
    wanted = {"lpu__guid": lpu, "speciality__code": speciality, "position__code": position}
    found = _rows(now, **{column: value for column, value in wanted.items() if value is not None})
    return [row for row in found if row["next_free"] or not only_free]


def get_resource(*, guid: UUID, now: dt.datetime) -> Row:
    """One of them. Raises ResourceNotFound, also for a doctor who is not shown."""
    found = _rows(now, guid=guid)
    if not found:
        raise ResourceNotFound
    return found[0]


def _rows(now: dt.datetime, **filters: Any) -> list[Row]:
    # The condition of the index slot_free word for word: a booked-out doctor costs no more than an idle one.
    free = Slot.objects.free(now).filter(doctor=OuterRef("pk")).order_by("begin")
    earliest = Subquery(free.values(found=JSONObject(slot="guid", begin="begin"))[:1])
    doctors = Doctor.objects.published().filter(**filters).order_by("family", "name", "patronymic", "pk")
    return list(doctors.values(*_COLUMNS, next_free=earliest))
