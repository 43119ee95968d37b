"""The API page's part on appointments: one decorator a method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from appointments.api.serializers import (
    AppointmentSerializer,
    AppointmentsSerializer,
    BookByDirectionSerializer,
    BookSerializer,
    CancelSerializer,
    DirectionQuerySerializer,
    OwnQuerySerializer,
)
from appointments.examples import APPOINTMENT, BY_DIRECTION, OWN_APPOINTMENT
from lmis.api.schema import errors

F = TypeVar("F", bound=Callable[..., Any])

_LOCATION = OpenApiParameter(
    "Location",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[201],
    description="Path of the appointment, for its patient.",
)

_PLACE = ("slot_not_found", "slot_expired", "slot_unavailable", "channel_not_allowed", "already_booked", "slot_taken")
_DIRECTION = (
    "wrong_lpu",
    "patient_ambiguous",
    "direction_mismatch",
    "direction_cancelled",
    "direction_expired",
    "speciality_mismatch",
    "direction_already_booked",
)
_CANCELLING = ("appointment_not_found", "already_cancelled", "visit_done", "too_late_to_cancel")


def _documented(*codes: str, **schema: Any) -> Callable[[F], F]:
    def decorate(method: F) -> F:
        return errors(*codes)(extend_schema(tags=["appointments"], **schema)(method))

    return decorate


def _one(example: dict[str, Any], description: str) -> OpenApiResponse:
    shown = OpenApiExample("appointment", value=example, response_only=True)
    return OpenApiResponse(AppointmentSerializer, description=description, examples=[shown])


def _many(example: dict[str, Any]) -> OpenApiResponse:
    shown = OpenApiExample("appointments", value={"items": [example]}, response_only=True)
    return OpenApiResponse(AppointmentsSerializer, description="Appointments", examples=[shown])


BOOK_BY_DIRECTION = _documented(
    *_DIRECTION,
    *_PLACE,
    operation_id="bookByDirection",
    summary="A. Book by direction, as the receiving LPU",
    request=BookByDirectionSerializer,
    parameters=[_LOCATION],
    responses={201: _one(APPOINTMENT, "Booked")},
    examples=[OpenApiExample("the region's own example", value=BY_DIRECTION, request_only=True)],
)
LIST_BY_DIRECTION = _documented(
    "validation_error",
    operation_id="appointmentsOfDirection",
    summary="B. Is there an appointment for this direction?",
    parameters=[DirectionQuerySerializer],
    responses={200: _many(APPOINTMENT)},
)
BOOK_OWN = _documented(
    "patient_not_found",
    *_PLACE,
    operation_id="book",
    summary="G. Book for the token's patient",
    request=BookSerializer,
    parameters=[_LOCATION],
    responses={201: _one(OWN_APPOINTMENT, "Booked")},
    examples=[OpenApiExample("a slot", value={"slot": APPOINTMENT["slot"]}, request_only=True)],
)
LIST_OWN = _documented(
    "patient_not_found",
    "validation_error",
    operation_id="appointments",
    summary="H. The patient's appointments",
    parameters=[OwnQuerySerializer],
    responses={200: _many(OWN_APPOINTMENT)},
)
SHOW_OWN = _documented(
    "patient_not_found",
    "appointment_not_found",
    operation_id="appointment",
    summary="H. One appointment of the patient",
    responses={200: _one(OWN_APPOINTMENT, "The appointment")},
)
CANCEL_OWN = _documented(
    "patient_not_found",
    *_CANCELLING,
    operation_id="cancel",
    summary="I. Cancel an appointment of the patient",
    request=CancelSerializer,
    responses={200: _one(OWN_APPOINTMENT | {"state": "cancelled"}, "Cancelled")},
)
CANCEL_BY_DIRECTION = _documented(
    *_CANCELLING,
    operation_id="cancelByDirection",
    summary="I′. Cancel an appointment that has a direction",
    request=CancelSerializer,
    responses={200: _one(APPOINTMENT | {"state": "cancelled"}, "Cancelled")},
)
