"""What only real bytes show: the web server hands over what Django's test client never would."""

import pytest

from lmis.models import FailedLogin
from tests.factories import cast
from tests.integration.wire import web_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wire(private_env, tmp_path):
    """The web server behind a proxy on this machine."""
    with web_server(tmp_path, private_env | {"TRUSTED_PROXIES": "127.0.0.1"}) as running:
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
