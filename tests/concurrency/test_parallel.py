"""Cards and questions together are no more at the same time than is set, and a killed sender's share comes back."""

import datetime as dt
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.rows import execute
from lmis.services.transactions import run_write
from patients.models import CardUpload, MipGate
from patients.querysets import CardUploadQuerySet
from patients.services import gate, pauses, permits, reconciliation, reconciling, uploads
from tests.concurrency.conftest import elsewhere, meeting_after, rivals, wait_until_somebody_waits
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.plans import only, plan
from tests.statements import statements

pytestmark = pytest.mark.concurrency
SENDERS, PARALLEL = 2, 3
HALF = 2  # rounded up: a sender takes no more, so that two are at work
QUESTIONS = 6  # of a reconciliation


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
    """Takes every card, answers questions, and remembers how many were with it at once."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.guard, self.here, self.most, self.asked = threading.Condition(), 0, 0, 0
        self.expected = PARALLEL

    def count(self, change):
        with self.guard:
            self.here += change
            self.most = max(self.most, self.here)
            self.guard.notify_all()

    def wait_for_all(self):
        """Until so many are here as may be; a machine may be too busy to let them begin together."""
        with self.guard:
            self.guard.wait_for(lambda: self.most >= self.expected, timeout=4)


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self):
        card = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer({"version": card["version"]})

    def do_GET(self):
        self.server.asked += 1
        following = str(self.server.asked) if self.server.asked < QUESTIONS else None
        self.answer({"items": [{"guid": str(uuid.uuid4()), "version": 1}], "next": following})

    def answer(self, content):
        self.server.count(1)
        self.server.wait_for_all()
        time.sleep(0.05)  # a region takes its time: those who come meanwhile are here at once
        self.server.count(-1)
        body = json.dumps(content).encode()
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


class TestQuestions:
    """Of a reconciliation: each is one request to the MIP, too."""

    @pytest.fixture(autouse=True)
    def run(self, mip, cards):
        return reconciliation.start(by=SYSTEM, now=timezone.now())

    def ask(self, seconds=60.0):
        return reconciling.work(until=timezone.now() + dt.timedelta(seconds=seconds))

    def test_beside_cards_the_mip_never_meets_more_at_once(self, mip, cards, run, monkeypatch):
        monkeypatch.setattr(uploads, "BATCH", 3)
        work = [self.ask, *[lambda: uploads.send_due(seconds=60)] * SENDERS]
        _more, *sent = rivals(len(work), lambda index: work[index]())
        run.refresh_from_db()
        assert (sum(sent), run.held) == (len(cards), QUESTIONS)
        assert mip.most == PARALLEL

    def test_senders_leave_it_a_place(self, mip, run, monkeypatch):
        mip.expected = 1
        page, claimed = reconciling.holdings.page, []

        def ask_while_others_claim(**kwargs):
            monkeypatch.setattr(reconciling.holdings, "page", page)
            claimed.extend(len(claim(1).cards) for _ in range(PARALLEL - 1))
            assert claim(1).cards == []
            return page(**kwargs)

        monkeypatch.setattr(reconciling.holdings, "page", ask_while_others_claim)
        self.ask()
        run.refresh_from_db()
        assert (claimed, run.held) == ([1] * (PARALLEL - 1), QUESTIONS)

    def test_cards_and_questions_take_turns_where_one_is_allowed(self, mip, run, monkeypatch):
        mip.expected = 1
        set_parallel(1)
        claimed = claim(1)
        assert self.ask(seconds=0.3), "there is more to do"
        run.refresh_from_db()
        assert (mip.asked, run.holder, run.failures) == (0, None, 0)
        uploads._let_go(claimed, [card.pk for card in claimed.cards])
        assert not self.ask()
        assert mip.asked == QUESTIONS
        assert len(claim(1).cards) == 1

    def test_a_killed_ones_place_comes_back(self, run):
        set_parallel(1)
        now = timezone.now()
        run_write(lambda: reconciling._take(uuid.uuid4(), now))
        assert claim(1, now).cards == []
        assert claim(1, now + dt.timedelta(seconds=30)).cards

    def test_a_sender_that_has_counted_already_is_waited_for(self, mip, run, monkeypatch):
        """It may take all there is, and does not know yet that somebody asks."""
        set_parallel(1)
        counted, go_on = threading.Event(), threading.Event()
        at_once = CardUploadQuerySet.at_once

        def count_and_wait(*args, **kwargs):
            found = at_once(*args, **kwargs)
            if "beside" in kwargs:
                counted.set(), go_on.wait(5)
            return found

        monkeypatch.setattr(CardUploadQuerySet, "at_once", count_and_wait)
        with elsewhere() as sends, elsewhere() as asks:
            sender = sends(lambda: claim(1))
            counted.wait(5)
            asker = asks(lambda: self.ask(seconds=0.3))
            wait_until_somebody_waits()
            go_on.set()
            assert (len(sender.result().cards), asker.result()) == (1, True)
        assert mip.asked == 0
