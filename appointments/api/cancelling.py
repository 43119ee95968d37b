"""What I and I′ have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from appointments.api.present import present_appointment
from appointments.api.serializers import CancelSerializer
from appointments.querysets import AppointmentQuerySet
from appointments.services import cancelling
from lmis.actors import Actor
from lmis.api.idempotency import Answer, Owner, write


def cancel_and_answer(
    request: Request,
    *,
    guid: UUID,
    among: AppointmentQuerySet,
    by: Actor,
    principal: str,
    patient_key: str,
    earlier: Callable[[], Iterable[Owner]] = tuple,
) -> HttpResponse:
    """Cancel one of `among` and answer with it; `principal`, `patient_key`, `earlier` as for `write`."""
    shape = CancelSerializer(data=request.data if request.body else {})
    shape.is_valid(raise_exception=True)

    def work() -> Answer:
        appointment = cancelling.cancel(
            guid=guid,
            among=among,
            reason=shape.validated_data.get("reason") or "",
            by=by,
            now=timezone.now(),
        )
        return Answer(200, present_appointment(appointment), {})

    return write(request, principal=principal, patient_key=patient_key, work=work, earlier=earlier)
