"""A MIP that answers too slowly, too much, or what no MIP says: nothing hangs and no card is lost."""

import json
import uuid

import pytest
from django.db import connections
from django.utils import timezone

from lmis.actors import SYSTEM
from patients.mip import client, holdings
from patients.mip.asking import ask_one_row
from patients.mip.outcomes import Accepted, Later
from patients.models import CardUpload, MipGate
from patients.services import exchange_words, gate, uploads
from tests.answering import GOOD, Answering, answer, dripping
from tests.demo import until
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card

SLOWLY = f"HTTP/1.1 200 OK\r\nContent-Length: {len(GOOD) + 30}\r\n\r\n".encode()


@pytest.fixture
def mip(settings):
    """`mip(say, timeout=…)` answers instead of the MIP."""
    running = []

    def begin(say, *, timeout=5.0):
        running.append(Answering(say).__enter__())
        settings.MIP = {**settings.MIP, "URL": running[-1].url, "LOGIN": "lpu", "TIMEOUT": timeout}
        return running[-1]

    yield begin
    for one in running:
        one.__exit__()


def put(card):
    return client.put(card, request_id=uuid.uuid4())


@pytest.mark.django_db
class TestOneAnswer:
    def test_that_drips(self, mip, card):
        """It is whole after three seconds, and each byte came within the timeout of a step."""
        mip(lambda *_: dripping(SLOWLY, 30, GOOD, every=0.1), timeout=0.4)
        assert put(card) == (Later("timeout"), None)

    def test_a_claim_outlasts_the_slowest(self, settings):
        for timeout in (0.5, 1.0, 3.0, 10.0, 60.0):
            settings.MIP = {**settings.MIP, "TIMEOUT": timeout}
            assert client.longest() < (uploads.claim_length() - uploads._BEGUN_WITHIN).total_seconds()

    def test_that_is_too_long(self, mip, card):
        most = 2**20
        bodies = [GOOD + b" " * (most - len(GOOD)), GOOD + b" " * (most + 1)]
        mip(lambda *_: answer(200, bodies.pop(0)))
        assert put(card) == (Accepted(1), 200)
        assert put(card) == (Later("bad_answer"), None)

    def test_a_page_may_be_longer_than_a_cards(self, mip):
        guid = uuid.uuid4()
        page = b'{"items": [{"guid": "%s", "version": 1}], "next": null}' % str(guid).encode()
        mip(lambda *_: answer(200, page + b" " * 2**21))
        assert holdings.page(lpu_guid=uuid.uuid4()).items == [(guid, 1)]

    def test_that_drips_while_the_connection_is_checked(self, mip):
        page = b'{"items": [], "next": null}'
        begin = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page) + 30}\r\n\r\n".encode()
        mip(lambda *_: dripping(begin, 30, page, every=0.1))
        assert ask_one_row(lpu_guid=uuid.uuid4(), patience=0.4).error == "ReadTimeout"


@pytest.mark.django_db(transaction=True)
def test_an_address_that_takes_no_cards_rejects_none(mip):
    """As nginx says to whoever speaks HTTP at its port for HTTPS."""
    page = b"<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>"
    mip(lambda *_: answer(400, page, "Content-Type: text/html"))
    lpu = an_lpu()
    cards = [a_card(lpu) for _ in range(gate.OUTAGE_AFTER + 2)]
    uploads.send_due(seconds=1)
    assert set(CardUpload.objects.values_list("state", "error_code")) == {("retry", "http_400")}
    assert CardUpload.objects.count() == len(cards)
    shut = MipGate.objects.get()
    assert (shut.kind, shut.reason) == ("outage", "http_400")
    mip(lambda _head, body: answer(200, body))
    CardUpload.objects.update(due_at=timezone.now())
    gate.try_now(by=SYSTEM, now=timezone.now())
    uploads.send_due(seconds=1)
    assert set(CardUpload.objects.values_list("state", flat=True)) == {"accepted"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/there/is/none.pem"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("ALL_PROXY", "ftp://127.0.0.1:21"),
    ],
)
class TestSettingsOfTheEnvironment:
    """With them no connection can even be tried."""

    @pytest.fixture(autouse=True)
    def bad_settings(self, settings, monkeypatch, name, value):
        settings.MIP = {**settings.MIP, "URL": f"https://127.0.0.1:9/{value[:4]}", "LOGIN": "lpu"}
        monkeypatch.setenv(name, value)

    @pytest.mark.django_db(transaction=True)
    def test_a_card_says_what_is_wrong(self, lpu, caplog):
        for _ in range(2):
            a_card(lpu)
        uploads.send_due(seconds=1)
        assert set(CardUpload.objects.values_list("state", "error_code")) == {("retry", "bad_settings")}
        assert "SSL_CERT_FILE" in exchange_words.reason_of("bad_settings")
        assert "no connection can be made" in caplog.text

    def test_so_does_the_check_of_the_connection(self):
        assert ask_one_row(lpu_guid=uuid.uuid4(), patience=1.0).error == "bad_settings"


@pytest.mark.django_db(transaction=True)
def test_a_slow_card_does_not_hold_back_the_others_outcomes(mip):
    lpu = an_lpu()
    cards = [a_card(lpu) for _ in range(4)]
    seen = []

    def say(head, body):
        if str(cards[0].guid) in head:
            accepted = CardUpload.objects.filter(state="accepted")
            try:
                seen.append(until(lambda: accepted.count() == len(cards) - 1, "the others wait for the slow one"))
            finally:
                connections.close_all()
        return answer(200, json.dumps({"version": json.loads(body)["version"]}).encode())

    mip(say, timeout=20.0)
    uploads.send_due(seconds=1)
    assert seen == [True]
