"""The base of the API's views that act for the patient of a token."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from rest_framework.request import Request

from lmis.api.idempotency import OF_PATIENT, Owner
from lmis.api.views import ApiView
from patients.models import Patient
from patients.services import identify


class PatientRequest(Request):
    """What such a view is called with; for annotations."""

    patients: list[Patient]


class PatientApiView(ApiView):
    """Puts the patient's cards at our own LPUs into `request.patients`, once caller and scope are settled.

    Nobody found: PatientNotFound, before anything of the request is looked at.
    """

    needs_patient: ClassVar[bool] = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authentication, scope, token, then the cards."""
        super().initial(request, *args, **kwargs)
        claims = self.caller.claims
        assert claims is not None
        cast(PatientRequest, request).patients = identify.cards_of(claims=claims)

    def principal(self, request: Request) -> str:
        """Whose idempotency keys count: the client's, or for Bearer alone the patient's."""
        return self._owner(request, self.patient_key(request)).principal

    def patient_key(self, request: Request) -> str:
        """The person, for idempotency: the oldest card stays the same while cards are uploaded and added."""
        return str(cast(PatientRequest, request).patients[0].guid)

    def earlier_owners(self, request: Request) -> list[Owner]:
        """Whose the person's idempotency keys may have been, until cards were merged."""
        guids = identify.other_guids(cast(PatientRequest, request).patients)
        return [self._owner(request, str(guid)) for guid in guids]

    def _owner(self, request: Request, patient_key: str) -> Owner:
        if self.caller.client is None:
            return Owner(f"{OF_PATIENT}{patient_key}", patient_key)
        return Owner(super().principal(request), patient_key)
