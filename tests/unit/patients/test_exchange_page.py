"""The operators' page: what it shows, to whom, and from how many statements."""

import csv
import datetime as dt
import re
import uuid

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.models import AccessRecord, Alarm, Heartbeat
from lmis.services import access, alarms
from patients.models import (
    Backfill,
    CardUpload,
    ExchangeFigures,
    ExchangeMark,
    ExchangePause,
    ExchangeSettings,
    MipGate,
    Patient,
    UploadMinute,
)
from patients.services import backfill, exchange_charts, exchange_page, exchange_words, figures, resending
from tests.factories.patients import a_card
from tests.factories.staff import an_employee
from tests.scrape import scrape
from tests.statements import listed, statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mip_away")]
MINUTE = dt.timedelta(minutes=1)
URL = "/admin/exchange/"


@pytest.fixture
def now():
    return timezone.now()


def set_upload(card, **columns):
    CardUpload.objects.filter(pk=card.pk).update(**columns)


def rejected(lpu, code="validation_error", **columns):
    """A refused card."""
    card = a_card(lpu)
    card.refresh_from_db()  # the trigger has numbered it
    text = f"Фамилия {card.family} не из букв"
    set_upload(card, state="rejected", error_code=code, error_field="family", error_text=text, **columns)
    return card


def text_of(response):
    return response.content.decode()


def since_of(response):
    return re.search(r"since=([\w-]+)", text_of(response))[1]


def act(client, verb, **given):
    return client.post(f"{URL}act/{verb}/", given, headers={"HX-Request": "true"})


class TestFigures:
    def test_counts_by_state_and_reason(self, lpu, now):
        a_card(lpu)
        rejected(lpu)
        rejected(lpu)
        rejected(lpu, code="lpu_mismatch")
        assert figures.keep(now=now)
        kept = figures.read()
        assert sorted(kept.reasons) == [
            ["rejected", "lpu_mismatch", 1],
            ["rejected", "validation_error", 2],
            ["waiting", "", 1],
        ]

    def test_of_too_many_codes_the_rest_stands_together(self, client, operator, lpu, now, monkeypatch):
        """A MIP that writes a code of its own for each card: each is still counted, on the page and in the metrics."""
        monkeypatch.setattr(figures, "_MOST", 7)
        for number in range(12):
            rejected(lpu, code=f"ERR-{number:02d}")
        for number in range(3):
            set_upload(a_card(lpu), state="retry", error_code=f"http_50{number}")
        set_upload(a_card(lpu), state="accepted")
        figures.keep(now=now)
        rows = {row.state: row for row in exchange_page.states_of(figures.read())}
        assert {state: row.cards for state, row in rows.items()} == {"rejected": 12, "retry": 3, "accepted": 1}
        by_code = {one.code: one.cards for one in rows["rejected"].reasons}
        assert by_code == {"ERR-00": 1, "ERR-01": 1, "ERR-02": 1, "other": 9}
        assert scrape()["lmis_uploads", "rejected"] == 12
        page = text_of(client.get(URL))
        assert "again-rejected-ERR-00" in page
        assert "again-rejected-other" not in page, "nobody is in a state with that code"
        with statements() as found:
            figures.by_reason(CardUpload.objects.all())
        assert len(found) == 1, listed(found)

    def test_not_again_before_its_time(self, lpu, now):
        assert figures.keep(now=now)
        assert not figures.keep(now=now + dt.timedelta(seconds=4))
        assert figures.keep(now=now + dt.timedelta(seconds=6))

    def test_a_clock_that_is_set_back_does_not_keep_the_counts_of_later(self, lpu, now):
        ahead = now + dt.timedelta(hours=3)
        CardUpload.objects.filter(pk=a_card(lpu).pk).update(wanted_since=ahead)
        figures.keep(now=ahead)
        shown = exchange_page.read(now=now)
        assert shown.is_counted_late
        assert shown.age == dt.timedelta()
        assert figures.keep(now=now)
        assert not exchange_page.read(now=now).is_counted_late
        assert not figures.keep(now=now - dt.timedelta(seconds=50))  # on a machine whose clock is somewhat behind

    def test_a_slow_count_is_seldom(self, lpu, now):
        figures.keep(now=now)
        ExchangeFigures.objects.update(took_ms=1000)
        assert not figures.keep(now=now + dt.timedelta(seconds=19))
        assert figures.keep(now=now + dt.timedelta(seconds=21))

    def test_the_oldest_unsent_is_a_change_that_the_mip_does_not_have(self, lpu, now):
        new, old, resent, existing = (a_card(lpu) for _number in range(4))
        for card, hours in ((new, 1), (old, 2), (resent, 3), (existing, 4)):
            CardUpload.objects.filter(pk=card.pk).update(wanted_since=now - dt.timedelta(hours=hours))
        set_upload(resent, accepted_version=resent.version)
        set_upload(existing, priority=2)
        oldest = figures.oldest_unsent()
        assert (oldest.pk, oldest.since) == (old.pk, now - dt.timedelta(hours=2))

    def test_refused_cards_do_not_make_the_oldest(self, lpu):
        rejected(lpu)
        assert figures.oldest_unsent() is None


class TestCharts:
    def test_accepted_and_errors_a_minute(self, now):
        minute = now.replace(second=0, microsecond=0)
        for outcome, code, count in (("accepted", "", 30), ("later", "timeout", 4), ("rejected", "x", 2)):
            UploadMinute.objects.create(minute=minute - 5 * MINUTE, outcome=outcome, code=code, count=count)
        UploadMinute.objects.create(minute=minute - 300 * MINUTE, outcome="accepted", code="", count=60)
        hour, day = exchange_charts.read(now=now)
        assert (len(hour.points), len(day.points)) == (60, 96)
        assert (hour.points[-6].accepted, hour.points[-6].errors) == (30, 6)
        assert (hour.accepted, hour.errors, day.accepted, day.errors) == (30, 6, 90, 6)
        assert hour.most_accepted == 30
        assert max(point.accepted for point in day.points) == 4  # 60 in a quarter of an hour

    def test_marks_stand_where_they_happened(self, now):
        ExchangeMark.objects.create(at=now - 30 * MINUTE, kind="pause", text="работы", by="olga")
        ExchangeMark.objects.create(at=now - 600 * MINUTE, kind="gate_shut", text="timeout", by="system")
        hour, day = exchange_charts.read(now=now)
        assert [mark.sign for mark in hour.marks] == ["‖"]
        assert {mark.sign for mark in day.marks} == {"‖", "✕"}
        assert 280 < hour.marks[0].x < 320

    def test_without_anything_it_is_flat(self, now):
        hour, _day = exchange_charts.read(now=now)
        assert {(point.accepted_h, point.errors_h) for point in hour.points} == {(0, 0)}


class TestPage:
    def test_what_leads(self, client, operator, lpu, now):
        card = rejected(lpu)
        figures.keep(now=now)
        Heartbeat.objects.create(name="w1", kind="worker", host="h", pid=1, queues=["mip"], started_at=now, seen_at=now)
        page = text_of(client.get(URL))
        assert "validation_error" in page
        assert card.family not in page
        assert "show-rejected-validation_error" in page

    def test_without_the_mips_address_the_way_is_not_open(self, client, operator, settings):
        assert "MIP_URL" not in text_of(client.get(URL))
        settings.MIP = {**settings.MIP, "URL": ""}
        assert re.search(
            r'<div class="tile bad"><span class="label">[^<]+</span>\s+<strong>[^<]+</strong>.{,99}MIP_URL',
            text_of(client.get(URL)),
        )

    def test_names_are_shown_to_nobody_who_may_not_see_cards(self, client, operator, lpu):
        card = rejected(lpu)
        page = text_of(client.get(f"{URL}cards/?state=rejected&code=validation_error"))
        assert card.card_number in page
        assert str(card.guid) in page
        assert card.family not in page

    def test_whoever_may_see_the_card_reads_what_the_mip_wrote(self, client, lpu):
        card = rejected(lpu)
        client.force_login(an_employee("administrator"))
        assert card.family in text_of(client.get(f"{URL}cards/?state=rejected&code=validation_error"))

    def test_who_reads_what_the_mip_wrote_is_written_down(self, client, lpu):
        read, wordless, other = rejected(lpu), rejected(lpu), rejected(lpu, code="lpu_mismatch")
        set_upload(wordless, error_text="")
        address = f"{URL}cards/?state=rejected&code=validation_error"
        for group, noted in (("operator", []), ("administrator", [read.guid])):
            user = an_employee(group)
            client.force_login(user)
            client.get(address)
            records = AccessRecord.objects.filter(user=user)
            assert [one.card for one in records] == noted
        assert {(one.what, one.screen) for one in AccessRecord.objects.all()} == {("found", "exchange")}
        assert other.guid not in AccessRecord.objects.values_list("card", flat=True)

    def test_what_cannot_be_written_down_is_not_read(self, client, lpu, monkeypatch):
        def fail(**_known):
            raise RuntimeError

        card = rejected(lpu)
        monkeypatch.setattr(access, "note", fail)
        client.force_login(an_employee("administrator"))
        client.raise_request_exception = False
        response = client.get(f"{URL}cards/?state=rejected&code=validation_error")
        assert response.status_code == 500
        assert card.family not in text_of(response)

    def test_writing_it_down_takes_one_statement(self, client, lpu):
        address = f"{URL}cards/?state=rejected&code=validation_error"
        for _number in range(3):
            rejected(lpu)
        counts = []
        for group in ("operator", "administrator"):
            client.force_login(an_employee(group))
            with statements() as found:
                client.get(address, headers={"HX-Request": "true"})
            counts.append(len(found))
        # session, user, rights of the user and of the groups, cards; the record
        assert counts == [5, 6], listed(found)

    def test_the_list_of_uploads_hides_it_too(self, client, operator, lpu):
        card = rejected(lpu)
        assert card.family not in text_of(client.get(f"/admin/patients/cardupload/{card.pk}/change/"))

    def test_all_that_is_wrong_is_listed_and_what_the_mip_wrote_only_for_some(self, client, operator, lpu):
        faults = [{"field": name, "code": "bad", "text": f"Плохо: {name}"} for name in ("sex", "snils")]
        card = rejected(lpu, faults=faults)
        addresses = [
            f"{URL}cards/?state=rejected&code=validation_error",
            f"/admin/patients/cardupload/{card.pk}/change/",
        ]
        for group, reads in (("operator", False), ("administrator", True)):
            client.force_login(an_employee(group))
            for address in addresses:
                shown = text_of(client.get(address))
                for name in ("sex", "snils"):
                    assert str(exchange_words.field_of(name)) in shown
                    assert (f"Плохо: {name}" in shown) == reads

    def test_a_code_that_is_no_name_is_not_shown(self, client, operator, lpu, now):
        rejected(lpu, code="Иванов Иван")
        figures.keep(now=now)
        assert "Иванов" not in text_of(client.get(URL))

    @pytest.mark.parametrize("query", ["state=accepted&code=", "state=nonsense", "state=rejected&code=Иванов"])
    def test_what_is_not_listed_is_not_there(self, client, operator, query):
        assert client.get(f"{URL}cards/?{query}").status_code == 404

    def test_cards_come_in_pages(self, client, operator, lpu, monkeypatch):
        monkeypatch.setattr("patients.screens.exchange_cards.SHOWN", 2)
        cards = [rejected(lpu) for _number in range(3)]
        first = text_of(client.get(f"{URL}cards/?state=rejected&code=validation_error"))
        assert cards[2].card_number not in first
        after = re.search(r"after=(\d+)", first)[1]
        second = text_of(client.get(f"{URL}cards/?state=rejected&code=validation_error&after={after}"))
        assert cards[2].card_number in second
        assert cards[0].card_number not in second

    def test_the_gate_and_its_reason(self, client, operator, now):
        MipGate.objects.create(kind="credentials", reason="unauthorized", closed_until=now + MINUTE, since=now)
        page = text_of(client.get(URL))
        assert 'id="try"' in page

    def test_an_alarm_is_a_note_with_its_buttons(self, client, operator, now):
        alarm = Alarm.objects.create(name="forgotten_pause", since=now, facts={"who": "olga", "hours": 2})
        page = text_of(client.get(URL))
        assert f"ack-{alarm.pk}" in page
        assert "olga" in page

    def test_when_nobody_watches_it_says_so(self, client, operator, now, monkeypatch):
        monkeypatch.setattr(alarms, "CHECKS", {})
        assert 'class="note bad"' in text_of(client.get(URL))
        alarms.look(now=now)
        assert 'class="note bad"' not in text_of(client.get(URL))

    def test_statements(self, client, operator, lpu, now):
        for _number in range(3):
            rejected(lpu)
        Backfill.objects.create(started_at=now, started_by="olga", total=3, last=9)
        MipGate.objects.create()
        figures.keep(now=now)
        client.get(URL)
        with statements() as found:
            client.get(URL)
        # session, user, rights of the user and of the groups; figures, gate, pause, settings, signs of life, minutes,
        # marks, quiet, alarms, round, backfill with pause and gate, reconciliations; LPUs, settings of the form
        assert len(found) == 20, listed(found)

    def test_lists_take_the_same_however_long(self, client, operator, lpu):
        addresses = [f"{URL}cards/?state=rejected&code=validation_error", f"{URL}outside/", f"{URL}table/"]
        rejected(lpu)
        counts = []
        for _turn in range(2):
            for address in addresses:
                client.get(address)
                with statements() as found:
                    assert client.get(address).status_code == 200
                counts.append(len(found))
            for _number in range(3):
                rejected(lpu)
        assert counts[:3] == counts[3:]


class TestNotices:
    """A card was merged or withdrawn, and the MIP refuses the news: no registrar sees it."""

    @pytest.fixture
    def gone(self, lpu, now):
        card = rejected(lpu, last_attempt_at=now)
        Patient.objects.filter(pk=card.pk).update(state="withdrawn")
        set_upload(card, state="rejected", error_code="validation_error")
        return card

    def test_they_are_counted_and_say_what_to_do(self, client, operator, lpu, gone, now):
        rejected(lpu)
        figures.keep(now=now)
        rows = {row.state: row for row in exchange_page.states_of(figures.read())}
        assert (rows["rejected"].cards, rows["notices"].cards) == (2, 1)
        assert [reason.code for reason in rows["notices"].reasons] == ["validation_error"]
        page = text_of(client.get(URL))
        assert "show-notices-validation_error" in page
        assert "again-notices-validation_error" in page
        assert str(exchange_words.to_do("notices")) in page

    def test_without_any_there_is_no_row(self, client, operator, lpu, now):
        rejected(lpu)
        figures.keep(now=now)
        assert "notices" not in text_of(client.get(URL))

    def test_the_list_has_them_alone_with_their_state(self, client, operator, lpu, gone):
        other = rejected(lpu)
        shown = text_of(client.get(f"{URL}cards/?state=notices&code=validation_error"))
        assert str(gone.guid) in shown
        assert f'class="chip">{Patient.State.WITHDRAWN.label}<' in shown
        assert f"one-{gone.pk}" in shown
        assert str(other.guid) not in shown

    def test_they_are_sent_again_together(self, client, operator, lpu, gone):
        other = rejected(lpu)
        act(client, "again_all", state="notices", code="validation_error")
        states = dict(CardUpload.objects.values_list("pk", "state"))
        assert states == {gone.pk: "waiting", other.pk: "rejected"}

    def test_many_are_sent_again_piece_by_piece(self, lpu, gone, now, monkeypatch):
        monkeypatch.setattr(resending, "AT_ONCE", 1)
        second = rejected(lpu, last_attempt_at=now)
        Patient.objects.filter(pk=second.pk).update(state="withdrawn")
        set_upload(second, state="duplicate", error_code="validation_error")
        for _turn in range(2):
            done = resending.all_of(state="notices", code="validation_error", by=SYSTEM, now=now)
            assert (done.cards, done.later) == (1, False)
        assert not CardUpload.objects.refused().exists()
        assert not Backfill.objects.exists()

    def test_a_letter_to_the_region(self, client, operator, lpu, gone, now):
        figures.keep(now=now)
        letter = text_of(client.get(f"{URL}letter/?state=notices&code=validation_error"))
        assert str(exchange_words.reason_of("validation_error")) in letter


class TestPolling:
    def test_204_while_nothing_changes(self, client, operator):
        since = since_of(client.get(URL))
        assert client.get(f"{URL}changes/?since={since}").status_code == 204

    def test_only_the_part_that_changed(self, client, operator, lpu, now):
        figures.keep(now=now)
        since = since_of(client.get(URL))
        rejected(lpu)
        figures.keep(now=now + MINUTE)
        answer = client.get(f"{URL}changes/?since={since}")
        assert answer.status_code == 200
        assert 'id="part-states"' in text_of(answer)
        assert 'id="part-charts"' not in text_of(answer)
        assert client.get(f"{URL}changes/?since={since_of(answer)}").status_code == 204

    def test_nonsense_asks_for_everything(self, client, operator):
        assert client.get(f"{URL}changes/?since=nonsense").status_code == 200


class TestActs:
    def test_pause_and_resume(self, client, operator):
        assert act(client, "pause", reason="Работы в регионе", minutes="60").status_code == 200
        pause = ExchangePause.objects.get()
        assert (pause.reason, pause.started_by) == ("Работы в регионе", operator.username)
        act(client, "resume")
        pause.refresh_from_db()
        assert pause.ended_by == operator.username
        models = set(LogEntry.objects.filter(actor=operator).values_list("content_type__model", flat=True))
        assert models == {"exchangepause"}

    @pytest.mark.parametrize("given", [{"reason": "", "minutes": "60"}, {"reason": "x", "minutes": "999999"}])
    def test_a_pause_without_reason_or_end_is_refused(self, client, operator, given):
        assert "error" in act(client, "pause", **given)["HX-Trigger"]
        assert not ExchangePause.objects.exists()

    def test_the_pace_is_set_journalled_and_marked(self, client, operator):
        act(client, "pace", rate="50", parallel="4")
        row = ExchangeSettings.objects.get()
        assert (row.rate, row.parallel, row.changed_by) == (50, 4, operator.username)
        assert ExchangeMark.objects.filter(kind="settings", by=operator.username).exists()
        assert LogEntry.objects.get(actor=operator).changes["rate"] == ["", "50"]

    @pytest.mark.parametrize("given", [{"rate": "0", "parallel": "4"}, {"rate": "", "parallel": "65"}])
    def test_a_pace_beyond_reason_is_refused(self, client, operator, given):
        assert "error" in act(client, "pace", **given)["HX-Trigger"]
        assert not ExchangeMark.objects.exists()

    def test_one_card_again(self, client, operator, lpu):
        card = rejected(lpu)
        act(client, "again", card=card.pk)
        assert CardUpload.objects.get(pk=card.pk).state == "waiting"
        assert LogEntry.objects.filter(actor=operator, object_id=card.pk).exists()

    def test_all_with_a_reason_again_and_no_others(self, client, operator, lpu):
        these, other = [rejected(lpu), rejected(lpu)], rejected(lpu, code="lpu_mismatch")
        act(client, "again_all", state="rejected", code="validation_error")
        assert {CardUpload.objects.get(pk=card.pk).state for card in these} == {"waiting"}
        assert CardUpload.objects.get(pk=other.pk).state == "rejected"
        assert ExchangeMark.objects.get(kind="again", by=operator.username).text == "validation_error: 2"

    def test_many_go_bit_by_bit(self, client, operator, lpu, monkeypatch):
        monkeypatch.setattr(resending, "AT_ONCE", 2)
        for _number in range(3):
            rejected(lpu)
        act(client, "again_all", state="rejected", code="validation_error")
        asked = Backfill.objects.get()
        assert (asked.state, asked.error_code, asked.total) == ("rejected", "validation_error", 3)
        assert "error" in act(client, "again_all", state="rejected", code="validation_error")["HX-Trigger"]

    def test_accepted_cards_are_not_sent_again_so(self, client, operator, card):
        set_upload(card, state="accepted")
        assert "error" in act(client, "again_all", state="accepted", code="")["HX-Trigger"]
        assert CardUpload.objects.get(pk=card.pk).state == "accepted"

    def test_backfill_is_started_and_stopped(self, client, operator, lpu):
        a_card(lpu)
        act(client, "backfill", state="", since="")
        assert Backfill.objects.get().started_by == operator.username
        act(client, "backfill_stop")
        assert Backfill.objects.get().stopped_by == operator.username

    def test_backfill_goes_on_where_it_was_stopped(self, client, operator, lpu, monkeypatch):
        cards = [a_card(lpu) for _ in range(3)]
        set_upload(cards[0], state="accepted")
        monkeypatch.setattr(backfill, "ROOM", 1)
        assert 'id="backfill-resume"' not in client.get(URL).content.decode()
        act(client, "backfill", state="", since="")
        backfill.work(now=timezone.now())
        assert 'id="backfill-resume"' not in client.get(URL).content.decode()
        act(client, "backfill_stop")
        assert 'id="backfill-resume"' in client.get(URL).content.decode()
        act(client, "backfill_resume")
        again = Backfill.objects.get(ended_at=None)
        assert (again.total, again.cursor, again.started_by) == (2, cards[0].pk, operator.username)
        act(client, "backfill_stop")
        Backfill.objects.filter(pk=again.pk).update(cursor=again.last)
        assert 'id="backfill-resume"' not in client.get(URL).content.decode()
        act(client, "backfill_resume")
        assert Backfill.objects.count() == 2

    def test_a_slip_in_the_year_changes_nothing(self, client, operator, lpu):
        """Python could not read that moment back from the database, nor show any page on which it stands."""
        assert "error" in act(client, "backfill", state="", since="0001-01-01")["HX-Trigger"]
        assert not Backfill.objects.exists()

    def test_what_is_sent_anew_stands_in_the_journal(self, client, operator, lpu):
        rejected(lpu)
        act(client, "again_all", state="rejected", code="validation_error")
        act(client, "backfill", state="", since="")
        act(client, "backfill_stop")
        told = LogEntry.objects.filter(actor=operator).order_by("pk").values_list("content_type__model", "action")
        assert list(told) == [("exchangemark", 0), ("backfill", 0), ("backfill", 1)]

    def test_the_gate_is_tried_at_once(self, client, operator, now):
        MipGate.objects.create(kind="outage", reason="timeout", closed_until=now + 60 * MINUTE, since=now)
        act(client, "try")
        assert MipGate.objects.get().closed_until <= timezone.now()

    def test_acknowledged_and_quiet(self, client, operator, now):
        alarm = Alarm.objects.create(name="no_beat", since=now)
        act(client, "acknowledge", alarm=alarm.pk)
        act(client, "quiet", name="no_beat", hours="4")
        alarm.refresh_from_db()
        assert alarm.acknowledged_by == operator.username
        assert alarms.quiet_until(now)["no_beat"] > now + 230 * MINUTE
        act(client, "quiet", name="no_beat", hours="0")
        assert not alarms.quiet_until(timezone.now())

    def test_an_unknown_act_is_not_there(self, client, operator):
        assert act(client, "explode").status_code == 404

    @pytest.mark.parametrize("verb", ["again", "acknowledge"])
    def test_a_number_that_is_none(self, client, operator, verb):
        assert act(client, verb, card="x", alarm="x").status_code == 404

    def test_a_card_that_is_none(self, client, operator):
        assert act(client, "again", card=4242).status_code == 404
        assert client.get("/admin/exchange/letter/?card=4242").status_code == 404

    def test_who_only_watches_changes_nothing(self, client, now):
        from django.contrib.auth.models import Permission

        user = an_employee()
        user.user_permissions.add(Permission.objects.get(codename="watch_exchange"))
        client.force_login(user)
        page = text_of(client.get(URL))
        assert "pause-dialog" not in page
        assert act(client, "pause", reason="x", minutes="60").status_code == 403
        assert not ExchangePause.objects.exists()


def test_letters_and_files_name_nobody(client, operator, lpu, now):
    from patients.mip.exchange import Exchange
    from patients.mip.outcomes import Rejected
    from patients.services import history

    card = rejected(lpu)
    request_id = uuid.uuid4()
    answer = Rejected("validation_error", f"{card.family}!", "family")
    history.keep([Exchange(card, answer, now, 12, 422, request_id)])
    figures.keep(now=now)
    letters = [
        text_of(client.get(f"{URL}letter/?card={card.pk}")),
        text_of(client.get(f"{URL}letter/?state=rejected&code=validation_error")),
    ]
    for letter in letters:
        assert str(request_id) in letter
        assert "422" in letter
        assert card.family not in letter
        assert card.card_number not in letter
    history_of_it = text_of(client.get(f"/admin/patients/cardupload/{card.pk}/change/"))
    assert str(request_id) in history_of_it
    assert card.family not in history_of_it
    file = client.get(f"{URL}rejections/").getvalue().decode("utf-8-sig")
    assert card.card_number in file
    assert card.family not in file


def test_the_file_is_safe_in_a_spreadsheet(client, operator, lpu):
    card = rejected(lpu)
    type(card).objects.filter(pk=card.pk).update(card_number="=cmd|1")
    set_upload(card, state="rejected", error_code="validation_error", error_field="=HYPERLINK(1)")
    file = client.get(f"{URL}rejections/").getvalue().decode("utf-8-sig")
    assert "'=cmd|1" in file
    assert "HYPERLINK" not in file


def test_the_file_names_all_fields_once_in_the_mips_order(client, operator, lpu):
    told = [("snils", ""), ("sex", ""), ("snils", "")]
    rejected(lpu, faults=[{"field": field, "code": code, "text": "Иванову плохо"} for field, code in told])
    header, row = client.get(f"{URL}rejections/").getvalue().decode("utf-8-sig").splitlines()
    fields = dict(zip(header.split(";"), csv.reader([row], delimiter=";").__next__(), strict=True))
    named = [str(exchange_words.field_of(field)) for field in ("snils", "sex")]
    assert "; ".join(named) in fields.values()
    assert "Иванову" not in row
