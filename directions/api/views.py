"""C: what the referring LPU tells about its directions."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from rest_framework.response import Response

from directions.api.docs import LIST_ISSUED, SHOW_ISSUED
from directions.api.serializers import IssuedQuerySerializer, present_item
from directions.exceptions import DirectionNotFound
from directions.models import Direction
from directions.querysets import DirectionQuerySet
from lmis.api.schema import errors
from patients.api.views import PatientApiView, PatientRequest


class _DirectionView(PatientApiView):
    """What both have in common."""

    scope = "directions"
    bearer_allowed = True

    def issued(self, request: PatientRequest) -> DirectionQuerySet:
        """Directions that this clinic gave the token's patient, on any of his cards here."""
        issued = Direction.objects.issued_here().of_patients(request.patients)
        return issued.with_all_shown().with_progress(timezone.now())


class DirectionsView(_DirectionView):
    """All of the patient's."""

    @LIST_ISSUED
    @errors("validation_error", "patient_not_found")
    def get(self, request: PatientRequest) -> Response:
        """The newest first; `active`, the default, are those issued or booked."""
        query = IssuedQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = self.issued(request)
        if query.validated_data["number"]:
            found = found.filter(number=query.validated_data["number"])
        if query.validated_data["state"] == "active":
            found = found.active()
        return Response({"items": [present_item(direction) for direction in found]})


class DirectionView(_DirectionView):
    """One of them."""

    @SHOW_ISSUED
    @errors("direction_not_found", "patient_not_found")
    def get(self, request: PatientRequest, guid: UUID) -> Response:
        """The direction, whatever its state."""
        found = self.issued(request).filter(guid=guid).first()
        if found is None:
            raise DirectionNotFound
        return Response(present_item(found))
