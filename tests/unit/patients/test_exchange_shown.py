"""What the operators' page shows, value by value: tiles, the backfill's pace, marks of the gate, the region's side."""

import datetime as dt
import html
import re
import uuid
from pathlib import Path

import pytest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from appointments.models import Appointment
from lmis.models import Heartbeat, RequestHour, RequestTotal, Source
from lmis.querysets_ops import BAD_CREDENTIALS
from lmis.services import broker
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Accepted, Later, Rejected
from patients.models import Backfill, CardUpload, ExchangeMark, ExchangePause, MipGate
from patients.services import exchange_words, figures, gate, history
from patients.templatetags.exchange import span
from tests.factories.cast import a_doctor, a_patient, a_slot
from tests.factories.patients import a_card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mip_away")]
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
URL = "/admin/exchange/"
STYLE = Path(__file__).resolve().parents[3] / "static" / "screens" / "exchange.css"
TILES = ("concerned", "oldest", "way", "workers", "beat", "broker")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def tiles(client, operator):
    """`tiles()`: of each tile of the page, by name, its level and its text."""

    def read():
        page = client.get(URL).content.decode()
        lead = re.search(r'id="part-lead">(.*?)</section>', page, re.DOTALL)[1]
        found = re.findall(r'<div class="tile( big)? (\w+)">(.*?)</div>', lead, re.DOTALL)
        assert len(found) == len(TILES)
        return {name: (level, text_of(inner)) for name, (_big, level, inner) in zip(TILES, found, strict=True)}

    return read


@pytest.fixture
def a_sign(now):
    """`a_sign("beat")`: a process that lives, or did so long ago."""

    def make(kind, *queues, ago=SECOND):
        seen = now - ago
        row = {"name": f"{kind} {queues}", "kind": kind, "host": "h", "pid": 1, "queues": list(queues)}
        return Heartbeat.objects.create(**row, started_at=seen, seen_at=seen)

    return make


def text_of(markup):
    """What one reads, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def rows_of(markup):
    """The cells of each row of the tables in it."""
    rows = re.findall(r"<tr[ >].*?</tr>", markup, re.DOTALL)
    return [[text_of(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)] for row in rows]


def written(moment):
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


def a_pause(now):
    ExchangePause.objects.create(reason="Ремонт", since=now - MINUTE, until=now + HOUR, started_by="olga")


def coming(doctor, hours):
    """Somebody who is booked and whose card the MIP does not have."""
    card = a_patient(doctor.lpu)
    Appointment.objects.create(slot=a_slot(doctor, hours=hours), patient=card, number="01")
    return card


class TestTiles:
    def test_of_an_exchange_that_goes_well(self, tiles, a_sign, lpu, now):
        CardUpload.objects.filter(pk=a_card(lpu).pk).update(state="accepted")
        a_sign("worker", "mip", "default")
        a_sign("beat")
        figures.keep(now=now)
        found = tiles()
        assert {name: level for name, (level, _text) in found.items()} == dict.fromkeys(TILES, "good")
        assert found["concerned"][1].startswith("0 ")
        assert found["oldest"][1].endswith(gettext("none"))

    def test_how_many_of_those_who_come_are_not_known(self, tiles, now):
        doctor = a_doctor()
        for hours in (20, 30, 24 * 8):
            coming(doctor, hours)
        figures.keep(now=now)
        level, text = tiles()["concerned"]
        assert level == "warn"
        assert text.startswith("2 ")

    @pytest.mark.parametrize(("minutes", "level"), [(1, "good"), (3, "warn"), (14, "warn"), (15, "bad"), (125, "bad")])
    def test_the_oldest_unsent_and_its_age(self, tiles, lpu, now, minutes, level):
        young, old = a_card(lpu), a_card(lpu)
        since = now - minutes * MINUTE
        CardUpload.objects.filter(pk=old.pk).update(wanted_since=since)
        CardUpload.objects.filter(pk=young.pk).update(wanted_since=now)
        figures.keep(now=now)
        found, text = tiles()["oldest"]
        assert found == level
        assert span(minutes * MINUTE) in text
        assert written(since) in text

    def test_who_lives_and_when_they_were_seen(self, tiles, a_sign):
        worker, beat = a_sign("worker", "mip", "default", ago=20 * SECOND), a_sign("beat", ago=10 * SECOND)
        a_sign("worker", "mip", ago=30 * SECOND)
        found = tiles()
        assert found["workers"][0] == "good"
        assert re.search(r"\b2\b", found["workers"][1].replace(written(worker.seen_at), ""))
        assert found["workers"][1].endswith(written(worker.seen_at))
        assert found["beat"][0] == "good"
        assert gettext("does not run") not in found["beat"][1]
        assert found["beat"][1].endswith(written(beat.seen_at))

    def test_who_lived_is_missing_and_when_was_it_seen(self, tiles, a_sign):
        worker, beat = a_sign("worker", "mip", "default", ago=2 * HOUR), a_sign("beat", ago=3 * HOUR)
        found = tiles()
        assert found["workers"][0] == found["beat"][0] == "bad"
        assert found["workers"][1].endswith(written(worker.seen_at))
        assert re.search(r"\b0\b", found["workers"][1].replace(written(worker.seen_at), ""))
        assert gettext("does not run") in found["beat"][1]
        assert found["beat"][1].endswith(written(beat.seen_at))

    @pytest.mark.parametrize(("there", "missing"), [("mip", "default"), ("default", "mip")])
    def test_a_queue_to_which_nobody_listens_is_named(self, tiles, a_sign, there, missing):
        a_sign("worker", there)
        level, text = tiles()["workers"]
        assert level == "bad"
        assert gettext("nobody listens to the queue %(queues)s") % {"queues": missing} in text
        a_sign("worker", missing)
        level, text = tiles()["workers"]
        assert level == "good"
        assert missing not in text

    def test_the_lengths_of_the_queues(self, tiles):
        with broker.client(patience=1) as redis:
            redis.delete(*broker.QUEUES)
            redis.rpush("mip", *range(31))
            redis.rpush("default", *range(17))
            level, text = tiles()["broker"]
            redis.delete(*broker.QUEUES)
        assert level == "good"
        assert gettext("does not answer") not in text
        assert re.findall(r"\b\d+\b", text) == ["31", "17"]

    @pytest.mark.parametrize(
        ("paused", "shut", "level"), [(1, 0, "warn"), (0, 1, "bad"), (1, 1, "bad"), (0, 0, "good")]
    )
    def test_a_pause_does_not_hide_that_the_gate_is_shut(self, tiles, now, paused, shut, level):
        if paused:
            a_pause(now)
        if shut:
            MipGate.objects.create(kind="outage", reason="timeout", closed_until=now + MINUTE, since=now - HOUR)
        found, text = tiles()["way"]
        assert found == level
        assert ("Ремонт" in text and "olga" in text and gettext("Resume") in text) == bool(paused)
        assert (written(now - HOUR) in text and exchange_words.reason_of("timeout").lower() in text.lower()) == bool(
            shut
        )
        assert (gettext("Try now") in text) == (bool(shut) and not paused)  # under a pause no card is a probe
        assert (gettext("open") in text) == (not paused and not shut)

    def test_with_everything_missing_each_is_bad(self, tiles, settings, now):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        MipGate.objects.create(kind="outage", reason="timeout", closed_until=now + MINUTE, since=now)
        found = tiles()
        assert {name: level for name, (level, _text) in found.items()} == dict.fromkeys(TILES, "bad")
        assert found["concerned"][1].startswith("— ")
        assert found["oldest"][1].endswith("—")
        assert gettext("none seen within a day") in found["workers"][1]
        assert gettext("not seen within a day") in found["beat"][1]
        assert gettext("does not answer") in found["broker"][1]


class TestStates:
    @pytest.fixture
    def to_do(self, client, operator):
        """What the page says is to be done, by state."""

        def read():
            page = client.get(URL).content.decode()
            rows = re.findall(r'<tr class="state (\w+)">.*?class="to-do">(.*?)</span>', page, re.DOTALL)
            return {state: text_of(words) for state, words in rows}

        return read

    def test_under_a_pause_nothing_is_tried_again(self, to_do, lpu, now):
        for state in ("waiting", "retry", "rejected"):
            CardUpload.objects.filter(pk=a_card(lpu).pk).update(state=state, error_code="x")
        figures.keep(now=now)
        usual = {state: exchange_words.to_do(state) for state in ("waiting", "retry", "rejected")}
        assert to_do() == usual
        a_pause(now)
        paused = gettext("Paused: nothing is sent until the pause ends.")
        assert to_do() == {**usual, "waiting": paused, "retry": paused}

    def test_cards_without_a_reason_beside_others_are_shown_too(self, client, operator, lpu, now):
        codes = ["", "", "", "timeout", "timeout"]
        cards = [a_card(lpu) for _code in codes]
        for card, code in zip(cards, codes, strict=True):
            CardUpload.objects.filter(pk=card.pk).update(state="retry", error_code=code)
        figures.keep(now=now)
        page = client.get(URL).content.decode()
        rows = [cells[:2] for cells in rows_of(re.search(r'id="part-states">(.*?)</section>', page, re.DOTALL)[1])]
        reasons = [[f"{exchange_words.reason_of('timeout')} timeout", "2"], [gettext("without a reason yet"), "3"]]
        assert rows[2:] == reasons
        assert page.count('id="show-retry-"') == page.count('id="show-retry-timeout"') == 1
        assert 'id="again-retry-timeout"' in page
        assert 'id="again-retry-"' not in page  # a great many would take along those that have a reason
        address = html.unescape(re.search(r'id="show-retry-" hx-get="([^"]*)"', page)[1])
        listed = client.get(address).content.decode()
        assert [str(card.guid) in listed for card in cards] == [True, True, True, False, False]

    def test_a_state_without_any_reason_has_one_line(self, client, operator, lpu, now):
        CardUpload.objects.filter(pk=a_card(lpu).pk).update(state="rejected")
        figures.keep(now=now)
        page = client.get(URL).content.decode()
        assert gettext("without a reason yet") not in page
        assert page.count('id="show-rejected-"') == page.count('id="again-rejected-"') == 1


class TestBackfill:
    @pytest.fixture
    def shown(self, client, operator):
        def read():
            page = client.get(URL).content.decode()
            return text_of(re.search(r'id="part-backfill">(.*?)</section>', page, re.DOTALL)[1])

        return read

    def test_its_pace_and_what_time_is_left(self, shown, now):
        row = {"started_at": now, "started_by": "olga", "moved_at": now, "total": 10_000, "last": 1}
        Backfill.objects.create(**row, sent=2500, rate=2.5)
        text = shown()
        assert "2500 / 10000 (25 %)" in text
        assert gettext("%(rate)s a second.") % {"rate": "2,5"} in text
        assert gettext("Time left: %(left)s.") % {"left": span(50 * MINUTE)} in text

    def test_before_the_pace_is_known_neither_is_told(self, shown, now):
        Backfill.objects.create(started_at=now, started_by="olga", moved_at=now, total=10, last=1)
        started = gettext("Started by %(who)s, %(when)s.") % {"who": "olga", "when": written(now)}
        assert shown().endswith(f"{started} {gettext('Stop')}")


def test_the_gate_leaves_its_marks_when_it_is_shut_and_when_a_probe_gets_through(client, operator, now):
    shut_at, claim = now - 20 * MINUTE, uuid.uuid4()
    failed = [(card, Later("timeout")) for card in range(gate.OUTAGE_AFTER)]
    gate.heard(told=failed, claim=uuid.uuid4(), is_probe=False, now=shut_at)
    assert gate.passage(now=shut_at) is gate.Passage.SHUT
    assert gate.take_probe(claim=claim, until=now + MINUTE, now=now)
    gate.heard(told=[(1, Accepted(1, uuid.uuid4()))], claim=claim, is_probe=True, now=now)
    assert gate.passage(now=now) is gate.Passage.FREE
    marks = ExchangeMark.objects.order_by("at").values_list("at", "kind", "text", "by")
    assert list(marks) == [(shut_at, "gate_shut", "timeout", "system"), (now, "gate_open", "", "system")]
    page = client.get(URL).content.decode()
    assert 'class="mark gate_shut"' in page
    assert 'class="mark gate_open"' in page


class TestOutside:
    """The central service's side, and the schedule as seen from outside."""

    @pytest.fixture
    def shown(self, client, operator):
        return lambda: client.get(f"{URL}outside/").content.decode()

    def test_before_anybody_calls(self, shown):
        page = shown()
        assert gettext("Nobody has called yet.") in page
        assert gettext("No doctor is published.") in page
        assert "<caption>" not in page

    def test_calls_polls_and_failed_logins(self, shown, now):
        columns = {"client": "central", "method": "GET", "route": "api/schedule", "last_at": now - 3 * MINUTE}
        RequestTotal.objects.create(**columns, status=304, count=41)
        for status, count in ((200, 3), (304, 9)):
            RequestHour.objects.create(**columns, hour=hour_of(now), status=status, count=count)
        RequestHour.objects.create(
            hour=hour_of(now), client="old", method="GET", route="api/lpu", status=401, code=BAD_CREDENTIALS, count=7,
            last_at=now - 2 * MINUTE,
        )  # fmt: skip
        rows = rows_of(shown())
        assert ["central", "GET api/schedule", written(now - 3 * MINUTE), "41"] in rows
        assert ["central", "12", "9 (75 %)"] in rows
        assert ["old", "7", written(now - 2 * MINUTE)] in rows

    def test_bookings_and_refusals_by_the_hour(self, shown, now):
        told = [(now, 409, "slot_taken", 2), (now, 201, "", 5), (now - 2 * HOUR, 422, "too_early", 4)]
        for when, status, code, count in told:
            RequestHour.objects.create(
                hour=hour_of(when), client="central", method="POST", route="api/appointments", status=status,
                code=code, count=count, last_at=when,
            )  # fmt: skip
        rows = rows_of(shown())
        hours = [f"{timezone.localtime(hour_of(when)):%d.%m %H:%M}" for when in (now, now - 2 * HOUR)]
        assert rows[rows.index([hours[0], "booked 5 , slot_taken 2"]) + 1] == [hours[1], "too_early 4"]

    def test_places_lost_to_others_come_first_among_the_refusals_and_stand_out(self, shown, now):
        for status, code, count in ((422, "too_early", 9), (409, "slot_taken", 1), (201, "", 5), (404, "not_found", 3)):
            RequestHour.objects.create(
                hour=hour_of(now), client="central", method="POST", route="api/appointments", status=status,
                code=code, count=count, last_at=now,
            )  # fmt: skip
        page = shown()
        assert re.findall(r"<code>(\w+)</code> \d", page) == ["booked", "slot_taken", "too_early", "not_found"]
        assert re.findall(r'class="nowrap off"><code>(\w+)<', page) == ["slot_taken"]
        rule = re.search(r"([^{}]*)\{ color: var\(--bad\); font-weight: 700; \}", STYLE.read_text())[1]
        assert "#outside .off," in rule
        assert "#outside .off code" in rule  # codes have a colour of their own

    def test_free_places_and_whoever_has_none(self, shown):
        doctor, empty = a_doctor(), a_doctor()
        a_slot(doctor, capacity=3)
        a_slot(doctor, hours=48, channels=[Source.REGISTRY])
        page = shown()
        assert [doctor.speciality.name, "3", "1"] in rows_of(page)
        assert [empty.speciality.name, "✕ 0", "1"] in rows_of(page)
        note = re.search(r'<p class="note warn">([^<]*)</p>', page)[1]
        assert empty.short_name in note
        assert doctor.short_name not in note
        horizon = re.search(rf"<p class=\"small note warn\">{re.escape(str(doctor.lpu))}: (.*?)</p>", page)[1]
        until = timezone.localtime(timezone.now() + 48 * HOUR, doctor.lpu.tz).date()
        assert date_format(until, "SHORT_DATE_FORMAT") in horizon
        assert re.search(r"\b2\b", horizon.replace(date_format(until, "SHORT_DATE_FORMAT"), ""))


def hour_of(moment):
    return moment.replace(minute=0, second=0, microsecond=0)


def test_what_an_attempt_was_answered_and_how_long_it_took(client, operator, card, now):
    request_id = uuid.uuid4()
    CardUpload.objects.filter(pk=card.pk).update(state="rejected", error_code="validation_error")
    history.keep([Exchange(card, Rejected("validation_error", "", "family"), now, 1234, 422, request_id)])
    rows = rows_of(client.get(f"/admin/patients/cardupload/{card.pk}/change/").content.decode())
    attempt = next(cells for cells in rows if str(request_id) in cells)
    assert attempt[0].endswith(f"{timezone.localtime(now):%H:%M:%S}")
    assert "(validation_error)" in attempt[1]
    assert attempt[2:4] == ["422", "1234"]
    at = f"{now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"
    for query in (f"card={card.pk}", "state=rejected&code=validation_error"):
        letter = client.get(f"{URL}letter/?{query}").content.decode()
        assert f"\n{at}; {request_id}; 422; rejected; validation_error; 1234 ms\n" in html.unescape(letter)
