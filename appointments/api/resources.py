"""D: the resources, that is the doctors who can be booked."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from appointments.api.schedule_docs import LIST_RESOURCES, SHOW_RESOURCE
from appointments.api.schedule_shapes import ResourcesQuery
from appointments.services.resources import get_resource, list_resources
from lmis.api.rendering import CONTENT_TYPE
from lmis.api.views import ApiView


class Resources(ApiView):
    """All that fit the filters."""

    scope = "schedule"

    @LIST_RESOURCES
    def get(self, request: Request) -> HttpResponse:
        """Doctors shown to the outside, by name."""
        query = ResourcesQuery.read(request.query_params)
        items = list_resources(
            now=timezone.now(),
            lpu=query["lpu"],
            speciality=query["speciality"],
            position=query["position"],
            only_free=bool(query["hasFreeSlots"]),
        )
        return HttpResponse(b'{"items":[%b]}' % b",".join(items), CONTENT_TYPE)


class Resource(ApiView):
    """One."""

    scope = "schedule"

    @SHOW_RESOURCE
    def get(self, request: Request, guid: UUID) -> HttpResponse:
        """A doctor shown to the outside."""
        return HttpResponse(get_resource(guid=guid, now=timezone.now()), CONTENT_TYPE)
