"""The API page's part on resources and the schedule: one decorator a method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from appointments.api.schedule_shapes import (
    ResourceScheduleQuery,
    ResourceSerializer,
    ResourcesQuery,
    ResourcesSerializer,
    ScheduleQuery,
    ScheduleSerializer,
)
from appointments.examples import APPOINTMENT, SLOT
from lmis.api.schema import errors

F = TypeVar("F", bound=Callable[..., Any])

RESOURCE: dict[str, Any] = {
    "guid": APPOINTMENT["resource"],
    "type": "doctor",
    "family": "Иванова",
    "name": "Анна",
    "patronymic": "Петровна",
    "position": {"code": "109", "name": "врач-терапевт участковый"},
    "speciality": {"code": "49", "name": "терапия"},
    "lpuGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
    "department": "Терапевтическое отделение",
    "room": "112",
    "nextFree": {"slot": APPOINTMENT["slot"], "begin": APPOINTMENT["begin"]},
}
SCHEDULE: dict[str, Any] = {
    "revision": "6a787238bb819e775b10.20260421-20260505.88641",
    "full": True,
    "items": [SLOT],
}
_TAG = OpenApiParameter("ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200, 304])
_HELD = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of the last answer: 304 while nothing has changed and no slot of the window has begun.",
)
_SAME = OpenApiResponse(description="Nothing has changed since the answer with this tag")


def _documented(tag: str, *codes: str, **schema: Any) -> Callable[[F], F]:
    def decorate(method: F) -> F:
        return errors(*codes)(extend_schema(tags=[tag], **schema)(method))

    return decorate


def _shown(serializer: Any, name: str, value: dict[str, Any], description: str) -> OpenApiResponse:
    return OpenApiResponse(
        serializer, description=description, examples=[OpenApiExample(name, value=value, response_only=True)]
    )


_SCHEDULE = {200: _shown(ScheduleSerializer, "schedule", SCHEDULE, "In full, or what changed"), 304: _SAME}

LIST_RESOURCES = _documented(
    "schedule",
    "validation_error",
    operation_id="resources",
    summary="D. Who can be booked",
    parameters=[ResourcesQuery],
    responses={200: _shown(ResourcesSerializer, "resources", {"items": [RESOURCE]}, "Resources")},
)
SHOW_RESOURCE = _documented(
    "schedule",
    "resource_not_found",
    operation_id="resource",
    summary="D. One resource",
    responses={200: _shown(ResourceSerializer, "resource", RESOURCE, "The resource")},
)
SHOW_RESOURCE_SCHEDULE = _documented(
    "schedule",
    "validation_error",
    "resource_not_found",
    operation_id="resourceSchedule",
    summary="E. The schedule of a resource",
    parameters=[ResourceScheduleQuery, _HELD, _TAG],
    responses=_SCHEDULE,
)
SHOW_SCHEDULE = _documented(
    "schedule",
    "validation_error",
    operation_id="schedule",
    summary="F. The schedule of all resources",
    parameters=[ScheduleQuery, _HELD, _TAG],
    responses=_SCHEDULE,
)
