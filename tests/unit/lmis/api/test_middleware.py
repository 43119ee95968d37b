"""Request ids, the gate, the body limit, the language, gzip."""

import gzip
import io
import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.test import APIClient

from lmis.api import request_id
from lmis.api.compression import accepts_gzip
from lmis.api.middleware import RequestIdMiddleware
from lmis.api.request_id import RequestIdFilter

pytestmark = pytest.mark.django_db


class Faulty:
    """A middleware that fails below the outermost one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        raise RuntimeError("Ivanov")


class Refusing(Faulty):
    """One that refuses with a page."""

    def __call__(self, request):
        return HttpResponse("<h1>no</h1>", status=418)


class TestRequestId:
    @pytest.mark.parametrize("given", ["a", "A-b_c.1", "x" * 128])
    def test_the_callers_comes_back(self, known, given):
        for path in ("/api/plain", "/api/nothing", "/healthz", "/nowhere"):
            assert known.http.get(path, HTTP_X_REQUEST_ID=given)["X-Request-Id"] == given

    @pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\nb", "ид", "a/b", "a\n"])
    def test_a_bad_one_is_replaced(self, known, given):
        chosen = known.http.get("/api/plain", HTTP_X_REQUEST_ID=given)["X-Request-Id"]
        assert chosen != given
        assert len(chosen) == 32

    def test_each_request_has_its_own(self, known):
        assert known.http.get("/api/plain")["X-Request-Id"] != known.http.get("/api/plain")["X-Request-Id"]

    def test_it_stands_in_the_log_lines_of_the_request_and_of_no_other(self):
        seen = []

        def view(request):
            record = logging.LogRecord("x", logging.INFO, "", 0, "", (), None)
            assert RequestIdFilter().filter(record)
            seen.append(record.request_id)
            return HttpResponse()

        RequestIdMiddleware(view)(RequestFactory().get("/", HTTP_X_REQUEST_ID="abc"))
        assert (seen, request_id.current.get()) == (["abc"], "-")

    def test_django_own_line_about_the_response_has_it_too(self, caplog):
        APIClient().get("/api/nothing", HTTP_X_REQUEST_ID="abc")
        (record,) = [record for record in caplog.records if record.name == "django.request"]
        RequestIdFilter().filter(record)
        assert record.request_id == "abc"


class TestEnvelopeForMiddleware:
    def answer(self, settings, middleware, path):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:2], f"{__name__}.{middleware}", *settings.MIDDLEWARE[2:]]
        return APIClient(raise_request_exception=False).get(path, HTTP_X_REQUEST_ID="abc", HTTP_ACCEPT_LANGUAGE="en")

    def test_a_fault(self, settings):
        response = self.answer(settings, "Faulty", "/api/plain")
        assert response.json()["message_code"] == "internal_error"
        assert response.json()["details"] == {"requestId": "abc"}
        assert (response.status_code, response["X-Request-Id"]) == (500, "abc")

    def test_a_refusal(self, settings):
        response = self.answer(settings, "Refusing", "/api/plain")
        assert response.json()["message_code"] == "validation_error"

    def test_staff_pages_are_left_alone(self, settings):
        response = self.answer(settings, "Refusing", "/apiary")
        assert (response.status_code, response.content) == (418, b"<h1>no</h1>")


class TestGate:
    def test_a_strange_host(self, settings, known):
        settings.ALLOWED_HOSTS = ["lmis.example"]
        response = known.http.get("/api/plain", HTTP_HOST="evil.example")
        assert (response.status_code, response.json()["message_code"]) == (400, "validation_error")
        assert known.http.get("/api/plain", HTTP_HOST="lmis.example").status_code == 200

    def test_no_session_no_csrf_no_cookie(self, known):
        http = APIClient(enforce_csrf_checks=True, **known.http.defaults)
        response = http.post("/api/shaped", {"slot": "11111111-2222-3333-4444-555555555555"}, format="json")
        assert response.status_code == 200
        assert not response.cookies
        assert not hasattr(response.wsgi_request, "session")

    @pytest.mark.parametrize("path", ["/api/plain", "/healthz"])
    def test_head_has_the_length_of_the_body_and_none(self, known, path, monkeypatch):
        monkeypatch.setattr("django.test.client.conditional_content_removal", lambda request, response: response)
        full, head = known.http.get(path), known.http.head(path)
        assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(full.content)))

    def test_headers_that_the_bypassed_middlewares_would_set(self, known):
        response = known.http.get("/api/plain")
        assert response["X-Frame-Options"] == "DENY"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "no-store"
        assert response["Content-Length"] == str(len(response.content))


class Chunks(io.BytesIO):
    """A server's input stream that ends by itself, as gunicorn's does for a chunked body; counts what is read."""

    read_bytes = 0

    def read(self, size=-1):
        part = super().read(size)
        self.read_bytes += len(part)
        return part


class Broken(io.BytesIO):
    """The caller hung up, or sends no chunks: the server's own exception."""

    error = OSError

    def read(self, *args):
        raise self.error


class TestBody:
    def chunked(self, known, stream, method="POST", path="/api/shaped", **environ):
        return known.http.generic(
            method,
            path,
            content_type="application/json",
            **{"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": stream, **environ},
        )

    @pytest.mark.parametrize(("length", "status"), [(256 * 1024, 400), (256 * 1024 + 1, 413)])
    def test_the_limit(self, known, length, status):
        body = b'{"a": "' + b"x" * (length - 9) + b'"}'
        assert len(body) == length
        response = known.http.generic("POST", "/api/shaped", body, content_type="application/json")
        assert response.status_code == status
        chunked = self.chunked(known, Chunks(body), **{"wsgi.input_terminated": True})
        assert chunked.status_code == status
        if status == 413:
            assert {r.json()["message_code"] for r in (response, chunked)} == {"payload_too_large"}

    def test_of_a_body_too_large_so_much_is_read_that_the_caller_sees_the_answer(self, known):
        """A megabyte is read to its end; of what would be endless only a part."""
        for size, read in [(2**20, 2**20), (64 * 2**20, 4 * 2**20)]:
            stream = Chunks(b"x" * size)
            response = known.http.generic(
                "POST",
                "/api/shaped",
                content_type="application/json",
                **{"CONTENT_LENGTH": str(size), "wsgi.input": stream},
            )
            assert (response.status_code, stream.read_bytes) == (413, read)

    def test_the_same_of_a_chunked_one(self, known):
        for size, read in [(2**20, 2**20), (64 * 2**20, 4 * 2**20 + 256 * 2**10 + 1)]:
            stream = Chunks(b"x" * size)
            assert self.chunked(known, stream, **{"wsgi.input_terminated": True}).status_code == 413
            assert stream.read_bytes == read

    def test_a_chunked_body_is_read(self, known):
        stream = Chunks(b'{"slot": "11111111-2222-3333-4444-555555555555"}')
        response = self.chunked(known, stream, **{"wsgi.input_terminated": True})
        assert response.json() == {"slot": "11111111-2222-3333-4444-555555555555"}

    @pytest.mark.parametrize("method", ["POST", "DELETE"])
    def test_an_empty_chunked_body_may_be_one_that_was_cut_off(self, known, method):
        response = self.chunked(known, Chunks(), method, **{"wsgi.input_terminated": True})
        assert (response.status_code, response.json()["message_code"]) == (400, "malformed_json")

    def test_nothing_is_lost_with_the_body_of_a_get(self, known):
        response = self.chunked(known, Chunks(), "GET", "/api/plain", **{"wsgi.input_terminated": True})
        assert response.status_code == 200

    def test_a_server_that_does_not_end_the_stream(self, known):
        response = self.chunked(known, Chunks(b"{}"))
        assert response.json()["errors"][0]["field"] == "Content-Length"

    def test_a_caller_who_hangs_up(self, known):
        for Broken.error in (RuntimeError, ValueError, OSError):
            response = self.chunked(known, Broken(), **{"wsgi.input_terminated": True})
            assert response.json()["message_code"] == "malformed_json"
        response = known.http.generic(
            "POST", "/api/shaped", content_type="application/json", **{"CONTENT_LENGTH": "5", "wsgi.input": Broken()}
        )
        assert response.json()["message_code"] == "malformed_json"

    @pytest.mark.parametrize("body", [b"", b'{"reason": "x"}'])
    def test_a_caller_who_hangs_up_before_the_end_has_asked_for_nothing(self, known, body):
        environ = {"CONTENT_LENGTH": "16", "wsgi.input": io.BytesIO(body)}
        response = known.http.generic("DELETE", "/api/shaped", content_type="application/json", **environ)
        assert (response.status_code, response.json()["message_code"]) == (400, "malformed_json")

    @pytest.mark.parametrize("length", ["x", "-5", ""])
    def test_a_length_that_is_none_means_no_body(self, known, length):
        response = known.http.generic("POST", "/api/shaped", content_type="application/json", CONTENT_LENGTH=length)
        assert response.status_code == 400


class TestGzip:
    def test_when_asked_for(self, known):
        response = known.http.get("/api/large", HTTP_ACCEPT_ENCODING="gzip, deflate")
        assert response["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.content) == b"a" * 5000
        assert int(response["Content-Length"]) == len(response.content) < 100
        assert (response["ETag"], response["Vary"]) == ('W/"tag"', "Accept-Encoding")

    def test_not_otherwise(self, known):
        response = known.http.get("/api/large")
        assert response.content == b"a" * 5000
        assert (response["ETag"], response["Vary"]) == ('"tag"', "Accept-Encoding")

    def test_not_for_a_few_bytes(self, known):
        assert "Content-Encoding" not in known.http.get("/api/plain", HTTP_ACCEPT_ENCODING="gzip")

    @pytest.mark.parametrize(
        ("header", "accepted"),
        [
            ("gzip", True),
            ("deflate, GZIP;q=0.5", True),
            ("x-gzip", True),
            ("gzip;q=1.0,identity", True),
            ("", False),
            ("identity", False),
            ("gzip;q=0", False),
            ("gzip; q=0.000", False),
            ("gzipped", False),
        ],
    )
    def test_what_asking_is(self, header, accepted):
        assert accepts_gzip(header) is accepted
