"""When a reconciliation asks the MIP and when it does not: gate, pause, what the MIP asks for, the clinic's night."""

import datetime as dt
import http.server
import json
import threading
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.models import Lpu
from patients.models import MipGate, Reconciliation
from patients.services import gate, pauses, permits, reconciliation, reconciling, uploads
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
PAGES = {"": {"items": [{"guid": str(uuid.UUID(int=1)), "version": 1}], "next": "more"}}
PAGES["more"] = {"items": [{"guid": str(uuid.UUID(int=2)), "version": 1}], "next": None}


class Mip(http.server.BaseHTTPRequestHandler):
    """Two pages; or what the test says, once for each entry of `refusals`: a status and a Retry-After."""

    def do_GET(self):
        self.server.asked.append(self.path)
        status, wait = self.server.refusals.pop(0) if self.server.refusals else (200, None)
        after = self.path.partition("after=")[2]
        raw = json.dumps(PAGES[after] if status == 200 else {}).encode()
        self.send_response_only(status)
        if wait:
            self.send_header("Retry-After", str(wait))
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def mip(settings):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mip)
    server.asked, server.refusals = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/mip"
    settings.MIP = {**settings.MIP, "URL": url, "LOGIN": "lpu", "PASSWORD": "x", "TIMEOUT": 10.0}
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(mip):
    an_lpu()
    return reconciliation.start(by=SYSTEM, now=timezone.now())


def work(run):
    Reconciliation.objects.filter(ended_at=None).update(due_at=timezone.now())
    reconciling.work(until=timezone.now() + MINUTE)
    run.refresh_from_db()
    return run


def shut(until, **columns):
    given = {"kind": "outage", "reason": "timeout", "since": timezone.now(), "failures": 1, **columns}
    MipGate.objects.update_or_create(pk=1, defaults={**given, "closed_until": until})


def pause():
    now = timezone.now()
    pauses.pause(reason="works in the region", until=now + HOUR, by=SYSTEM, now=now)


class TestWaiting:
    def test_while_the_gate_is_shut_nothing_is_asked(self, run, mip):
        shut(timezone.now() + HOUR)
        assert (work(run).stage, run.failures, run.holder, mip.asked) == ("asking", 0, None, [])
        MipGate.objects.update(closed_until=None, since=None)
        assert work(run).stage == "done"

    def test_while_a_pause_lasts_nothing_is_asked(self, run, mip):
        pause()
        assert (work(run).stage, run.failures, mip.asked) == ("asking", 0, [])
        pauses.resume(by=SYSTEM, now=timezone.now())
        assert work(run).stage == "done"

    def test_it_goes_on_where_it_was(self, run, mip, monkeypatch):
        page = reconciling.holdings.page

        def ask_and_pause(**kwargs):
            found = page(**kwargs)
            pause()
            monkeypatch.setattr(reconciling.holdings, "page", page)
            return found

        monkeypatch.setattr(reconciling.holdings, "page", ask_and_pause)
        assert (work(run).after, run.held) == ("more", 1)
        assert len(mip.asked) == 1
        pauses.resume(by=SYSTEM, now=timezone.now())
        assert (work(run).stage, run.held) == ("done", 2)
        assert len(mip.asked) == 2

    def test_the_command_says_so_and_ends(self, run, mip):
        pause()
        with pytest.raises(CommandError, match="pause"):
            call_command("reconcile_mip")
        assert mip.asked == []

    def test_the_command_does_not_wait_for_a_probe_that_nobody_may_send(self, run, mip):
        """A card is due and would be the better probe; without a worker nobody sends it."""
        a_card(Lpu.objects.get())
        shut(timezone.now() - MINUTE)
        with pytest.raises(CommandError, match="gate"):
            call_command("reconcile_mip")


class TestTheMipSaysNo:
    @pytest.mark.parametrize(
        ("status", "kind", "seconds"),
        [(401, "credentials", 30), (403, "credentials", 30), (429, "throttled", 600)],
    )
    def test_the_gate_is_shut_for_cards_too(self, run, mip, status, kind, seconds):
        mip.refusals = [(status, 600)]
        before = timezone.now()
        work(run)
        shut_now = MipGate.objects.get()
        assert shut_now.kind == kind
        assert shut_now.closed_until >= before + dt.timedelta(seconds=seconds)
        card = a_card(Lpu.objects.get())
        assert uploads.claim(now=timezone.now(), card_id=card.pk).cards == []

    @pytest.mark.parametrize("status", [429, 503])
    def test_it_waits_as_long_as_the_mip_asks_for(self, run, mip, status):
        mip.refusals = [(status, 600)]
        before = timezone.now()
        assert work(run).due_at >= before + dt.timedelta(seconds=600)
        assert (run.error, run.failures) == (f"http_{status}", 1)

    def test_failures_count_with_those_of_cards(self, run, mip):
        MipGate.objects.create(streak=gate.OUTAGE_AFTER - 1)
        mip.refusals = [(503, None)]
        work(run)
        assert MipGate.objects.get().kind == "outage"

    def test_a_list_that_fails_again_and_again_does_not_stop_cards(self, run, mip):
        mip.refusals = [(500, None)] * 20
        for _turn in range(20):
            work(run)
        assert MipGate.objects.get().streak == 1  # one question is one witness, however often it fails
        assert gate.passage(now=timezone.now()) is gate.Passage.FREE

    @pytest.mark.parametrize("status", [400, 404])
    def test_what_is_said_of_the_question_alone_does_not_stop_cards(self, run, mip, status):
        MipGate.objects.create(streak=gate.OUTAGE_AFTER - 1)
        mip.refusals = [(status, None)]
        assert work(run).error == f"http_{status}"
        assert gate.passage(now=timezone.now()) is gate.Passage.FREE


class TestProbe:
    def test_with_no_card_to_send_the_question_is_the_probe(self, run, mip):
        shut(timezone.now() - MINUTE)
        assert work(run).stage == "done"
        assert gate.passage(now=timezone.now()) is gate.Passage.FREE

    def test_a_probe_that_fails_keeps_it_shut_for_longer(self, run, mip):
        shut(timezone.now() - MINUTE, failures=3)
        mip.refusals = [(401, None)]
        work(run)
        assert MipGate.objects.get().failures == 4
        assert gate.passage(now=timezone.now() + 3 * MINUTE) is gate.Passage.SHUT

    def test_a_card_that_waits_is_the_better_probe(self, run, mip):
        a_card(Lpu.objects.get())
        shut(timezone.now() - MINUTE)
        assert (work(run).stage, mip.asked) == ("asking", [])
        assert gate.passage(now=timezone.now()) is gate.Passage.PROBE

    def test_two_do_not_probe_at_once(self, mip):
        now = timezone.now()
        shut(now - MINUTE)
        asked = [permits.to_ask(claim=uuid.uuid4(), until=now + HOUR, now=now) for _ in range(2)]
        assert asked == [gate.Passage.PROBE, gate.Passage.SHUT]


class TestNight:
    @pytest.fixture(params=["Asia/Kamchatka", "Europe/Kaliningrad", "Europe/Moscow"])
    def zone(self, mip, request):
        lpu = an_lpu()
        Lpu.objects.filter(pk=lpu.pk).update(time_zone=request.param)
        return ZoneInfo(request.param)

    def at(self, zone, hour, minute=0, day=22):
        return reconciliation.start_tonight(by=SYSTEM, now=dt.datetime(2026, 11, day, hour, minute, tzinfo=zone))

    def test_it_begins_at_night_by_the_clinics_clock_and_once(self, zone):
        assert [self.at(zone, hour, minute) for hour, minute in [(0, 30), (5, 0), (12, 0), (23, 50)]] == [None] * 4
        begun = self.at(zone, 0, 40)
        assert begun.stage == "asking"
        Reconciliation.objects.update(stage="done", ended_at=timezone.now())
        assert self.at(zone, 0, 50) is None
        assert self.at(zone, 4, 50) is None
        assert self.at(zone, 0, 40, day=23).pk != begun.pk

    def test_a_beat_that_comes_late_begins_it_late(self, zone):
        assert self.at(zone, 4, 50)

    def test_one_that_is_not_over_is_left_to_itself(self, zone):
        first = self.at(zone, 4, 50)
        later = dt.datetime(2026, 11, 23, 3, 0, tzinfo=zone)
        Reconciliation.objects.update(due_at=later, started_at=later - 19 * HOUR)
        assert self.at(zone, 0, 40, day=23) is None
        assert Reconciliation.objects.get().due_at == later
        Reconciliation.objects.update(started_at=later - 24 * HOUR)
        assert self.at(zone, 0, 40, day=23).pk != first.pk

    def test_without_a_mip_none(self, zone, settings):
        settings.MIP = {**settings.MIP, "URL": ""}
        assert self.at(zone, 1) is None
