"""Claims, the gate and the hints to the broker: the outbox without a MIP."""

import dataclasses
import datetime as dt
import logging
import uuid

import pytest
from django.utils import timezone

from lmis.actors import SYSTEM
from patients.exceptions import PauseNotSensible
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Accepted, Credentials, Fault, Later, Rejected
from patients.models import (
    CardUpload,
    ExchangeMark,
    ExchangePause,
    MipGate,
    Patient,
    UploadAttempt,
    UploadMinute,
)
from patients.services import gate, history, pauses, uploads
from tests.factories.patients import a_card
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def mip(settings):
    """A MIP is configured; nobody listens there."""
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip", "TIMEOUT": 2.0}


@pytest.fixture
def now():
    return timezone.now() + SECOND


def state(card):
    return CardUpload.objects.get(pk=card.pk).state


def set_upload(card, **columns):
    CardUpload.objects.filter(pk=card.pk).update(**columns)


def claim_of(card, now):
    claimed = uploads.claim(now=now, card_id=card.pk)
    assert claimed.cards == [card]
    return claimed


def claimed_now(now, **which):
    return uploads.claim(now=now, **which).cards


def record(claimed, outcome, now, card=None):
    """As if this had been answered."""
    sent = card or claimed.cards[0]
    exchange = Exchange(card=sent, outcome=outcome, at=now, milliseconds=7, status=200, request_id=uuid.uuid4())
    return uploads.record(claimed=claimed, exchanges=[exchange], now=now)


class TestClaiming:
    def test_a_waiting_card(self, card, now):
        claimed = claim_of(card, now)
        upload = CardUpload.objects.get(pk=card.pk)
        assert claimed.cards[0].version == card.version
        assert (upload.state, upload.claim, upload.attempts) == ("in_flight", claimed.claim, 1)
        assert upload.claimed_until > now + 2 * dt.timedelta(seconds=2.0)

    def test_nobody_claims_it_twice(self, card, now):
        claim_of(card, now)
        assert claimed_now(now, card_id=card.pk) == []
        assert claimed_now(now, limit=10) == []

    @pytest.mark.parametrize("state", ["accepted", "rejected", "duplicate"])
    def test_what_is_settled_is_not_sent(self, card, now, state):
        set_upload(card, state=state)
        assert claimed_now(now, card_id=card.pk) == []

    def test_what_is_not_due_yet_is_not_sent(self, card, now):
        set_upload(card, state="retry", due_at=now + SECOND)
        assert claimed_now(now, card_id=card.pk) == []
        assert claimed_now(now + SECOND, card_id=card.pk)

    def test_a_silent_senders_card_is_taken_over(self, card, now):
        first = claim_of(card, now)
        second = claim_of(card, now + uploads.claim_length())
        assert first.claim != second.claim
        assert CardUpload.objects.get(pk=card.pk).attempts == 2

    @pytest.mark.parametrize(("timeout", "seconds"), [(10.0, 36), (3.0, 15), (1.0, 10)])
    def test_how_long_a_silent_sender_keeps_it(self, card, now, settings, timeout, seconds):
        """As the operators' page says of the shipped timeout, the first."""
        settings.MIP = {**settings.MIP, "TIMEOUT": timeout}
        begun_by = claim_of(card, now).begun_by
        until = CardUpload.objects.get(pk=card.pk).claimed_until
        assert (begun_by - now, until - now) == (5 * SECOND, seconds * SECOND)

    def test_many_at_once_the_longest_due_first(self, lpu, now):
        cards = [a_card(lpu) for _ in range(3)]
        for minutes, card in enumerate(cards):
            set_upload(card, due_at=now - dt.timedelta(minutes=minutes))
        assert claimed_now(now, limit=2) == [cards[2], cards[1]]

    @pytest.mark.django_db(transaction=True)
    def test_statements(self, card, now):
        with statements() as found:
            claim_of(card, now)
        # gate, pause, settings, stuck, due (concerned, changed), lock, what others send, claim, card
        assert len(found) == 10, listed(found)


class TestRecording:
    def test_the_person_is_kept_and_asks_for_no_upload(self, card, now):
        claimed = claim_of(card, now)
        person = card.guid
        assert record(claimed, Accepted(card.version, person), now)
        card.refresh_from_db()
        assert (card.person_guid, card.version, state(card)) == (person, claimed.cards[0].version, "accepted")

    def test_a_claim_that_was_taken_over_writes_nothing(self, card, now):
        late = claim_of(card, now)
        claim_of(card, now + uploads.claim_length())
        before = CardUpload.objects.filter(pk=card.pk).values().get()
        assert not record(late, Accepted(card.version, card.guid), now)
        assert CardUpload.objects.filter(pk=card.pk).values().get() == before
        assert Patient.objects.get(pk=card.pk).person_guid is None

    def test_a_change_in_flight_is_sent_again(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(phone="1")
        record(claimed, Accepted(card.version), now)
        assert state(card) == "waiting"
        assert claim_of(card, now).cards[0].phone == "1"

    def test_a_rejected_card_changed_in_flight_is_sent_again(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(phone="1")
        record(claimed, Rejected("x"), now)
        assert state(card) == "waiting"

    def test_a_mip_with_more_is_risen_above(self, card, now):
        claimed = claim_of(card, now)
        record(claimed, Accepted(card.version + 500), now)
        assert Patient.objects.get(pk=card.pk).version == card.version + 501
        assert state(card) == "waiting"

    def test_a_card_that_has_risen_by_itself_is_just_sent_again(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(version=card.version + 900)
        record(claimed, Accepted(card.version + 500), now)
        assert Patient.objects.get(pk=card.pk).version == card.version + 900
        assert state(card) == "waiting"

    def test_a_text_of_the_mip_is_kept_and_not_logged(self, card, now, caplog):
        caplog.set_level(logging.DEBUG)
        outcome = Rejected("invalid", "Ёлкина Анна: неверный СНИЛС", "snils")
        record(claim_of(card, now), outcome, now)
        assert CardUpload.objects.get(pk=card.pk).error_text == "Ёлкина Анна: неверный СНИЛС"
        assert "Ёлкина" not in caplog.text

    def test_all_that_is_wrong_is_kept_until_the_card_is_mended(self, card, now):
        faults = (Fault("snils", "checksum", "Раз"), Fault("polis.number", "", "Два 'и' \"три\""))
        record(claim_of(card, now), Rejected("validation_error", "Раз", "snils", faults), now)
        assert CardUpload.objects.get(pk=card.pk).faults == [dataclasses.asdict(one) for one in faults]
        Patient.objects.filter(pk=card.pk).update(phone="1")
        assert CardUpload.objects.get(pk=card.pk).faults == []

    def test_an_answer_without_a_list_leaves_none_of_an_earlier_one(self, card, now):
        set_upload(card, faults=[{"field": "sex", "code": "", "text": ""}])
        record(claim_of(card, now), Rejected("x"), now)
        assert CardUpload.objects.get(pk=card.pk).faults == []

    @pytest.mark.django_db(transaction=True)
    def test_statements(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(person_guid=card.guid)
        with statements() as found:
            record(claimed, Accepted(card.version, card.guid), now)
        assert len(found) == 6, listed(found)  # card, upload, upload, attempt, minute, gate


class TestGate:
    def refuse(self, card, now, reason="unauthorized"):
        """Somebody sends the card and is refused; the moment at which the gate is due for a probe."""
        claimed = claim_of(card, now)
        record(claimed, Credentials(reason), now)
        return MipGate.objects.get().closed_until

    def test_a_refused_login_stops_everybody(self, lpu, card, now):
        other = a_card(lpu)
        self.refuse(card, now)
        assert claimed_now(now, card_id=other.pk) == []
        shut = MipGate.objects.get()
        assert (shut.reason, shut.since, shut.failures) == ("unauthorized", now, 1)

    def test_the_others_who_were_on_their_way_count_as_the_same_refusal(self, lpu, now):
        cards = [a_card(lpu) for _ in range(3)]
        for claimed in [claim_of(card, now) for card in cards]:
            record(claimed, Credentials("unauthorized"), now)
        assert MipGate.objects.get().failures == 1
        assert {state(card) for card in cards} == {"retry"}

    def test_then_one_goes_ahead_and_the_others_wait_for_it(self, lpu, card, now):
        other = a_card(lpu)
        due = self.refuse(card, now)
        probe = claim_of(card, due)
        assert probe.is_probe
        assert claimed_now(due, card_id=other.pk) == []

    def test_the_probe_gets_through_and_all_may_go(self, lpu, card, now):
        other = a_card(lpu)
        due = self.refuse(card, now)
        record(claim_of(card, due), Accepted(card.version), due)
        assert state(card) == "accepted"
        assert not claim_of(other, due).is_probe
        opened = MipGate.objects.get()
        assert (opened.closed_until, opened.since, opened.failures, opened.reason) == (None, None, 0, "")

    def test_a_rejected_probe_got_through_as_well(self, card, now):
        due = self.refuse(card, now)
        record(claim_of(card, due), Rejected("x"), due)
        assert gate.passage(now=due) is gate.Passage.FREE

    def test_a_refused_probe_makes_the_wait_longer(self, card, now):
        due = self.refuse(card, now)
        again = self.refuse(card, due, "forbidden")
        shut = MipGate.objects.get()
        assert again - due == 2 * (due - now)
        assert (shut.failures, shut.since, shut.reason) == (2, now, "forbidden")

    def test_a_probe_that_met_nobody_makes_the_wait_longer_too(self, card, now):
        due = self.refuse(card, now)
        record(claim_of(card, due), Later("timeout"), due)
        assert gate.passage(now=due) is gate.Passage.SHUT
        assert MipGate.objects.get().closed_until - due == 2 * (due - now)

    @pytest.mark.parametrize(("asked", "wait"), [(None, 60), (5.0, 60), (600.0, 600)])
    def test_what_a_mip_that_is_away_asks_for_is_kept(self, card, now, asked, wait):
        due = self.refuse(card, now)
        record(claim_of(card, due), Later("http_503", asked), due)
        assert MipGate.objects.get().closed_until - due == dt.timedelta(seconds=wait)

    def test_a_killed_probe_is_followed_by_another(self, card, now):
        due = self.refuse(card, now)
        claim_of(card, due)
        assert claim_of(card, due + uploads.claim_length()).is_probe

    def test_no_card_no_probe(self, card, now):
        due = self.refuse(card, now)
        set_upload(card, state="accepted")
        assert claimed_now(due, limit=5) == []
        assert gate.passage(now=due) is gate.Passage.PROBE

    @pytest.mark.parametrize("priority", [0, 1])
    def test_cards_that_always_fail_do_not_keep_it_shut_for_the_others(self, lpu, card, now, priority):
        bad = [a_card(lpu) for _ in range(3)]
        CardUpload.objects.filter(pk__in=[one.pk for one in bad]).update(priority=priority, attempts=gate.FRESH)
        due = self.refuse(bad[0], now)
        CardUpload.objects.filter(pk__in=[one.pk for one in bad]).update(due_at=now - 60 * SECOND)
        probe = uploads.claim(now=due, limit=100)
        assert (probe.cards, probe.is_probe) == ([card], True)
        record(probe, Accepted(card.version), due)
        assert gate.passage(now=due) is gate.Passage.FREE

    def test_where_all_fail_again_and_again_one_of_them_is_the_probe(self, card, now):
        due = self.refuse(card, now)
        set_upload(card, attempts=gate.FRESH)
        assert claim_of(card, due).is_probe

    def test_somebody_mended_the_password(self, card, now):
        self.refuse(card, now)
        assert gate.try_now(by=SYSTEM, now=now)
        assert claim_of(card, now).is_probe
        assert not gate.try_now(by=SYSTEM, now=now + dt.timedelta(hours=1))

    def test_it_is_said_once_and_names_nobody(self, card, now, caplog):
        self.refuse(card, now)
        (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert "unauthorized" in line.getMessage()
        assert str(card.guid) not in caplog.text


class TestOutage:
    def fail(self, cards, now, reason="http_503"):
        for card in cards:
            record(claim_of(card, now), Later(reason), now)

    def test_a_run_of_failures_shuts_the_gate_for_a_while(self, lpu, now):
        self.fail([a_card(lpu) for _ in range(gate.OUTAGE_AFTER - 1)], now)
        assert gate.passage(now=now) is gate.Passage.FREE
        self.fail([a_card(lpu)], now, "timeout")
        shut = MipGate.objects.get()
        assert (shut.kind, shut.reason, shut.since) == ("outage", "timeout", now)
        assert gate.passage(now=now) is gate.Passage.SHUT
        assert gate.passage(now=shut.closed_until) is gate.Passage.PROBE

    def test_one_answer_in_between_begins_the_count_anew(self, lpu, now):
        self.fail([a_card(lpu) for _ in range(gate.OUTAGE_AFTER - 1)], now)
        good = a_card(lpu)
        record(claim_of(good, now), Accepted(good.version), now)
        self.fail([a_card(lpu)], now)
        assert gate.passage(now=now) is gate.Passage.FREE

    def test_a_card_that_always_fails_shuts_nothing(self, card, now):
        for turn in range(3 * gate.OUTAGE_AFTER):
            moment = now + dt.timedelta(hours=2 * turn)
            record(claim_of(card, moment), Later("http_500"), moment)
        assert gate.passage(now=moment) is gate.Passage.FREE

    def test_few_cards_shut_it_after_a_minute_of_failures_only(self, lpu, now):
        cards = [a_card(lpu) for _ in range(gate.FRESH + 1)]
        self.fail(cards[:-1], now)
        self.fail(cards[-1:], now + gate.OUTAGE_LASTS - SECOND)
        assert gate.passage(now=now + gate.OUTAGE_LASTS) is gate.Passage.FREE
        later = now + gate.OUTAGE_LASTS
        self.fail([a_card(lpu)], later, "timeout")
        shut = MipGate.objects.get()
        assert (shut.kind, shut.since, gate.passage(now=later)) == ("outage", later, gate.Passage.SHUT)
        record(claim_of(cards[0], shut.closed_until), Accepted(cards[0].version), shut.closed_until)
        assert MipGate.objects.get().failing_since is None

    def test_one_that_got_through_begins_the_minute_anew(self, lpu, now):
        cards = [a_card(lpu) for _ in range(2 * gate.FRESH)]
        self.fail(cards[: gate.FRESH], now)
        good = a_card(lpu)
        record(claim_of(good, now), Accepted(good.version), now)
        later = now + 2 * gate.OUTAGE_LASTS
        self.fail(cards[gate.FRESH :], later)
        assert gate.passage(now=later) is gate.Passage.FREE

    def test_one_card_alone_never_shuts_it(self, card, now):
        for turn in range(9):
            moment = now + turn * dt.timedelta(hours=2)
            record(claim_of(card, moment), Later("http_500"), moment)
        assert gate.passage(now=moment) is gate.Passage.FREE

    def test_nor_does_one_card_that_is_mended_again_and_again(self, lpu, card, now):
        """Each mending makes its failures fresh ones; the other card is sent as if nothing were."""
        for turn in range(2 * gate.OUTAGE_AFTER):
            moment = now + turn * dt.timedelta(hours=2)
            set_upload(card, attempts=0)
            record(claim_of(card, moment), Later("http_500"), moment)
        assert MipGate.objects.get().streak == 1
        assert not claim_of(a_card(lpu), moment).is_probe

    def test_what_the_mip_asks_for_is_kept_by_all(self, lpu, card, now):
        record(claim_of(card, now), Later("http_429", 90.0), now)
        shut = MipGate.objects.get()
        assert (shut.kind, shut.closed_until) == ("throttled", now + dt.timedelta(seconds=90))
        assert claimed_now(now, card_id=a_card(lpu).pk) == []


class TestOrderAndPace:
    def test_those_whom_it_harms_go_first_and_existing_cards_last(self, lpu, now):
        backfill, changed, concerned = (a_card(lpu) for _ in range(3))
        set_upload(backfill, priority=2, due_at=now - dt.timedelta(days=9))
        set_upload(concerned, priority=0)
        assert claimed_now(now, limit=3) == [concerned, changed, backfill]

    def test_a_change_of_an_existing_card_brings_it_forward(self, card):
        set_upload(card, priority=2, state="accepted")
        Patient.objects.filter(pk=card.pk).update(phone="1")
        assert CardUpload.objects.get(pk=card.pk).priority == 1

    def test_a_pause_holds_all_back_until_it_ends_by_itself(self, card, now):
        pauses.pause(reason="работы в регионе", until=now + dt.timedelta(hours=1), by=SYSTEM, now=now)
        assert claimed_now(now, limit=5) == []
        assert claimed_now(now + dt.timedelta(hours=1), limit=5) == [card]

    def test_a_pause_is_ended_by_hand(self, card, now):
        pauses.pause(reason="x", until=now + dt.timedelta(hours=1), by=SYSTEM, now=now)
        assert pauses.resume(by=SYSTEM, now=now + SECOND)
        assert not pauses.resume(by=SYSTEM, now=now + SECOND)
        assert claimed_now(now + SECOND, limit=5) == [card]
        assert list(ExchangeMark.objects.order_by("pk").values_list("kind", flat=True)) == ["pause", "resume"]

    def test_a_new_pause_ends_the_old_one(self, now):
        for hours in (1, 2):
            pauses.pause(reason="x", until=now + dt.timedelta(hours=hours), by=SYSTEM, now=now)
        assert ExchangePause.objects.on(now).get().until == now + dt.timedelta(hours=2)
        assert ExchangePause.objects.count() == 2

    @pytest.mark.parametrize(("reason", "hours"), [("", 1), ("  ", 1), ("x", 0), ("x", -1), ("x", 24 * 7 + 1)])
    def test_a_pause_without_reason_or_end_is_refused(self, now, reason, hours):
        with pytest.raises(PauseNotSensible):
            pauses.pause(reason=reason, until=now + dt.timedelta(hours=hours), by=SYSTEM, now=now)
        assert not ExchangePause.objects.exists()

    def test_no_more_a_second_than_is_set(self, lpu, now):
        for _ in range(9):
            a_card(lpu)
        pauses.change_settings(rate=3, parallel=2, by=SYSTEM, now=now)
        first = uploads.claim(now=now, limit=100)
        assert (len(first.cards), first.parallel) == (3, 1)
        for card in first.cards:
            record(first, Accepted(card.version), now, card)
        assert claimed_now(now, limit=100) == []
        assert len(claimed_now(now + SECOND / 2, limit=100)) == 1
        assert len(claimed_now(now + 60 * SECOND, limit=100)) == 3

    def test_who_may_send_no_more_just_now_is_told_when(self, lpu, now):
        for _ in range(5):
            a_card(lpu)
        pauses.change_settings(rate=2, parallel=2, by=SYSTEM, now=now)
        first = uploads.claim(now=now, limit=100)
        assert (len(first.cards), first.again_in) == (2, 0.0)
        for card in first.cards:
            record(first, Accepted(card.version), now, card)
        waits = uploads.claim(now=now, limit=100)
        assert (waits.cards, waits.again_in) == ([], 0.5)
        assert len(claimed_now(now + dt.timedelta(seconds=waits.again_in), limit=100)) == 1

    def test_what_was_not_needed_of_the_rate_is_given_back(self, card, now):
        pauses.change_settings(rate=3, parallel=2, by=SYSTEM, now=now)
        assert claimed_now(now, limit=100) == [card]
        others = [a_card(card.lpu) for _ in range(3)]
        assert len(claimed_now(now, limit=100)) == len(others) - 1

    def test_without_a_mip_the_cards_wait(self, card, now, settings):
        settings.MIP = {**settings.MIP, "URL": ""}
        uploads.upload(card_id=card.pk)
        assert uploads.send_due(seconds=1) == 0
        assert state(card) == "waiting"


class TestNotNeeded:
    def test_a_card_that_leaves_before_it_was_sent(self, card):
        Patient.objects.filter(pk=card.pk).update(state="withdrawn")
        assert state(card) == "not_needed"

    def test_one_that_the_mip_knows_is_told(self, card, now):
        record(claim_of(card, now), Accepted(card.version), now)
        Patient.objects.filter(pk=card.pk).update(state="withdrawn")
        assert state(card) == "waiting"

    def test_one_that_may_be_on_its_way_is_told_as_well(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(state="withdrawn")
        assert state(card) == "in_flight"
        record(claimed, Accepted(card.version), now)
        assert state(card) == "waiting"


@pytest.mark.parametrize(
    ("settled", "before", "after"),
    [("waiting", 0, 0), ("retry", 0, 0), ("waiting", 2, 1), ("accepted", 0, 1), ("rejected", 0, 1), ("accepted", 2, 1)],
)
def test_the_hurry_of_a_card_ends_with_its_sending(card, settled, before, after):
    """Else whoever once had an appointment would for ever go before those who have one these days."""
    set_upload(card, state=settled, priority=before)
    card.address = "Другая улица, 7"
    card.save()
    upload = CardUpload.objects.get(pk=card.pk)
    assert (upload.state, upload.priority) == ("waiting", after)


class TestHistory:
    def test_each_attempt_is_kept_and_counted(self, card, now):
        record(claim_of(card, now), Later("timeout"), now)
        record(claim_of(card, now + dt.timedelta(hours=2)), Accepted(card.version), now + dt.timedelta(hours=2))
        attempts = UploadAttempt.objects.filter(card_id=card.pk).order_by("at")
        assert [(one.outcome, one.code, one.version) for one in attempts] == [
            ("later", "timeout", card.version),
            ("accepted", "", card.version),
        ]
        assert list(UploadMinute.objects.order_by("minute").values_list("outcome", "count", "le_100")) == [
            ("later", 1, 1),
            ("accepted", 1, 1),
        ]

    def test_partitions_come_and_go(self, card, now, settings):
        settings.MIP = {**settings.MIP, "HISTORY_DAYS": 3}
        made = history.look_ahead(now=now)
        assert len(made) == history.AHEAD + 1
        assert history.look_ahead(now=now) == []
        record(claim_of(card, now), Accepted(card.version), now)
        assert history.prune(now=now) == []
        assert len(history.prune(now=now + dt.timedelta(days=4))) == 2
        assert UploadAttempt.objects.exists() is False

    def test_days_without_a_partition_are_kept_all_the_same(self, card, now, settings):
        record(claim_of(card, now), Accepted(card.version), now)
        assert UploadAttempt.objects.filter(card_id=card.pk).count() == 1
        assert len(history.look_ahead(now=now)) == history.AHEAD  # today's went to the default partition
        days = settings.MIP["HISTORY_DAYS"]
        history.prune(now=now + dt.timedelta(days=days))
        assert UploadAttempt.objects.filter(card_id=card.pk).count() == 1
        history.prune(now=now + dt.timedelta(days=days + 1))
        assert UploadAttempt.objects.filter(card_id=card.pk).count() == 0


class TestSendingAgain:
    @pytest.mark.parametrize("settled", ["accepted", "rejected", "duplicate", "retry"])
    def test_whatever_came_of_it(self, card, now, settled):
        set_upload(
            card, state=settled, due_at=now + SECOND, error_code="x", error_text="y", error_field="z", attempts=9
        )
        assert uploads.send_again(cards=[card.pk], by=SYSTEM, now=now) == 1
        upload = CardUpload.objects.get(pk=card.pk)
        assert (upload.state, upload.due_at, upload.attempts) == ("waiting", now, 0)
        assert upload.error_code == upload.error_text == upload.error_field == ""

    def test_not_what_is_on_its_way(self, card, now):
        claimed = claim_of(card, now)
        assert uploads.send_again(cards=[card.pk], by=SYSTEM, now=now) == 0
        assert record(claimed, Accepted(card.version), now)

    def test_but_what_a_silent_sender_holds(self, card, now):
        claimed = claim_of(card, now)
        later = now + uploads.claim_length()
        assert uploads.send_again(cards=[card.pk], by=SYSTEM, now=later) == 1
        assert not record(claimed, Accepted(card.version), later)


class TestClocks:
    """A card was written while a clock was ahead: the machine's, which is set back then, or the database's."""

    def test_new_cards_do_not_wait_until_it_is_as_late_again(self, lpu, now, monkeypatch):
        monkeypatch.setattr(uploads, "_PULLED", 2)
        cards = [a_card(lpu) for _ in range(5)]
        CardUpload.objects.update(due_at=now + dt.timedelta(hours=3))
        set_upload(cards[0], priority=0)
        set_upload(cards[1], priority=2, attempts=1)  # let go by a sender whose time was over
        set_upload(cards[2], due_at=now + SECOND)
        assert claimed_now(now, limit=9) == []
        assert uploads.pull_forward(now=now) == 5
        assert {card.pk for card in claimed_now(now, limit=9)} == {card.pk for card in cards}

    def test_what_was_told_to_wait_waits(self, lpu, now):
        retried, there_ahead, sent, settled = [a_card(lpu) for _ in range(4)]
        CardUpload.objects.update(due_at=now + dt.timedelta(minutes=59))
        set_upload(retried, state="retry", attempts=1, due_at=now + dt.timedelta(days=1))
        set_upload(there_ahead, attempts=2)
        claimed = {"state": "in_flight", "claim": uuid.uuid4(), "claimed_until": now}
        set_upload(sent, **claimed)
        set_upload(settled, state="accepted")
        before = list(CardUpload.objects.order_by("pk").values())
        with statements() as found:
            assert uploads.pull_forward(now=now) == 0
        assert len(found) == 1, listed(found)
        assert list(CardUpload.objects.order_by("pk").values()) == before
        set_upload(there_ahead, due_at=now + dt.timedelta(minutes=61))  # longer than any wait of ours
        assert uploads.pull_forward(now=now) == 1
        assert claimed_now(now, limit=9) == [sent, there_ahead]
