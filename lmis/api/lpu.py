"""J: the LPUs that this LMIS serves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
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


class LpuListView(ApiView):
    """Any client, and a patient by token alone."""

    scope = None
    bearer_allowed = True

    @extend_schema(
        summary="J. LPUs served here",
        responses=inline_serializer("LpuList", {"items": LpuSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """The own LPUs, by name."""
        rows = Lpu.objects.own().order_by("short_name", "name", "pk").values_list(*FIELDS.values())
        return Response({"items": [dict(zip(FIELDS, row, strict=True)) for row in rows]})
