"""Shapes of what the methods on appointments take and give; the rules are the services' (contract A, B, G–I)."""

from __future__ import annotations

from typing import Any, cast

from rest_framework import serializers

from appointments.models import Appointment
from appointments.services.booking import DirectionBooking
from directions.api.serializers import ConsultDirectionSerializer, DirectionDoctorInfoSerializer
from lmis.api.fields import DayField, GuidField
from lmis.models import Source
from lmis.text import clean_text
from patients.api.serializers import DirectionPatientInfoSerializer


class BookSerializer(serializers.Serializer[Any]):
    """Request of G."""

    slot = GuidField()


class BookByDirectionSerializer(serializers.Serializer[Any]):
    """Request of A [seed]."""

    slot = GuidField()
    patient = DirectionPatientInfoSerializer()
    docSender = DirectionDoctorInfoSerializer()
    direction = ConsultDirectionSerializer()

    def to_booking(self) -> DirectionBooking:
        """The request as the service takes it; after `is_valid`."""
        sent, fields = self.validated_data, self.fields
        return DirectionBooking(
            slot_guid=sent["slot"],
            patient=cast(DirectionPatientInfoSerializer, fields["patient"]).to_info(sent["patient"]),
            sender=cast(DirectionDoctorInfoSerializer, fields["docSender"]).to_info(sent["docSender"]),
            direction=cast(ConsultDirectionSerializer, fields["direction"]).to_info(sent["direction"]),
        )


class CancelSerializer(serializers.Serializer[Any]):
    """Request of I; the body is optional."""

    reason = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=500, help_text="For the clinic's staff."
    )

    def validate_reason(self, value: str | None) -> str:
        """The text without control characters, "" when it is not sent."""
        return clean_text(value or "", lines=True).strip()


class AppointmentSerializer(serializers.Serializer[Any]):
    """Documents the model Appointment; what is sent is made by `appointments.api.present`."""

    guid = serializers.UUIDField()
    number = serializers.CharField(help_text="What is printed on the ticket.")
    slot = serializers.UUIDField()
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    createTime = serializers.DateTimeField()
    direction = ConsultDirectionSerializer(allow_null=True)
    state = serializers.ChoiceField(choices=Appointment.State.choices)
    begin = serializers.DateTimeField()
    end = serializers.DateTimeField()
    resource = serializers.UUIDField()


class AppointmentsSerializer(serializers.Serializer[Any]):
    """A list of them."""

    items = AppointmentSerializer(many=True)


class DirectionQuerySerializer(serializers.Serializer[Any]):
    """Query of B."""

    direction = GuidField()
    state = serializers.ChoiceField(choices=["active", "all"], default="active")


class OwnQuerySerializer(serializers.Serializer[Any]):
    """Query of H; dates inclusive, in the time zone of the slot's LPU."""

    state = serializers.ChoiceField(choices=["active", "all"], default="active")
    dateFrom = DayField(required=False)
    dateTo = DayField(required=False)
