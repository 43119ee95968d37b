"""E and F: the schedule of one resource and of all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from appointments.api.schedule_docs import SHOW_RESOURCE_SCHEDULE, SHOW_SCHEDULE
from appointments.api.schedule_shapes import ResourceScheduleQuery, ScheduleQuery
from appointments.services import schedule
from appointments.services.revision import Tags
from lmis.api.rendering import CONTENT_TYPE
from lmis.api.views import ApiView


class ResourceSchedule(ApiView):
    """E: of one resource."""

    scope = "schedule"

    @SHOW_RESOURCE_SCHEDULE
    def get(self, request: Request, guid: UUID) -> HttpResponse:
        """The slots of a doctor who is, or was, shown to the outside."""
        return _answer(request, ResourceScheduleQuery.read(request.query_params), resource=guid)


class Schedule(ApiView):
    """F: of all resources, or of those that fit the filters."""

    scope = "schedule"

    @SHOW_SCHEDULE
    def get(self, request: Request) -> HttpResponse:
        """The slots of all doctors who are, or were, shown to the outside."""
        query = ScheduleQuery.read(request.query_params)
        return _answer(request, query, lpu=query["lpu"], speciality=query["speciality"])


def _answer(request: Request, query: dict[str, Any], **whom: Any) -> HttpResponse:
    question = schedule.Question(
        **whom,
        channel=query["channel"],
        free=bool(query["free"]),
        first=query["dateFrom"],
        last=query["dateTo"],
        since=query["changedSince"],
        held=Tags.parse(request.META.get("HTTP_IF_NONE_MATCH", "")),
    )
    answer = schedule.read(question=question, now=timezone.now())
    response = HttpResponseNotModified() if answer.body is None else HttpResponse(answer.body, CONTENT_TYPE)
    response["ETag"] = answer.etag
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
