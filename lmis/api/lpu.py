"""J: the LPUs that this LMIS serves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lmis.api.views import ApiView
from lmis.models import Lpu

# Contract name → column.
FIELDS = {
    "guid": "guid",
    "name": "name",
    "shortName": "short_name",
    "oid": "oid",
    "address": "address",
    "phone": "phone",
    "timeZone": "time_zone",
}


class LpuSerializer(serializers.Serializer[Any]):
    """An LPU, for the API's page; answers are made from the columns."""

    guid = serializers.UUIDField()
    name = serializers.CharField()
    shortName = serializers.CharField()
    oid = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()
    timeZone = serializers.CharField(help_text="IANA name, such as `Europe/Moscow`.")


class LpusSerializer(serializers.Serializer[Any]):
    """All of them."""

    items = LpuSerializer(many=True)


_EXAMPLE = {
    "guid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
    "name": "Городская поликлиника № 1",
    "shortName": "ГП № 1",
    "oid": "1.2.643.5.1.13.13.12.2.77.1234",
    "address": "ул. Мира, 1",
    "phone": "70000000000",
    "timeZone": "Europe/Moscow",
}
_SHOWN = OpenApiResponse(
    LpusSerializer,
    description="LPUs",
    examples=[OpenApiExample("lpus", value={"items": [_EXAMPLE]}, response_only=True)],
)


class LpuListView(ApiView):
    """Any client, and a patient by token alone."""

    scope = None
    bearer_allowed = True

    @extend_schema(
        summary="J. LPUs served here",
        responses=_SHOWN,
    )
    def get(self, request: Request) -> Response:
        """The own LPUs, by name."""
        rows = Lpu.objects.own().order_by("short_name", "name", "pk").values_list(*FIELDS.values())
        return Response({"items": [dict(zip(FIELDS, row, strict=True)) for row in rows]})
