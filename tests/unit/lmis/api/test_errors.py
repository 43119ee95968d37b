"""One envelope for every error (contract §2.2)."""

import logging
import uuid

import psycopg
import pytest
from django.core import exceptions as django
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.http import Http404
from psycopg_pool import PoolTimeout
from rest_framework import exceptions as drf
from rest_framework.test import APIClient

from lmis.exceptions import REGISTRY, FieldError, Refusal, Throttled, ValidationFailed
from tests.unit.lmis.api import views

pytestmark = pytest.mark.django_db
GUID = "11111111-2222-3333-4444-555555555555"


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.fixture
def raising(known, monkeypatch):
    """The answer to a request whose view raises this."""

    def ask(error, **headers):
        monkeypatch.setattr(views.Raising, "error", error)
        return known.http.get("/api/raising", **headers)

    return ask


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (drf.ParseError(), 400, "malformed_json"),
        (drf.ValidationError({"a": ["bad"]}), 400, "validation_error"),
        (django.ValidationError({"a": ["bad"]}), 400, "validation_error"),
        (django.SuspiciousOperation("x"), 400, "validation_error"),
        (drf.NotAuthenticated(), 401, "unauthorized"),
        (drf.AuthenticationFailed(), 401, "unauthorized"),
        (drf.PermissionDenied(), 403, "scope_required"),
        (django.PermissionDenied(), 403, "scope_required"),
        (drf.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (drf.MethodNotAllowed("GET"), 405, "method_not_allowed"),
        (drf.NotAcceptable(), 406, "not_acceptable"),
        (django.RequestDataTooBig(), 413, "payload_too_large"),
        (drf.UnsupportedMediaType("text/xml"), 415, "unsupported_media_type"),
        (Throttled(5), 429, "throttled"),
        (OperationalError("connection refused"), 503, "unavailable"),
        (InterfaceError("connection already closed"), 503, "unavailable"),
        (PoolTimeout("pool"), 503, "unavailable"),
        (caused(DataError("x"), psycopg.errors.NumericValueOutOfRange()), 400, "validation_error"),
        (caused(DataError("x"), psycopg.errors.DivisionByZero()), 500, "internal_error"),
        (RuntimeError("Ivanov"), 500, "internal_error"),
        (KeyError("Ivanov"), 500, "internal_error"),
        (AttributeError("Ivanov"), 500, "internal_error"),
        (RecursionError(), 500, "internal_error"),
    ],
)
def test_each_kind_of_error(raising, error, status, code):
    response = raising(error)
    body = response.json()
    assert (response.status_code, body["code"], body["message_code"]) == (status, status, code)
    assert response["Content-Type"] == "application/json"
    assert body["message"]
    assert ("errors" in body) == (code == "validation_error")
    assert list(body) == [key for key in ("code", "message", "message_code", "errors", "details") if key in body]
    assert ("Retry-After" in response) == (status in (429, 503))
    assert ("WWW-Authenticate" in response) == (status == 401)


def test_a_fault_of_ours_names_the_request_and_nothing_else(raising, caplog):
    with caplog.at_level(logging.ERROR, "lmis.api.errors"):
        response = raising(RuntimeError("polis 1234567812345678"), HTTP_X_REQUEST_ID="abc-1")
    assert response.json()["details"] == {"requestId": "abc-1"}
    assert "1234567812345678" not in response.content.decode() + caplog.text
    assert "RuntimeError" in caplog.text
    assert "views.py" in caplog.text


def test_a_database_error_is_logged_by_its_code_not_by_its_row(raising, caplog):
    statement = "DO $$ BEGIN RAISE 'card of Ivanov' USING ERRCODE = '23505', CONSTRAINT = 'once'; END $$"
    with pytest.raises(IntegrityError, match="Ivanov") as caught, transaction.atomic():
        connection.cursor().execute(statement)
    raising(caught.value)
    assert "Ivanov" not in caplog.text
    assert "sqlstate=23505 constraint=once" in caplog.text


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/nothing/", "/api//plain", "/api/things/5", "/api/plain//"]
)
def test_unknown_urls_by_any_method(path, method):
    response = getattr(APIClient(), method)(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    if method != "head":
        assert response.json()["message_code"] == "not_found"


@pytest.mark.parametrize("debug", [True, False])
def test_unknown_urls_also_under_debug(settings, debug):
    settings.DEBUG = debug
    assert APIClient().get("/api/nothing").json()["message_code"] == "not_found"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_a_method_that_the_view_has_not(known, method):
    response = (
        getattr(known.http, method)("/api/plain") if method != "trace" else known.http.generic("TRACE", "/api/plain")
    )
    assert (response.status_code, response.json()["message_code"]) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/json; charset=utf-8", 200),
        ("application/xml", 406),
        ("nonsense", 406),
    ],
)
def test_accept(known, accept, status):
    response = known.http.get("/api/plain?format=xml", HTTP_ACCEPT=accept)
    assert response.status_code == status
    if status == 406:
        assert response.json()["message_code"] == "not_acceptable"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "ru"),
        ("", "ru"),
        ("en", "en"),
        ("en-GB,en;q=0.5", "en"),
        ("de, en;q=0.7", "en"),
        ("de", "ru"),
        ("*", "ru"),
        ("ru,en;q=0.9", "ru"),
        ("ru;q=0.1,en;q=0.9", "en"),
        ("en;q=0", "ru"),
        (";;;,,=", "ru"),
    ],
)
def test_language(language, message):
    from lmis.api.languages import language_of

    assert language_of(language or "") == message


def test_the_code_does_not_change_with_the_language(known):
    texts = [known.http.get("/api/nothing", HTTP_ACCEPT_LANGUAGE=language).json() for language in ("ru", "en")]
    assert texts[0]["message_code"] == texts[1]["message_code"] == "not_found"
    assert texts[1]["message"] == "Not found."


def test_every_code_of_the_contract_that_belongs_to_no_app():
    codes = """
    validation_error malformed_json unauthorized token_invalid token_expired scope_required network_not_allowed
    not_found method_not_allowed not_acceptable unsupported_media_type request_in_progress payload_too_large
    idempotency_key_reused throttled unavailable internal_error"""
    assert set(codes.split()) <= set(REGISTRY)


def test_a_refusal_carries_details_and_headers(raising):
    class Odd(Refusal):
        status = 409
        code = "odd"
        message = "Odd"

    try:
        response = raising(Odd({"guid": uuid.UUID(GUID)}, headers={"Retry-After": "3"}))
    finally:
        del REGISTRY["odd"]
    assert response.json() == {"code": 409, "message": "Odd", "message_code": "odd", "details": {"guid": GUID}}
    assert response["Retry-After"] == "3"


def test_validation_failed(raising):
    response = raising(ValidationFailed([FieldError("a.b", "Bad", "bad"), FieldError("c", "Worse", "worse")]))
    assert response.json()["errors"] == [
        {"field": "a.b", "message": "Bad", "message_code": "bad"},
        {"field": "c", "message": "Worse", "message_code": "worse"},
    ]


@pytest.mark.django_db(transaction=True)
def test_the_database_is_down(known, monkeypatch):
    """Not raised by hand: the connection really cannot be made."""
    connection.close()
    with monkeypatch.context() as broken:
        broken.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        broken.setitem(connection.settings_dict, "PORT", "1")
        response = known.http.get("/api/plain")
    assert (response.status_code, response.json()["message_code"]) == (503, "unavailable")
    assert response["Retry-After"]
    assert known.http.get("/api/plain").status_code == 200
