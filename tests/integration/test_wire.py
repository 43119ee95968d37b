"""What only real bytes show: the web server hands over what Django's test client never would."""

import contextlib
import json
import socket
import struct

import pytest
from django.db.models import Sum

from appointments.models import Appointment
from lmis.models import FailedLogin, RequestTotal
from tests.demo import until
from tests.factories import cast
from tests.factories.waiting import booked
from tests.integration.wire import head, web_server

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN_KEY = "a-secret-of-the-region-of-32-bytes"


@pytest.fixture(autouse=True)
def _token_key(settings):
    settings.PATIENT_TOKEN = {**settings.PATIENT_TOKEN, "KEY": TOKEN_KEY}


@pytest.fixture
def wire(private_env, tmp_path):
    """The web server behind a proxy on this machine."""
    env = {"TRUSTED_PROXIES": "127.0.0.1", "PATIENT_TOKEN_KEY": TOKEN_KEY}
    with web_server(tmp_path, private_env | env) as running:
        yield running


def authorization(region):
    return f"Authorization: {region.basic}".encode()


# The header as it arrives when a proxy adds the caller's address to what the caller wrote.
UNREADABLE = ["é, 203.0.113.9".encode(), b"\xff, 203.0.113.9", b"", b"unknown", b"127.0.0.1, 203.0.113"]


class TestTheCallersAddress:
    def test_one_that_nobody_can_read_is_not_the_proxy_s(self, wire):
        assert wire.send("GET", "/metrics").status == 200  # the proxy itself
        for forwarded in UNREADABLE:
            assert wire.send("GET", "/metrics", b"X-Forwarded-For: " + forwarded).status == 403, forwarded

    def test_nor_does_it_lie_in_a_client_s_networks(self, wire):
        region = cast.Region(networks=["127.0.0.0/8"])
        assert wire.send("GET", "/api/lpu", authorization(region)).status == 200
        for forwarded in UNREADABLE:
            answer = wire.send("GET", "/api/lpu", authorization(region), b"X-Forwarded-For: " + forwarded)
            assert answer.code == (403, "network_not_allowed"), forwarded

    def test_all_such_callers_are_throttled_as_one(self, wire):
        for forwarded in UNREADABLE:
            wire.send("GET", "/api/lpu", b"Authorization: Basic eDp5", b"X-Forwarded-For: " + forwarded)
        wire.send("GET", "/api/lpu", b"Authorization: Basic eDp5")
        found = FailedLogin.objects.values_list("address", "count").order_by("address")
        assert list(found) == [("", len(UNREADABLE)), ("127.0.0.1", 1)]


class Cancelling:
    """A patient of the region cancels an appointment by a chunked body."""

    def __init__(self, wire, region, slot):
        self.wire = wire
        self.appointment = booked(slot)
        self.path = f"/api/appointments/{self.appointment.guid}"
        self.headers = [
            authorization(region),
            f"X-Patient-Token: {cast.token_of(self.appointment.patient)}".encode(),
            f"Idempotency-Key: {self.appointment.guid}".encode(),
            b"Content-Type: application/json",
            b"Transfer-Encoding: chunked",
        ]

    def whole(self):
        body = b'f\r\n{"reason": "x"}\r\n0\r\n\r\n'
        return self.wire.send("DELETE", self.path, *self.headers, body=body)

    def cut(self, way):
        """Send the headers; once the server asks for the body, end the connection this way."""
        with self.wire.connect() as caller:
            caller.sendall(head("DELETE", self.path, *self.headers, b"Expect: 100-continue"))
            assert caller.recv(65536).startswith(b"HTTP/1.1 100 ")
            way(caller)


def closed(caller):
    """The caller goes."""


def reset(caller):
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def shut(caller):
    caller.shutdown(socket.SHUT_WR)
    to_the_end(caller)


def no_chunk(caller):
    caller.sendall(b"ZZ\r\n")
    to_the_end(caller)


def to_the_end(caller):
    with contextlib.suppress(ConnectionError):
        while caller.recv(65536):
            pass


def deletes():
    """How many there were, by their status."""
    found = RequestTotal.objects.filter(method="DELETE").values_list("status").annotate(Sum("count"))
    return dict(found)


def test_whoever_is_cut_off_before_the_body_has_cancelled_nothing(wire):
    region, doctor = cast.Region(), cast.a_doctor()
    cuts = [closed, reset, shut, no_chunk]
    slots = [cast.a_slot(doctor, hours=24 + number) for number in range(len(cuts))]
    tries = [Cancelling(wire, region, slot) for slot in slots]
    for one, way in zip(tries, cuts, strict=True):
        one.cut(way)
    until(lambda: sum(deletes().values()) == len(cuts), deletes)
    assert deletes() == {400: len(cuts)}
    assert not Appointment.objects.exclude(state="booked").exists()
    for one in tries:  # nor is the key spoilt
        assert one.whole().status == 200
        one.appointment.refresh_from_db()
        assert (one.appointment.state, one.appointment.cancel_reason) == ("cancelled", "x")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_content_type_goes_past_the_envelope(wire, method):
    region = cast.Region()
    for kind in [b"x*=bogus''%41", b"charset=hex", b"charset=undefined", b"charset=unicode_escape", b"charset=utf-7"]:
        headers = [authorization(region), b"Content-Type: application/json; " + kind, b"Content-Length: 2"]
        answer = wire.send(method, "/api/appointments?state=%D0%AF", *headers, body=b"{}")
        assert (answer.code, len(answer.headers["X-Request-Id"])) == ((401, "unauthorized"), 32), kind
        answer = wire.send(method, "/admin/login/?next=/admin/%D0%AF", *headers, body=b"{}")
        assert (answer.status, len(answer.headers["X-Request-Id"])) == (200 if method == "GET" else 403, 32), kind


def test_a_key_is_taken_as_it_is_sent_or_refused(wire):
    region, doctor = cast.Region(), cast.a_doctor()
    patient = f"X-Patient-Token: {cast.token_of(cast.a_patient(doctor.lpu))}".encode()
    body = json.dumps({"slot": str(cast.a_slot(doctor).guid)}).encode()
    headers = [authorization(region), patient, b"Content-Type: application/json", b"Content-Length: %d" % len(body)]

    def book(key):
        return wire.send("POST", "/api/appointments", *headers, b"Idempotency-Key: " + key, body=body)

    for key in ["запись-1".encode(), b"caf\xe9", b"", b"x" * 129]:
        answer = book(key)
        assert (answer.code, answer.json["errors"][0]["field"]) == ((400, "validation_error"), "Idempotency-Key"), key
        assert not Appointment.objects.exists()
    key = bytes(range(33, 127)) + b" 1"
    first, second = book(key), book(key)
    assert (first.status, second.body, second.headers["Idempotency-Replayed"]) == (201, first.body, "true")


def test_nobody_is_answered_over_http_2(wire):
    """Where a body may come without its length: a cancellation would lose its reason."""
    came = b""
    with wire.connect() as caller, contextlib.suppress(ConnectionError):
        caller.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")  # and no settings
        came = caller.recv(65536)
    assert came[:5] in (b"", b"HTTP/")
