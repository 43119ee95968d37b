"""The OpenAPI document: what every method has in common; the methods' own parts stand beside their views.

A view says with `@errors("slot_taken", ...)` which codes of its own it answers; those that follow from its being a
write, taking a patient's token, having a guid in its path or a scope are added here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as BaseSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from lmis.api.rendering import CONTENT_TYPE
from lmis.exceptions import REGISTRY, Refusal, ValidationFailed

F = TypeVar("F", bound=Callable[..., Any])

_EVERYWHERE = ("unauthorized", "network_not_allowed", "not_acceptable", "throttled", "internal_error", "unavailable")
_WRITING = (
    "malformed_json",
    "validation_error",
    "unsupported_media_type",
    "payload_too_large",
    "request_in_progress",
    "idempotency_key_reused",
)
_PATIENT = ("token_invalid", "token_expired")


def errors(*codes: str) -> Callable[[F], F]:
    """Declare the codes of its own that a view's method answers; each must be a `Refusal` somewhere."""

    def declare(method: F) -> F:
        method.error_codes = codes  # type: ignore[attr-defined]
        return method

    return declare


class AutoSchema(BaseSchema):
    """Adds headers, security and errors to what drf-spectacular finds."""

    def get_override_parameters(self) -> list[Any]:
        """The headers of every method."""
        found = [*super().get_override_parameters(), *_HEADERS]
        return [*found, _IDEMPOTENCY, _REPLAYED] if self._is_write() else found

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status, refusals in self._refusals().items():
            bodies[status] = self._error_response(status, refusals)
        return dict(sorted(bodies.items()))

    def _get_request_body(self, direction: Literal["request", "response"] = "request") -> Any:
        """Of a DELETE too, if the method says that it takes one; there it may be left out."""
        if self.method != "DELETE" or self.get_request_serializer() is None:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"  # drf-spectacular gives a body to these alone
        try:
            return super()._get_request_body(direction) | {"required": False}  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"

    def _is_write(self) -> bool:
        return self.method in ("POST", "DELETE")

    def _refusals(self) -> dict[str, list[type[Refusal]]]:
        """All refusals of the method, by status."""
        found: dict[str, list[type[Refusal]]] = {}
        for code in dict.fromkeys(self._codes()):
            refusal = REGISTRY[code]
            found.setdefault(str(refusal.status), []).append(refusal)
        return found

    def _codes(self) -> Iterable[str]:
        method = getattr(self.view, self.method.lower())
        yield from getattr(method, "error_codes", ())
        yield from _EVERYWHERE
        if getattr(self.view, "needs_patient", False) or getattr(self.view, "bearer_allowed", False):
            yield from _PATIENT
        if "{" in self.path:
            yield "not_found"  # what is no guid matches no path
        if getattr(self.view, "scope", None) is not None:
            yield "scope_required"
        if self._is_write():
            yield from _WRITING

    def _error_response(self, status: str, refusals: list[type[Refusal]]) -> dict[str, Any]:
        envelope = ResolvedComponent(  # type: ignore[no-untyped-call]
            "Error", ResolvedComponent.SCHEMA, object="Error", schema=_ENVELOPE
        )
        self.registry.register_on_missing(envelope)
        examples = {refusal.code: _example(refusal) for refusal in refusals}
        headers = {name: header for name, (codes, header) in _ERROR_HEADERS.items() if codes & examples.keys()}
        return {
            "description": HTTPStatus(int(status)).phrase,
            **({"headers": headers} if headers else {}),
            "content": {CONTENT_TYPE: {"schema": envelope.ref, "examples": examples}},
        }


class ClientSecurity(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Basic, Bearer and the token beside Basic, as the view wants them."""

    target_class = "lmis.api.authentication.ClientAuthentication"
    name = ["basic", "patientToken", "bearer"]

    def get_security_definition(self, auto_schema: BaseSchema) -> list[dict[str, str]]:
        """The three schemes, in the order of `name`."""
        return [
            {"type": "http", "scheme": "basic", "description": "An API client: login and secret."},
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-Patient-Token",
                "description": "The patient's token (a JWT), beside Basic.",
            },
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The patient's token alone, as the credential.",
            },
        ]

    def get_security_requirement(self, auto_schema: BaseSchema) -> list[dict[str, list[Any]]]:
        """Basic, with the token where a patient is needed; or the token alone where that is enough."""
        view = auto_schema.view
        patient: dict[str, list[Any]] = {"patientToken": []} if getattr(view, "needs_patient", False) else {}
        ways: list[dict[str, list[Any]]] = [{"basic": [], **patient}]
        return [*ways, {"bearer": []}] if getattr(view, "bearer_allowed", False) else ways


def _example(refusal: type[Refusal]) -> dict[str, Any]:
    """The envelope as this refusal fills it; in English, so that the document does not change with its reader."""
    with translation.override("en"):
        value: dict[str, Any] = {
            "code": refusal.status,
            "message": str(refusal.message),
            "message_code": refusal.code,
        }
        if issubclass(refusal, ValidationFailed):
            value["errors"] = [_FIELD_ERROR]
        value["details"] = refusal.example
    return {"summary": value["message"], "value": value}


_FIELD_ERROR = {"field": "direction.guid", "message": "This field is required.", "message_code": "required"}
_ENVELOPE = {
    "type": "object",
    "description": "Every 4xx and 5xx. Go by `message_code`: it does not change, neither with the language.",
    "required": ["code", "message", "message_code", "details"],
    "properties": {
        "code": {"type": "integer", "description": "The HTTP status."},
        "message": {"type": "string", "description": "For people, in the language of `Accept-Language`."},
        "message_code": {"type": "string", "description": "For programs."},
        "errors": {
            "type": "array",
            "description": "With `validation_error` only.",
            "items": {
                "type": "object",
                "required": ["field", "message", "message_code"],
                "properties": {
                    "field": {"type": "string", "description": "Dotted path; empty for the body as a whole."},
                    "message": {"type": "string"},
                    "message_code": {"type": "string"},
                },
            },
        },
        "details": {"type": "object", "additionalProperties": True, "description": "As the code has them."},
    },
}
# Which codes bring it along, and what it is.
_ERROR_HEADERS: dict[str, tuple[set[str], dict[str, Any]]] = {
    "Retry-After": (
        {"throttled", "unavailable", "request_in_progress"},
        {
            "schema": {"type": "integer", "minimum": 1},
            "description": "Seconds to wait; with `throttled`, `unavailable` and `request_in_progress`.",
        },
    ),
    "WWW-Authenticate": (
        {"unauthorized", *_PATIENT},
        {
            "schema": {"type": "string"},
            "description": "`Basic` with `unauthorized`, `Bearer` with `token_invalid` and `token_expired`.",
        },
    ),
}
_HEADERS = [
    OpenApiParameter(
        "Accept-Language",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        enum=["ru", "en"],
        default="ru",
        description="The language of texts for people.",
    ),
    OpenApiParameter(
        "X-Request-Id",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        pattern="^[A-Za-z0-9._-]{1,128}$",
        description="Comes back on the response; made up when not sent.",
    ),
]
_IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    pattern="^[ -~]{1,128}$",
    description="Printable ASCII. The same key with the same request gives the first answer again, for 24 hours.",
)
_REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "const": "true"},
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="There when this is the first answer again.",
)
