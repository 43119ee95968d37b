"""Alarms: what begins and ends them, who is told, and that a killed process tells nobody twice nor leaves it out."""

import datetime as dt
import http.server
import json
import threading

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from lmis.actors import Actor
from lmis.models import Alarm, AlarmNotice, AlarmQuiet, AlarmRound
from lmis.services import alarm_notices, alarms
from tests.answering import Answering, dripping
from tests.factories.staff import an_employee

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


class Trouble:
    """A check whose finding a test sets."""

    def __init__(self):
        self.facts = None

    def find(self, _now):
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts


@pytest.fixture
def trouble(monkeypatch, settings):
    """The only check; e-mail goes to one address."""
    settings.ALARMS = {"EMAILS": ["duty@example.org"], "WEBHOOK": "", "SITE": "Поликлиника"}
    found = Trouble()
    check = alarms.Check("tank", "The tank is empty", "%(litres)s litres are left.", found.find)
    monkeypatch.setattr(alarms, "CHECKS", {"tank": check})
    return found


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def olga():
    return Actor.of_user(an_employee("operator"))


class Rounds:
    """Rounds a minute apart."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        self.now += MINUTE
        assert alarms.look(now=self.now)


@pytest.fixture
def a_round(now):
    return Rounds(now)


def subjects():
    return [message.subject for message in mail.outbox]


class TestRounds:
    def test_told_once_when_it_begins_and_once_when_it_ends(self, trouble, a_round):
        a_round()
        assert not Alarm.objects.exists()
        trouble.facts = {"litres": 3}
        for _number in range(3):
            a_round()
        assert subjects() == ["[LMIS] Тревога: The tank is empty"] or subjects() == ["[LMIS] Alarm: The tank is empty"]
        assert "3 litres are left." in mail.outbox[0].body
        assert "Поликлиника" in mail.outbox[0].body
        trouble.facts = None
        for _number in range(3):
            a_round()
        assert len(mail.outbox) == 2
        assert Alarm.objects.get().ended_at
        assert "litres" not in mail.outbox[1].body

    def test_when_it_comes_back_it_is_told_again(self, trouble, a_round):
        for facts in ({"litres": 3}, None, {"litres": 2}):
            trouble.facts = facts
            a_round()
        assert (len(mail.outbox), Alarm.objects.count()) == (3, 2)

    def test_what_must_last_raises_no_alarm_before_it_has(self, trouble, a_round, monkeypatch):
        slow = alarms.Check("tank", "The tank is empty", "", trouble.find, after=2 * MINUTE)
        monkeypatch.setattr(alarms, "CHECKS", {"tank": slow})
        trouble.facts = {"litres": 3}
        for seen in (False, False, True):
            a_round()
            assert Alarm.objects.exists() == seen

    def test_a_restart_in_between_counts_anew(self, trouble, a_round, monkeypatch):
        slow = alarms.Check("tank", "The tank is empty", "", trouble.find, after=2 * MINUTE)
        monkeypatch.setattr(alarms, "CHECKS", {"tank": slow})
        for facts in ({"litres": 3}, {"litres": 3}, None, {"litres": 3}, {"litres": 3}):
            trouble.facts = facts
            a_round()
        assert not Alarm.objects.exists()

    def test_only_one_of_many_processes_makes_the_round(self, trouble, now):
        assert alarms.look(now=now)
        assert not alarms.look(now=now + dt.timedelta(seconds=20))
        assert alarms.look(now=now + MINUTE)

    def test_a_check_that_fails_neither_begins_nor_ends_anything(self, trouble, a_round):
        trouble.facts = {"litres": 3}
        a_round()
        trouble.facts = RuntimeError("no database")
        a_round()
        assert Alarm.objects.get().ended_at is None
        assert len(mail.outbox) == 1

    def test_a_clock_that_is_set_back_stops_no_round(self, trouble, now, monkeypatch):
        slow = alarms.Check("tank", "The tank is empty", "", trouble.find, after=2 * MINUTE)
        monkeypatch.setattr(alarms, "CHECKS", {"tank": slow})
        trouble.facts = {"litres": 0}
        ahead = now + dt.timedelta(hours=3)
        assert alarms.look(now=ahead)
        assert alarms.unheard(now=now, watches=True).mark == "blind"
        assert alarms.look(now=now)
        assert alarms.unheard(now=now, watches=True).mark == "none"
        assert not alarms.look(now=now)
        assert alarms.look(now=now + MINUTE)
        assert not Alarm.objects.exists()
        assert alarms.look(now=now + 2 * MINUTE)
        assert Alarm.objects.get().since == now + 2 * MINUTE

    def test_a_machine_whose_clock_goes_somewhat_behind_makes_no_round_of_its_own(self, trouble, now):
        assert alarms.look(now=now)
        assert not alarms.look(now=now - dt.timedelta(seconds=50))

    def test_a_check_that_is_no_more_ends_its_alarm(self, trouble, a_round, monkeypatch):
        trouble.facts = {"litres": 3}
        a_round()
        monkeypatch.setattr(alarms, "CHECKS", {})
        a_round()
        assert Alarm.objects.get().ended_at

    def test_facts_are_kept_up_to_date_while_it_lasts(self, trouble, a_round):
        for litres in (3, 2):
            trouble.facts = {"litres": litres}
            a_round()
        assert Alarm.objects.get().facts == {"litres": 2}

    def test_a_text_whose_facts_are_missing_is_its_title(self):
        check = alarms.Check("tank", "The tank is empty", "%(litres)s litres are left.", lambda _now: None)
        assert check.in_words({}) == "The tank is empty"


class TestKilled:
    """What a process may leave behind when it dies between two steps."""

    def test_before_anything_is_sent(self, trouble, a_round, monkeypatch):
        monkeypatch.setattr(alarm_notices, "deliver", lambda **_given: 0)
        trouble.facts = {"litres": 3}
        a_round()
        assert mail.outbox == []
        monkeypatch.undo()
        assert alarm_notices.deliver(now=a_round.now) == 1
        assert alarm_notices.deliver(now=a_round.now) == 0
        assert len(mail.outbox) == 1

    def test_while_it_sends_another_takes_over_and_sends_the_same_id(self, trouble, a_round, monkeypatch):
        trouble.facts = {"litres": 3}
        a_round()
        AlarmNotice.objects.update(sent_at=None, claimed_until=a_round.now + 2 * MINUTE)  # died before writing it down
        assert alarm_notices.deliver(now=a_round.now + MINUTE) == 0
        assert alarm_notices.deliver(now=a_round.now + 3 * MINUTE) == 1
        first, second = (message.extra_headers["Message-ID"] for message in mail.outbox)
        assert first == second

    def test_between_the_look_and_the_writing(self, trouble, a_round, monkeypatch):
        trouble.facts = {"litres": 3}
        AlarmRound.objects.create(at=a_round.now)  # taken, and nothing came of it
        a_round()
        assert len(mail.outbox) == 1


class TestTelling:
    @pytest.mark.parametrize("left", [{}, {"attempts": 1}, {"attempts": 1, "claimed": True}])
    def test_what_was_to_be_told_before_the_clock_was_set_back_is_told_at_once(self, trouble, now, left):
        ahead = now + dt.timedelta(hours=3)
        alarm = Alarm.objects.create(name="tank", since=ahead, facts={"litres": 3})
        held = {"claimed_until": ahead + 2 * MINUTE} if left.pop("claimed", False) else {}
        alarm.notices.create(event="begins", channel="email", due_at=ahead, **left, **held)
        assert alarm_notices.deliver(now=now) == 1

    def test_a_mail_server_that_is_away_is_tried_again(self, trouble, a_round, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        trouble.facts = {"litres": 3}
        a_round()
        notice = AlarmNotice.objects.get()
        assert (notice.sent_at, notice.error, notice.attempts) == (None, "ConnectionRefusedError", 1)
        trouble.facts = None
        a_round()  # over meanwhile: the end waits for the beginning
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert alarm_notices.deliver(now=a_round.now + 60 * MINUTE) == 2
        assert "The tank is empty" in mail.outbox[0].subject
        assert [notice.event for notice in AlarmNotice.objects.order_by("sent_at")] == ["begins", "ends"]

    def test_nobody_is_told_when_the_settings_name_nobody(self, trouble, a_round, settings):
        settings.ALARMS = {"EMAILS": [], "WEBHOOK": "", "SITE": ""}
        trouble.facts = {"litres": 3}
        a_round()
        assert Alarm.objects.exists()
        assert not AlarmNotice.objects.exists()

    def test_a_webhook_hears_it_with_a_key_of_its_own(self, trouble, a_round, settings):
        with listening() as (url, heard):
            settings.ALARMS = {"EMAILS": [], "WEBHOOK": url, "SITE": "Поликлиника"}
            for facts in ({"litres": 3}, {"litres": 3}, None):
                trouble.facts = facts
                a_round()
        assert [body["event"] for _key, body in heard] == ["begins", "ends"]
        assert heard[0][0] != heard[1][0]
        assert heard[0][1]["check"] == "tank"
        assert heard[0][1]["text"] == "3 litres are left."
        assert heard[1][1]["ended"]

    def test_nothing_is_lost_while_the_environment_is_set_wrongly(self, trouble, a_round, settings, monkeypatch):
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
        settings.ALARMS = {"EMAILS": [], "WEBHOOK": "http://127.0.0.1:9/", "SITE": ""}
        trouble.facts = {"litres": 3}
        a_round()
        notice = AlarmNotice.objects.get()
        assert (notice.sent_at, notice.error, notice.claimed_until) == (None, "BadSettings", None)

    def test_a_webhook_that_drips_holds_up_nothing(self, trouble, a_round, settings, monkeypatch):
        """It would be there after three seconds, and each byte came within the timeout of a step."""
        monkeypatch.setattr(alarm_notices, "_STEP", 0.3)
        begin, end = b"HTTP/1.1 204 No\r\nX-Name: ", b"\r\n\r\n"
        with Answering(lambda *_: dripping(begin, 30, end, every=0.1)) as server:
            settings.ALARMS = {"EMAILS": [], "WEBHOOK": server.url, "SITE": ""}
            trouble.facts = {"litres": 3}
            a_round()
        notice = AlarmNotice.objects.get()
        assert (notice.sent_at, notice.error) == (None, "ReadTimeout")


class TestQuietAndAcknowledged:
    def test_a_quiet_check_is_shown_and_not_told(self, trouble, a_round, olga):
        alarms.keep_quiet(name="tank", until=a_round.now + 10 * MINUTE, by=olga, now=a_round.now)
        trouble.facts = {"litres": 3}
        a_round()
        assert alarms.open_ones()
        assert mail.outbox == []
        a_round.now += 10 * MINUTE
        a_round()
        assert len(mail.outbox) == 1

    def test_one_that_was_never_told_of_is_not_told_to_be_over(self, trouble, a_round, olga):
        alarms.keep_quiet(name="tank", until=a_round.now + 10 * MINUTE, by=olga, now=a_round.now)
        for facts in ({"litres": 3}, None):
            trouble.facts = facts
            a_round()
        assert mail.outbox == []

    @pytest.mark.parametrize("minutes", [-1, 7 * 24 * 60 + 1])
    def test_quiet_for_ever_or_in_the_past_is_refused(self, trouble, now, olga, minutes):
        with pytest.raises(alarms.QuietNotSensible):
            alarms.keep_quiet(name="tank", until=now + minutes * MINUTE, by=olga, now=now)
        assert not AlarmQuiet.objects.exists()

    def test_an_unknown_check_is_refused(self, trouble, now, olga):
        with pytest.raises(alarms.QuietNotSensible):
            alarms.keep_quiet(name="door", until=now + MINUTE, by=olga, now=now)

    def test_both_stand_in_the_journal(self, trouble, a_round, olga):
        trouble.facts = {"litres": 3}
        a_round()
        alarm = Alarm.objects.get()
        assert alarms.acknowledge(alarm_id=alarm.pk, by=olga, now=a_round.now)
        alarms.keep_quiet(name="tank", until=a_round.now + MINUTE, by=olga, now=a_round.now)
        entries = LogEntry.objects.filter(actor=olga.user).order_by("pk")
        assert [entry.content_type.model for entry in entries] == ["alarm", "alarmquiet"]
        assert entries[0].changes["acknowledged_by"] == ["", olga.label]

    def test_only_the_first_acknowledges(self, trouble, a_round, olga):
        trouble.facts = {"litres": 3}
        a_round()
        alarm = Alarm.objects.get()
        assert alarms.acknowledge(alarm_id=alarm.pk, by=olga, now=a_round.now)
        another = Actor.of_user(an_employee("operator"))
        assert not alarms.acknowledge(alarm_id=alarm.pk, by=another, now=a_round.now)
        alarm.refresh_from_db()
        assert alarm.acknowledged_by == olga.label


class TestPromises:
    """The database keeps them, whoever writes."""

    @pytest.mark.parametrize(
        ("columns", "constraint"),
        [
            ({"name": "tank"}, "alarm_open_once_a_check"),
            ({"name": "door", "ended_at": "before"}, "alarm_ends_after_it_begins"),
            ({"name": "door", "acknowledged_by": "olga"}, "alarm_acknowledged_by_somebody"),
        ],
    )
    def test_of_alarms(self, now, columns, constraint):
        Alarm.objects.create(name="tank", since=now)
        if columns.get("ended_at"):
            columns = {**columns, "ended_at": now - MINUTE}
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Alarm.objects.create(since=now, **columns)

    def test_a_notice_stands_there_once(self, now):
        alarm = Alarm.objects.create(name="tank", since=now)
        alarm.notices.create(event="begins", channel="email", due_at=now)
        with pytest.raises(IntegrityError, match="alarm_notice_once"), transaction.atomic():
            alarm.notices.create(event="begins", channel="email", due_at=now)

    def test_one_round_only(self, now):
        with pytest.raises(IntegrityError, match="alarm_round_one_row"), transaction.atomic():
            AlarmRound.objects.create(pk=2, at=now)


class listening:
    """A server that notes what is posted to it: `with listening() as (url, heard)`."""

    def __enter__(self):
        heard = []

        class Ear(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.append((self.headers["Idempotency-Key"], body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_args):
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/", heard

    def __exit__(self, *_error):
        self.server.shutdown()
        self.server.server_close()
