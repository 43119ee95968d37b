"""Refusals: what the API answers instead of doing what it was asked (contract §2.2).

A service raises one, and the exception handler makes the envelope of it; nothing in between needs to know HTTP.
Each app declares its own codes in its `exceptions.py`; here are the base and the codes that belong to no app.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

REGISTRY: dict[str, type[Refusal]] = {}
MAX_ERRORS = 100  # of one request: more than any form has fields, and no lever for whoever sends a list of nonsense


class Refusal(Exception):
    """Base of all; `code` is the contract's `message_code`, `message` is for people, in the caller's language.

    `for_staff` is what the screens say instead, where the API's words leave open what an employee does next.
    `page` names the staff's page on which to do it, if there is one to lead to.
    `details` goes into the envelope as it is, `headers` onto the response. `example` shows `details` in the API page.
    A subclass that names a new `code` is entered in `REGISTRY`, where the schema finds it.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = ""
    message: ClassVar[str | _StrPromise] = ""
    for_staff: ClassVar[str | _StrPromise] = ""
    page: ClassVar[str] = ""
    example: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            REGISTRY[cls.code] = cls

    def __init__(self, details: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.code)
        self.details: dict[str, Any] = dict(details or {})
        self.headers: dict[str, str] = dict(headers or {})

    @property
    def said(self) -> str:
        """The words for a screen, with what to do next."""
        return str(self.for_staff or self.message)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of `errors`: the dotted path of the field, a text, a stable code."""

    field: str
    message: str | _StrPromise
    code: str


class ValidationFailed(Refusal):
    """Fields missing or malformed; takes the `FieldError`s, of which it reads no more than `MAX_ERRORS`."""

    status = 400
    code = "validation_error"
    message = _("The request has errors.")

    def __init__(self, errors: Iterable[FieldError], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.errors = list(islice(errors, MAX_ERRORS))

    @property
    def said(self) -> str:
        """What is wrong with each field."""
        return " ".join(str(error.message) for error in self.errors)

    @classmethod
    def of(cls, field: str, message: str | _StrPromise, code: str = "invalid") -> ValidationFailed:
        """The common case: one field, one error."""
        return cls([FieldError(field, message, code)])


class MalformedJson(Refusal):
    status = 400
    code = "malformed_json"
    message = _("The body is not JSON.")


class Unauthorized(Refusal):
    """Wrong or missing credentials, or no patient token where one is needed."""

    status = 401
    code = "unauthorized"
    message = _("Wrong or missing credentials.")

    def __init__(self, details: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(details, **kwargs)
        self.headers.setdefault("WWW-Authenticate", 'Basic realm="LMIS", charset="UTF-8"')


class TokenInvalid(Unauthorized):
    code = "token_invalid"
    message = _("The patient token is not valid.")

    def __init__(self, details: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(details, **kwargs)
        self.headers["WWW-Authenticate"] = 'Bearer realm="LMIS", error="invalid_token"'


class TokenExpired(TokenInvalid):
    code = "token_expired"
    message = _("The patient token has expired.")


class ScopeRequired(Refusal):
    status = 403
    code = "scope_required"
    message = _("These credentials do not open this method.")


class NetworkNotAllowed(Refusal):
    status = 403
    code = "network_not_allowed"
    message = _("This client may not call from your network.")


class NotFound(Refusal):
    status = 404
    code = "not_found"
    message = _("Not found.")
    for_staff = _("This is no longer here. Refresh the page and choose again.")


class MethodNotAllowed(Refusal):
    status = 405
    code = "method_not_allowed"
    message = _("This method is not allowed here.")


class NotAcceptable(Refusal):
    status = 406
    code = "not_acceptable"
    message = _("Only JSON can be given as an answer.")


class RequestInProgress(Refusal):
    """The same idempotency key is being worked on."""

    status = 409
    code = "request_in_progress"
    message = _("A request with this key is being worked on; try again in a moment.")

    def __init__(self, details: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(details, **kwargs)
        self.headers.setdefault("Retry-After", "1")


class PayloadTooLarge(Refusal):
    status = 413
    code = "payload_too_large"
    message = _("The body is too large.")


class UnsupportedMediaType(Refusal):
    status = 415
    code = "unsupported_media_type"
    message = _("The body must be application/json.")


class IdempotencyKeyReused(Refusal):
    status = 422
    code = "idempotency_key_reused"
    message = _("This idempotency key was used for another request or another patient.")


class Throttled(Refusal):
    """Too many failed logins; takes the seconds to wait."""

    status = 429
    code = "throttled"
    message = _("Too many failed attempts; try again later.")

    def __init__(self, retry_after: int = 60) -> None:
        super().__init__(headers={"Retry-After": str(max(1, retry_after))})


class InternalError(Refusal):
    """A fault of ours; the handler puts the request id into the details, and nothing else."""

    status = 500
    code = "internal_error"
    message = _("Something went wrong on our side.")
    example: ClassVar[dict[str, Any]] = {"requestId": "5e0c1f0a4b7d4f6e9a6d2b8c7e1f3a90"}


class Unavailable(Refusal):
    """The database is down, or a lock was not had in time."""

    status = 503
    code = "unavailable"
    message = _("Not available at the moment; try again in a moment.")
    for_staff = _("Too busy at the moment. Try again in a moment.")

    def __init__(self, details: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(details, **kwargs)
        self.headers.setdefault("Retry-After", "1")
