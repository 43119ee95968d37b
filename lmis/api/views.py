"""The base of every API view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, cast
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView

from lmis.api import tokens
from lmis.api.callers import Caller
from lmis.api.negotiation import ApiNegotiation
from lmis.exceptions import FieldError, Unauthorized, ValidationFailed


class ApiView(APIView):
    """Says who may call it; the rest is DRF.

    `scope`: what a client needs, None for any client (each view says one: there is no default).
    `bearer_allowed`: a patient token alone opens it. `needs_patient`: without a patient token it is 401.
    """

    scope: ClassVar[str | None]
    bearer_allowed: ClassVar[bool] = False
    needs_patient: ClassVar[bool] = False
    http_method_names = ["get", "head", "post", "delete"]
    content_negotiation_class = ApiNegotiation

    @property
    def caller(self) -> Caller:
        """Who is calling."""
        return cast(Caller, self.request.auth)

    def principal(self, request: Request) -> str:
        """Whose idempotency keys count: the client's. For Bearer alone the patient is the client (`PatientApiView`)."""
        assert self.caller.client is not None
        return f"client:{self.caller.client.pk}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authentication and scope, then the patient token if one is needed: elsewhere even a broken one is ignored."""
        super().initial(request, *args, **kwargs)
        if self.needs_patient and self.caller.claims is None:
            request.auth = replace(self.caller, claims=tokens.check(_patient_token(request)))
        _refuse_nul(request)


def _patient_token(request: Request) -> str:
    token = request.META.get("HTTP_X_PATIENT_TOKEN", "").strip()
    if not token:
        raise Unauthorized
    return cast(str, token)


def _refuse_nul(request: Request) -> None:
    """PostgreSQL cannot even compare with a NUL; bodies are looked at by their parser."""
    query = request.META.get("QUERY_STRING", "")
    if "%00" not in query and "\x00" not in query:
        return
    bad = sorted({name for name, value in parse_qsl(query, keep_blank_values=True) if "\x00" in name + value})
    message = _("Null characters are not allowed.")
    raise ValidationFailed(FieldError(name, message, "null_characters_not_allowed") for name in bad)
