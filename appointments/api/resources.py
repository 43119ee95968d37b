"""D: the resources, that is the doctors who can be booked."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.api.schedule_docs import LIST_RESOURCES, SHOW_RESOURCE
from appointments.api.schedule_shapes import ResourcesQuery
from appointments.services.resources import Row, get_resource, list_resources
from lmis.api.views import ApiView


class Resources(ApiView):
    """All that fit the filters."""

    scope = "schedule"

    @LIST_RESOURCES
    def get(self, request: Request) -> Response:
        """Doctors shown to the outside, by name."""
        query = ResourcesQuery.read(request.query_params)
        rows = list_resources(
            now=timezone.now(),
            lpu=query["lpu"],
            speciality=query["speciality"],
            position=query["position"],
            only_free=bool(query["hasFreeSlots"]),
        )
        return Response({"items": [present_resource(row) for row in rows]})


class Resource(ApiView):
    """One."""

    scope = "schedule"

    @SHOW_RESOURCE
    def get(self, request: Request, guid: UUID) -> Response:
        """A doctor shown to the outside."""
        return Response(present_resource(get_resource(guid=guid, now=timezone.now())))


def present_resource(row: Row) -> dict[str, Any]:
    """The contract's model Resource; the begin of the next free place in the zone of the LPU."""
    return {
        "guid": row["guid"],
        "type": "doctor",
        "family": row["family"],
        "name": row["name"],
        "patronymic": row["patronymic"],
        "position": {"code": row["position__code"], "name": row["position__name"]},
        "speciality": {"code": row["speciality__code"], "name": row["speciality__name"]},
        "lpuGuid": row["lpu__guid"],
        "department": row["department__name"] or "",
        "room": row["room__number"] or "",
        "nextFree": _next_free(row["next_free"], row["lpu__time_zone"]),
    }


def _next_free(found: dict[str, str] | None, time_zone: str) -> dict[str, Any] | None:
    if found is None:
        return None
    begin = dt.datetime.fromisoformat(found["begin"]).astimezone(ZoneInfo(time_zone))
    return {"slot": found["slot"], "begin": begin}
