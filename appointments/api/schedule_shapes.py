"""Shapes of D, E and F: the queries are read with these; the answers are made elsewhere and documented here."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from appointments.services.schedule import MOST_DAYS
from lmis.api.fields import DayField, GuidField
from lmis.models import Source


class Query(serializers.Serializer[Any]):
    """A query string; a blank parameter is a missing one."""

    @classmethod
    def read(cls, params: Any) -> dict[str, Any]:
        """What was asked for, None where nothing was. Raises DRF's ValidationError."""
        query = cls(data={name: value.strip() for name, value in params.items() if value.strip()})
        query.is_valid(raise_exception=True)
        return {str(name): query.validated_data.get(name) for name in query.fields}


class ResourcesQuery(Query):
    """Query of D."""

    lpu = GuidField(required=False, help_text="Guid of an LPU.")
    speciality = serializers.CharField(required=False, help_text="Code of a speciality.")
    position = serializers.CharField(required=False, help_text="Code of a position.")
    hasFreeSlots = serializers.BooleanField(required=False, help_text="`true`: only those with a free place to come.")


class ResourceScheduleQuery(Query):
    """Query of E."""

    dateFrom = DayField(required=False, help_text="First day, in the time zone of the LPU; today if missing.")
    dateTo = DayField(
        required=False, help_text=f"Last day, inclusive; `dateFrom` + 14 if missing. At most {MOST_DAYS} days in all."
    )
    channel = serializers.ChoiceField(
        choices=Source.values, required=False, help_text="Only slots open to this channel."
    )
    free = serializers.BooleanField(required=False, help_text="`true`: only slots that can be booked.")
    changedSince = serializers.CharField(
        required=False,
        help_text="`revision` of an earlier answer: only what changed since then, if that can be told. "
        "Not together with `free` or `channel`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A slot just booked would drop out of a filtered difference unseen."""
        if attrs.get("changedSince") and (attrs.get("free") or attrs.get("channel")):
            message = _("changedSince cannot be combined with free or channel.")
            raise serializers.ValidationError({"changedSince": [message]}, code="not_combinable")
        return attrs


class ScheduleQuery(ResourceScheduleQuery):
    """Query of F."""

    lpu = GuidField(required=False, help_text="Guid of an LPU.")
    speciality = serializers.CharField(required=False, help_text="Code of a speciality.")


class EntrySerializer(serializers.Serializer[Any]):
    """An entry of a dictionary."""

    code = serializers.CharField(allow_blank=True)
    name = serializers.CharField()


class NextFreeSerializer(serializers.Serializer[Any]):
    """The earliest place that can be booked, through whatever channel."""

    slot = serializers.UUIDField()
    begin = serializers.DateTimeField()


class ResourceSerializer(serializers.Serializer[Any]):
    """A doctor in a position."""

    guid = serializers.UUIDField()
    type = serializers.ChoiceField(choices=["doctor"])
    family = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    patronymic = serializers.CharField(allow_blank=True)
    position = EntrySerializer()
    speciality = EntrySerializer()
    lpuGuid = serializers.UUIDField()
    department = serializers.CharField(allow_blank=True)
    room = serializers.CharField(allow_blank=True)
    nextFree = NextFreeSerializer(allow_null=True)


class ResourcesSerializer(serializers.Serializer[Any]):
    """Answer of D."""

    items = ResourceSerializer(many=True)


class ScheduleSlotSerializer(serializers.Serializer[Any]):
    """A cell of a schedule."""

    guid = serializers.UUIDField(help_text="Never changes, nor do `resource`, `begin` and `end`.")
    resource = serializers.UUIDField()
    begin = serializers.DateTimeField(help_text="With the offset of the LPU at that time.")
    end = serializers.DateTimeField()
    status = serializers.ChoiceField(
        choices=["Expired", "Unavailable", "Booked", "Available"],
        help_text="The first that applies: begun; blocked, withdrawn or its doctor hidden; full; bookable.",
    )
    busyType = EntrySerializer(allow_null=True)
    channels = serializers.ListField(child=serializers.ChoiceField(choices=Source.choices))
    capacity = serializers.IntegerField()
    free = serializers.IntegerField(help_text="0 unless `Available`.")
    room = serializers.CharField(allow_blank=True)


class ScheduleSerializer(serializers.Serializer[Any]):
    """Answer of E and F."""

    revision = serializers.CharField(help_text="Name of this state; for `changedSince`. Nothing can be read from it.")
    full = serializers.BooleanField(
        help_text="`true`: replace all that is known of the window. `false`: only what changed; upsert by `guid`."
    )
    items = ScheduleSlotSerializer(many=True, help_text="By resource, then by begin.")
