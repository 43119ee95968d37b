"""A, B, I′: the central service books by direction, asks and cancels; the client alone must be known."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.api.cancelling import cancel_and_answer
from appointments.api.docs import BOOK_BY_DIRECTION, CANCEL_BY_DIRECTION, LIST_BY_DIRECTION
from appointments.api.explaining import explained
from appointments.api.own import created
from appointments.api.present import present_appointment
from appointments.api.serializers import BookByDirectionSerializer, DirectionQuerySerializer
from appointments.models import Appointment
from appointments.services import booking
from lmis.actors import Actor
from lmis.api.idempotency import Answer, write
from lmis.api.views import ApiView


class DirectionAppointments(ApiView):
    """A and B."""

    scope = "directions"

    @BOOK_BY_DIRECTION
    def post(self, request: Request) -> HttpResponse:
        """Book by direction, as the receiving LPU."""
        shape = BookByDirectionSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        asked = shape.to_booking()
        now = timezone.now()

        def work() -> Answer:
            made = booking.book_by_direction(
                booking=asked, source=self.caller.source, by=Actor.of_client(self.caller.client), now=now
            )
            return created(made, settings.DIRECTION_BOOKING_STATUS)

        with explained(now=now, slot_guid=asked.slot_guid, direction_guid=asked.direction.guid):
            return write(request, principal=self.principal(request), patient_key="", work=work)

    @LIST_BY_DIRECTION
    def get(self, request: Request) -> Response:
        """The appointment that holds the direction; with `state=all` the others too."""
        query = DirectionQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = Appointment.objects.with_all_shown().filter(direction__guid=query.validated_data["direction"])
        if query.validated_data["state"] == "active":
            found = found.filter(state__in=["booked", "visited"])
        return Response({"items": [present_appointment(appointment) for appointment in found.order_by("pk")]})


class DirectionAppointment(ApiView):
    """I′."""

    scope = "directions"

    @CANCEL_BY_DIRECTION
    def delete(self, request: Request, guid: UUID) -> HttpResponse:
        """Cancel an appointment that has a direction."""
        among = Appointment.objects.with_direction()
        return cancel_and_answer(
            request,
            guid=guid,
            among=among,
            by=Actor.of_client(self.caller.client),
            principal=self.principal(request),
            patient_key="",
        )
