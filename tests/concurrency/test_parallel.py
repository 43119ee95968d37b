"""Senders together send no more cards at the same time than is set, and a killed one's share comes back."""

import datetime as dt
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.rows import execute
from patients.models import CardUpload, MipGate
from patients.querysets import CardUploadQuerySet
from patients.services import gate, pauses, permits, uploads
from tests.concurrency.conftest import elsewhere, meeting_after, rivals, wait_until_somebody_waits
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.plans import only, plan
from tests.statements import statements

pytestmark = pytest.mark.concurrency
SENDERS, PARALLEL = 2, 3
HALF = 2  # rounded up: a sender takes no more, so that two are at work


@pytest.fixture
def cards():
    lpu = an_lpu()
    return [a_card(lpu) for _ in range(12)]


@pytest.fixture(autouse=True)
def pace(settings):
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip", "TIMEOUT": 5.0}
    set_parallel(PARALLEL)


def set_parallel(parallel):
    pauses.change_settings(rate=None, parallel=parallel, by=SYSTEM, now=timezone.now())


class Peak(ThreadingHTTPServer):
    """Takes every card, and remembers how many were with it at once."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.guard, self.here, self.most = threading.Condition(), 0, 0

    def count(self, change):
        with self.guard:
            self.here += change
            self.most = max(self.most, self.here)
            self.guard.notify_all()

    def wait_for_all(self):
        """Until so many are here as may be; a machine may be too busy to let them begin together."""
        with self.guard:
            self.guard.wait_for(lambda: self.most >= PARALLEL, timeout=4)


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self):
        card = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.count(1)
        self.server.wait_for_all()
        time.sleep(0.05)  # a region takes its time: those who come meanwhile are here at once
        self.server.count(-1)
        body = json.dumps({"version": card["version"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing on the screen."""


@pytest.fixture
def mip(settings):
    server = Peak()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.MIP = {**settings.MIP, "URL": f"http://127.0.0.1:{server.server_address[1]}/mip"}
    yield server
    server.shutdown()
    server.server_close()


def shares(cards, take=4):
    """What rivals get who claim at the same moment."""
    return [claimed.parallel if claimed.cards else 0 for claimed in rivals(SENDERS, lambda _: claim(take))]


def claim(take=12, now=None):
    return uploads.claim(now=now or timezone.now(), limit=take)


class TestTogether:
    def test_the_mip_never_meets_more_at_once(self, mip, cards, monkeypatch):
        monkeypatch.setattr(uploads, "BATCH", len(cards) // (2 * SENDERS))  # else the first would take all cards
        sent = rivals(SENDERS, lambda _: uploads.send_due(seconds=60))
        assert sum(sent) == len(cards)
        assert mip.most == PARALLEL

    def test_two_claims_at_the_same_moment(self, cards):
        assert sum(shares(cards)) == PARALLEL

    def test_what_one_does_not_need_another_may_use(self, cards):
        assert claim(1).parallel == 1
        assert claim(4).parallel == PARALLEL - 1
        assert claim(4).cards == []
        assert CardUpload.objects.filter(state="waiting").count() == len(cards) - 5

    def test_who_may_send_few_at_a_time_leaves_cards_to_others(self, cards):
        assert len(claim(4).cards) == 4
        last = claim(4)
        assert (last.parallel, len(last.cards)) == (1, 2)

    def test_twin_without_the_lock_both_take_it(self, cards, monkeypatch):
        monkeypatch.setattr(permits, "execute", lambda *args: None)
        monkeypatch.setattr(CardUploadQuerySet, "at_once", meeting_after(CardUploadQuerySet.at_once, SENDERS))
        assert sum(shares(cards)) == SENDERS * HALF > PARALLEL


def test_what_is_being_sent_is_counted_along_an_index(cards):
    """Among a million cards a few hundred are in flight."""
    claim(4)
    claim(4)
    with statements() as found:
        assert CardUpload.objects.at_once(timezone.now()) == PARALLEL
    with only("patients_cardupload", "upload_in_flight") as cursor:
        lines = plan(cursor, found[0])
    assert any("Index Scan using upload_in_flight" in line for line in lines), lines
    assert any("Index Cond: (claimed_until > " in line for line in lines), lines


class TestGivingBack:
    def test_a_killed_senders_share_comes_back_when_its_claim_runs_out(self, cards):
        now = timezone.now()
        killed = claim(4, now)
        assert killed.parallel == HALF
        assert claim(4, now).parallel == PARALLEL - HALF
        assert claim(4, now).cards == []
        after = claim(4, now + uploads.claim_length())
        assert (after.parallel, {card.pk for card in after.cards}) == (HALF, {card.pk for card in killed.cards})

    def test_a_new_number_counts_at_the_next_claim(self, cards):
        assert claim(4).parallel == HALF
        set_parallel(PARALLEL + 2)
        assert claim(4).parallel == HALF + 1
        set_parallel(1)
        assert claim(4).cards == []


@pytest.mark.parametrize("shut", [False, True], ids=["any card", "a probe"])
def test_who_waited_long_for_its_claim_sends_nothing(mip, cards, monkeypatch, shut):
    """What it began now might outlast the claim, and be sent by two."""
    monkeypatch.setattr(uploads, "_BEGUN_WITHIN", dt.timedelta(seconds=0.1))
    now = timezone.now()
    if shut:
        MipGate.objects.create(kind="outage", since=now, closed_until=now)
    with elsewhere() as submit:
        with transaction.atomic():
            execute("SELECT pg_advisory_xact_lock(%s)", [permits._LOCK])
            sender = submit(lambda: uploads.upload(card_id=cards[0].pk))
            wait_until_somebody_waits()
            time.sleep(0.15)
        sender.result()
    row = CardUpload.objects.get(pk=cards[0].pk)
    assert (mip.most, row.state, row.attempts) == (0, "waiting", 0)
    assert gate.passage(now=timezone.now()) is (gate.Passage.PROBE if shut else gate.Passage.FREE)
