"""G, H, I: the patient of the token books, sees and cancels his own appointments."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.response import Response

from appointments.api.cancelling import cancel_and_answer
from appointments.api.docs import BOOK_OWN, CANCEL_OWN, LIST_OWN, SHOW_OWN
from appointments.api.explaining import explained
from appointments.api.present import present_appointment
from appointments.api.serializers import BookSerializer, OwnQuerySerializer
from appointments.exceptions import AppointmentNotFound
from appointments.models import Appointment
from appointments.querysets import AppointmentQuerySet
from appointments.services import booking
from lmis.actors import Actor
from lmis.api.idempotency import Answer, write
from patients.api.views import PatientApiView, PatientRequest


class OwnView(PatientApiView):
    """What G, H and I have in common."""

    scope = "appointments"
    bearer_allowed = True

    def own(self, request: PatientRequest) -> AppointmentQuerySet:
        """The patient's appointments, on all of his cards here."""
        return Appointment.objects.with_all_shown().of_patients(request.patients)


class OwnAppointments(OwnView):
    """G and the list of H."""

    @BOOK_OWN
    def post(self, request: PatientRequest) -> HttpResponse:
        """Book a place for the token's patient."""
        shape = BookSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        slot_guid: UUID = shape.validated_data["slot"]
        now = timezone.now()

        def work() -> Answer:
            made = booking.book_own(
                slot_guid=slot_guid,
                patients=request.patients,
                source=self.caller.source,
                channels={self.caller.source},
                by=Actor.of_client(self.caller.client),
                now=now,
            )
            return created(made)

        with explained(now=now, slot_guid=slot_guid):
            return write(
                request,
                principal=self.principal(request),
                patient_key=self.patient_key(request),
                work=work,
                earlier=lambda: self.earlier_owners(request),
            )

    @LIST_OWN
    def get(self, request: PatientRequest) -> Response:
        """The patient's appointments, the next one first."""
        query = OwnQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = self.own(request).order_by("slot__begin", "pk")
        if query.validated_data["state"] == "active":
            found = found.active(timezone.now())
        found = found.on_days(query.validated_data.get("dateFrom"), query.validated_data.get("dateTo"))
        return Response({"items": [present_appointment(appointment) for appointment in found]})


class OwnAppointment(OwnView):
    """One appointment: H and I."""

    @SHOW_OWN
    def get(self, request: PatientRequest, guid: UUID) -> Response:
        """The appointment, whatever its state."""
        appointment = self.own(request).filter(guid=guid).first()
        if appointment is None:
            raise AppointmentNotFound
        return Response(present_appointment(appointment))

    @CANCEL_OWN
    def delete(self, request: PatientRequest, guid: UUID) -> HttpResponse:
        """Cancel it."""
        among = Appointment.objects.of_patients(request.patients)
        return cancel_and_answer(
            request,
            guid=guid,
            among=among,
            by=Actor.of_client(self.caller.client),
            principal=self.principal(request),
            patient_key=self.patient_key(request),
            earlier=lambda: self.earlier_owners(request),
        )


def created(appointment: Appointment, status: int = 201) -> Answer:
    """The answer to a booking."""
    location = f"/api/appointments/{appointment.guid}"
    return Answer(status, present_appointment(appointment), {"Location": location})
