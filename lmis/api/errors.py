"""Every error of the API as the one envelope of contract §2.2."""

from __future__ import annotations

import logging
from functools import singledispatch
from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf

from lmis import exceptions as ours
from lmis.api import request_id
from lmis.api.flatten import of_django, of_serializer
from lmis.api.rendering import CONTENT_TYPE, dumps
from lmis.api.tracebacks import without_values

logger = logging.getLogger(__name__)

# What PostgreSQL says when a value does not fit: the caller's doing. Other data errors are ours.
_UNFIT = (
    psycopg.errors.CharacterNotInRepertoire,
    psycopg.errors.DatetimeFieldOverflow,
    psycopg.errors.NumericValueOutOfRange,
    psycopg.errors.StringDataRightTruncation,
    psycopg.errors.UntranslatableCharacter,
)
# Of names and values that the caller made up, so much comes back: they may be as long as the body.
_FIELD, _MESSAGE = 200, 500  # characters
_DATABASE_RETRY = {"Retry-After": "5"}


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's hook."""
    return response_to(error)


def response_to(error: Exception) -> HttpResponse:
    """The answer to a request that ended in this error."""
    return envelope(as_refusal(error))


def envelope(refusal: ours.Refusal) -> HttpResponse:
    """A refusal as JSON, in the active language."""
    body: dict[str, Any] = {
        "code": refusal.status,
        "message": str(refusal.message),
        "message_code": refusal.code,
    }
    if isinstance(refusal, ours.ValidationFailed):
        body["errors"] = [_error(error) for error in refusal.errors]
    body["details"] = refusal.details
    answer = HttpResponse(dumps(body), CONTENT_TYPE, refusal.status, headers=refusal.headers)
    answer.refusal = refusal.code  # type: ignore[attr-defined]  # counted by it (lmis.ops.counting)
    return answer


def _error(error: ours.FieldError) -> dict[str, str]:
    return {"field": error.field[:_FIELD], "message": str(error.message)[:_MESSAGE], "message_code": error.code}


def for_status(status: int) -> ours.Refusal:
    """The refusal for an error page that Django or a middleware made before the API was reached."""
    if status >= 500:
        return ours.InternalError({"requestId": request_id.current.get()})
    known = {cls.status: cls for cls in (ours.NotFound, ours.MethodNotAllowed, ours.ScopeRequired)}
    if status in known:
        return known[status]()
    return ours.ValidationFailed.of("", _("The request is malformed."))


@singledispatch
def as_refusal(error: Exception) -> ours.Refusal:
    """What an exception means to the caller; one that is not expected is our fault, and logged."""
    logger.error("Unexpected %s", without_values(error))
    return ours.InternalError({"requestId": request_id.current.get()})


@as_refusal.register
def _refusal(error: ours.Refusal) -> ours.Refusal:
    return error


@as_refusal.register
def _serializer(error: drf.ValidationError) -> ours.Refusal:
    return ours.ValidationFailed(of_serializer(error.detail))


@as_refusal.register
def _model(error: ValidationError) -> ours.Refusal:
    return ours.ValidationFailed(of_django(error))


@as_refusal.register
def _drf(error: drf.APIException) -> ours.Refusal:
    known = {
        drf.ParseError: ours.MalformedJson,
        drf.NotAuthenticated: ours.Unauthorized,
        drf.AuthenticationFailed: ours.Unauthorized,
        drf.PermissionDenied: ours.ScopeRequired,
        drf.NotFound: ours.NotFound,
        drf.MethodNotAllowed: ours.MethodNotAllowed,
        drf.NotAcceptable: ours.NotAcceptable,
        drf.UnsupportedMediaType: ours.UnsupportedMediaType,
    }
    return known[type(error)]() if type(error) in known else for_status(error.status_code)


@as_refusal.register
def _missing(error: Http404) -> ours.Refusal:
    return ours.NotFound()


@as_refusal.register
def _denied(error: PermissionDenied) -> ours.Refusal:
    return ours.ScopeRequired()


@as_refusal.register
def _too_big(error: RequestDataTooBig) -> ours.Refusal:
    return ours.PayloadTooLarge()


@as_refusal.register
def _suspicious(error: SuspiciousOperation) -> ours.Refusal:
    return for_status(400)


@as_refusal.register
def _hung_up(error: UnreadablePostError) -> ours.Refusal:
    return ours.MalformedJson()


@as_refusal.register(OperationalError)
@as_refusal.register(InterfaceError)
@as_refusal.register(psycopg.OperationalError)
def _database(error: Exception) -> ours.Refusal:
    logger.error("Database %s", without_values(error))
    return ours.Unavailable(headers=_DATABASE_RETRY)


@as_refusal.register
def _data(error: DataError) -> ours.Refusal:
    logger.error("Database %s", without_values(error))
    if isinstance(error.__cause__, _UNFIT):
        return ours.ValidationFailed.of("", _("A value does not fit."))
    return ours.InternalError({"requestId": request_id.current.get()})
