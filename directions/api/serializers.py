"""A direction in the contract's JSON: shape only, the rules are the services' (contract A, C)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rest_framework import serializers
from rest_framework.fields import empty

from directions.info import DirectionInfo, SenderInfo
from directions.models import Direction
from lmis.api.fields import AwareDateTimeField, GuidField
from patients.api.fields import InfoSerializer, TextField
from patients.api.serializers import CodedSerializer, DirectionPatientInfoSerializer, present_patient

# A moment that every time zone can show: its local date must exist, too.
_FIRST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
_LAST = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


def _none_if_blank(data: Any) -> Any:
    """Null, missing and blank mean the same."""
    return None if data is empty or (isinstance(data, str) and not data.strip()) else data


class BlankableGuidField(GuidField):
    """A guid, None when it is not sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def run_validation(self, data: Any = empty) -> UUID | None:
        """Give the guid; fails with `invalid`."""
        guid: UUID | None = super().run_validation(_none_if_blank(data))
        return guid


class BlankableDateTimeField(AwareDateTimeField):
    """A date-time with an offset, None when it is not sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def run_validation(self, data: Any = empty) -> dt.datetime | None:
        """Give the moment in UTC; fails with `invalid`, `offset_required`."""
        moment: dt.datetime | None = super().run_validation(_none_if_blank(data))
        if moment is not None and not _FIRST <= moment <= _LAST:
            self.fail("invalid")
        return moment


class DiagnosisSerializer(CodedSerializer):
    """A diagnosis: a code of the ICD and its name."""

    code = TextField(max_length=16)
    name = TextField(max_length=500)


class ConsultDirectionSerializer(InfoSerializer):
    """A direction: the region's ConsultDirection."""

    info = DirectionInfo

    guid = GuidField()
    number = TextField(max_length=64)
    reason = TextField(max_length=1000, lines=True)
    speciality = CodedSerializer()
    lpuFromGuid = GuidField(source="lpu_from_guid")
    lpuToGuid = GuidField(source="lpu_to_guid")
    dateDirection = BlankableDateTimeField(source="date_direction")
    diagnosis = DiagnosisSerializer()

    def to_info(self, validated: DirectionInfo | None = None) -> DirectionInfo:
        """The direction as the services take it; after `is_valid`. A parent serializer passes the validated part."""
        info: DirectionInfo = self.validated_data if validated is None else validated
        return info


class DirectionDoctorInfoSerializer(InfoSerializer):
    """Whoever wrote the direction: the region's DirectionDoctorInfo, which may be empty."""

    info = SenderInfo

    guid = BlankableGuidField()
    family = TextField(max_length=100)
    name = TextField(max_length=100)
    patronymic = TextField(max_length=100)
    position = CodedSerializer()
    speciality = CodedSerializer()

    def to_info(self, validated: SenderInfo | None = None) -> SenderInfo:
        """The sender as the services take it; after `is_valid`. A parent serializer passes the validated part."""
        info: SenderInfo = self.validated_data if validated is None else validated
        return info


def present_direction(direction: Direction, tz: ZoneInfo) -> dict[str, Any]:
    """A ConsultDirection in the region's order of fields; the date in `tz`, to the second. Blanks are "".

    Takes a direction with both LPUs loaded: no statement is made here.
    """
    date = direction.date_direction
    return {
        "guid": direction.guid,
        "number": direction.number,
        "reason": direction.reason,
        "speciality": _pair(direction, "speciality"),
        "lpuFromGuid": direction.lpu_from.guid,
        "lpuToGuid": direction.lpu_to.guid,
        "dateDirection": date.astimezone(tz).replace(microsecond=0) if date else None,
        "diagnosis": _pair(direction, "diagnosis"),
    }


def present_sender(direction: Direction) -> dict[str, Any]:
    """The DirectionDoctorInfo: the sender as known when the direction was written."""
    return {
        "guid": direction.sender_guid,
        "family": direction.sender_family,
        "name": direction.sender_name,
        "patronymic": direction.sender_patronymic,
        "position": _pair(direction, "sender_position"),
        "speciality": _pair(direction, "sender_speciality"),
    }


def present_item(direction: Direction) -> dict[str, Any]:
    """What contract C answers with; takes a direction from `with_all_shown().with_progress(now)`."""
    lpu_to = direction.lpu_to
    return {
        "direction": present_direction(direction, direction.lpu_from.tz),
        "docSender": present_sender(direction),
        "patient": present_patient(direction.patient),
        "lpuTo": {
            "guid": lpu_to.guid,
            "name": lpu_to.name,
            "address": lpu_to.address,
            "phone": lpu_to.phone,
        },
        "state": direction.progress,  # type: ignore[attr-defined]
        "validUntil": direction.valid_until,
    }


class IssuedQuerySerializer(serializers.Serializer[Any]):
    """Query of C."""

    number = TextField(max_length=64, help_text="The direction's number, as a whole.")
    state = serializers.ChoiceField(choices=["active", "all"], default="active")


class LpuToSerializer(serializers.Serializer[Any]):
    """The receiving LPU."""

    guid = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()


class DirectionItemSerializer(serializers.Serializer[Any]):
    """A direction with all that booking by it takes."""

    direction = ConsultDirectionSerializer()
    docSender = DirectionDoctorInfoSerializer()
    patient = DirectionPatientInfoSerializer()
    lpuTo = LpuToSerializer()
    state = serializers.ChoiceField(choices=["issued", "booked", "done", "cancelled", "expired"])
    validUntil = serializers.DateField(allow_null=True)


class DirectionItemsSerializer(serializers.Serializer[Any]):
    """A list of them."""

    items = DirectionItemSerializer(many=True)


def _pair(direction: Direction, column: str) -> dict[str, str]:
    return {"code": getattr(direction, f"{column}_code"), "name": getattr(direction, f"{column}_name")}
