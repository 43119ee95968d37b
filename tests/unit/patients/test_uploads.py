"""Claims, the gate and the hints to the broker: the outbox without a MIP."""

import datetime as dt
import logging

import pytest
from django.utils import timezone

from lmis.actors import SYSTEM
from patients.mip.outcomes import Accepted, Credentials, Later, Rejected
from patients.models import CardUpload, MipGate, Patient
from patients.services import gate, hints, uploads
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
    (claimed,) = uploads.claim(now=now, card_id=card.pk)
    return claimed


class TestClaiming:
    def test_a_waiting_card(self, card, now):
        claimed = claim_of(card, now)
        upload = CardUpload.objects.get(pk=card.pk)
        assert (claimed.card, claimed.card.version) == (card, card.version)
        assert (upload.state, upload.claim, upload.attempts) == ("in_flight", claimed.claim, 1)
        assert upload.claimed_until > now + 2 * dt.timedelta(seconds=2.0)

    def test_nobody_claims_it_twice(self, card, now):
        claim_of(card, now)
        assert uploads.claim(now=now, card_id=card.pk) == []
        assert uploads.claim(now=now, limit=10) == []

    @pytest.mark.parametrize("state", ["accepted", "rejected", "duplicate"])
    def test_what_is_settled_is_not_sent(self, card, now, state):
        set_upload(card, state=state)
        assert uploads.claim(now=now, card_id=card.pk) == []

    def test_what_is_not_due_yet_is_not_sent(self, card, now):
        set_upload(card, state="retry", due_at=now + SECOND)
        assert uploads.claim(now=now, card_id=card.pk) == []
        assert uploads.claim(now=now + SECOND, card_id=card.pk)

    def test_a_silent_senders_card_is_taken_over(self, card, now):
        first = claim_of(card, now)
        second = claim_of(card, now + uploads.claim_length())
        assert first.claim != second.claim
        assert CardUpload.objects.get(pk=card.pk).attempts == 2

    def test_many_at_once_the_longest_due_first(self, lpu, now):
        cards = [a_card(lpu) for _ in range(3)]
        for minutes, card in enumerate(cards):
            set_upload(card, due_at=now - dt.timedelta(minutes=minutes))
        assert [c.card for c in uploads.claim(now=now, limit=2)] == [cards[2], cards[1]]

    @pytest.mark.django_db(transaction=True)
    def test_statements(self, card, now):
        with statements() as found:
            claim_of(card, now)
        assert len(found) == 5, listed(found)  # gate, stuck, due, claim, card


class TestRecording:
    def test_the_person_is_kept_and_asks_for_no_upload(self, card, now):
        claimed = claim_of(card, now)
        person = card.guid
        assert uploads.record(claimed=claimed, outcome=Accepted(card.version, person), now=now)
        card.refresh_from_db()
        assert (card.person_guid, card.version, state(card)) == (person, claimed.card.version, "accepted")

    def test_a_claim_that_was_taken_over_writes_nothing(self, card, now):
        late = claim_of(card, now)
        claim_of(card, now + uploads.claim_length())
        before = CardUpload.objects.filter(pk=card.pk).values().get()
        assert not uploads.record(claimed=late, outcome=Accepted(card.version, card.guid), now=now)
        assert CardUpload.objects.filter(pk=card.pk).values().get() == before
        assert Patient.objects.get(pk=card.pk).person_guid is None

    def test_a_change_in_flight_is_sent_again(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(phone="1")
        uploads.record(claimed=claimed, outcome=Accepted(card.version), now=now)
        assert state(card) == "waiting"
        assert claim_of(card, now).card.phone == "1"

    def test_a_rejected_card_changed_in_flight_is_sent_again(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(phone="1")
        uploads.record(claimed=claimed, outcome=Rejected("x"), now=now)
        assert state(card) == "waiting"

    def test_a_mip_with_more_is_risen_above(self, card, now):
        claimed = claim_of(card, now)
        uploads.record(claimed=claimed, outcome=Accepted(card.version + 500), now=now)
        assert Patient.objects.get(pk=card.pk).version == card.version + 501
        assert state(card) == "waiting"

    def test_a_card_that_has_risen_by_itself_is_just_sent_again(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(version=card.version + 900)
        uploads.record(claimed=claimed, outcome=Accepted(card.version + 500), now=now)
        assert Patient.objects.get(pk=card.pk).version == card.version + 900
        assert state(card) == "waiting"

    def test_a_text_of_the_mip_is_kept_and_not_logged(self, card, now, caplog):
        caplog.set_level(logging.DEBUG)
        outcome = Rejected("invalid", "Ёлкина Анна: неверный СНИЛС", "snils")
        uploads.record(claimed=claim_of(card, now), outcome=outcome, now=now)
        assert CardUpload.objects.get(pk=card.pk).error_text == "Ёлкина Анна: неверный СНИЛС"
        assert "Ёлкина" not in caplog.text

    @pytest.mark.django_db(transaction=True)
    def test_statements(self, card, now):
        claimed = claim_of(card, now)
        Patient.objects.filter(pk=card.pk).update(person_guid=card.guid)
        with statements() as found:
            uploads.record(claimed=claimed, outcome=Accepted(card.version, card.guid), now=now)
        assert len(found) == 3, listed(found)  # card, upload, upload


class TestGate:
    def refuse(self, card, now, reason="unauthorized"):
        """Somebody sends the card and is refused; the moment at which the gate is due for a probe."""
        claimed = claim_of(card, now)
        uploads.record(claimed=claimed, outcome=Credentials(reason), now=now)
        return MipGate.objects.get().closed_until

    def test_a_refused_login_stops_everybody(self, lpu, card, now):
        other = a_card(lpu)
        self.refuse(card, now)
        assert uploads.claim(now=now, card_id=other.pk) == []
        assert hints.hand_out(now=now) == []
        shut = MipGate.objects.get()
        assert (shut.reason, shut.since, shut.failures) == ("unauthorized", now, 1)

    def test_the_others_who_were_on_their_way_count_as_the_same_refusal(self, lpu, now):
        cards = [a_card(lpu) for _ in range(3)]
        for claimed in [claim_of(card, now) for card in cards]:
            uploads.record(claimed=claimed, outcome=Credentials("unauthorized"), now=now)
        assert MipGate.objects.get().failures == 1
        assert {state(card) for card in cards} == {"retry"}

    def test_then_one_goes_ahead_and_the_others_wait_for_it(self, lpu, card, now):
        other = a_card(lpu)
        due = self.refuse(card, now)
        assert len(hints.hand_out(now=due)) == 1
        probe = claim_of(card, due)
        assert probe.is_probe
        assert uploads.claim(now=due, card_id=other.pk) == []
        assert hints.hand_out(now=due) == []

    def test_the_probe_gets_through_and_all_may_go(self, lpu, card, now):
        other = a_card(lpu)
        due = self.refuse(card, now)
        uploads.record(claimed=claim_of(card, due), outcome=Accepted(card.version), now=due)
        assert state(card) == "accepted"
        assert not claim_of(other, due).is_probe
        opened = MipGate.objects.get()
        assert (opened.closed_until, opened.since, opened.failures, opened.reason) == (None, None, 0, "")

    def test_a_rejected_probe_got_through_as_well(self, card, now):
        due = self.refuse(card, now)
        uploads.record(claimed=claim_of(card, due), outcome=Rejected("x"), now=due)
        assert gate.passage(now=due) is gate.Passage.FREE

    def test_a_refused_probe_makes_the_wait_longer(self, card, now):
        due = self.refuse(card, now)
        again = self.refuse(card, due, "forbidden")
        shut = MipGate.objects.get()
        assert again - due == 2 * (due - now)
        assert (shut.failures, shut.since, shut.reason) == (2, now, "forbidden")

    def test_a_probe_that_met_nobody_leaves_it_to_the_next(self, card, now):
        due = self.refuse(card, now)
        uploads.record(claimed=claim_of(card, due), outcome=Later("timeout"), now=due)
        assert gate.passage(now=due) is gate.Passage.SHUT
        assert gate.passage(now=due + uploads.claim_length()) is gate.Passage.PROBE

    def test_a_killed_probe_is_followed_by_another(self, card, now):
        due = self.refuse(card, now)
        claim_of(card, due)
        assert claim_of(card, due + uploads.claim_length()).is_probe

    def test_no_card_no_probe(self, card, now):
        due = self.refuse(card, now)
        set_upload(card, state="accepted")
        assert uploads.claim(now=due, limit=5) == []
        assert gate.passage(now=due) is gate.Passage.PROBE

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


class TestHints:
    def test_each_card_is_told_of_once(self, lpu, now):
        cards = [a_card(lpu) for _ in range(3)]
        assert sorted(hints.hand_out(now=now)) == [card.pk for card in cards]
        assert hints.hand_out(now=now) == []

    def test_and_again_when_the_broker_seems_to_have_lost_it(self, card, now):
        hints.hand_out(now=now)
        assert hints.hand_out(now=now + hints.GOOD_FOR) == [card.pk]

    def test_what_could_not_be_told_is_told_by_the_next_sweep(self, card, now):
        hints.take_back(ids=hints.hand_out(now=now))
        assert hints.hand_out(now=now) == [card.pk]

    def test_no_more_than_the_limit_the_longest_due_first(self, lpu, now):
        cards = [a_card(lpu) for _ in range(3)]
        set_upload(cards[2], due_at=now - dt.timedelta(hours=1))
        first = hints.hand_out(now=now, limit=2)
        assert first[0] == cards[2].pk
        assert len(first) == 2
        assert len(hints.hand_out(now=now, limit=2)) == 1

    def test_what_is_settled_or_on_its_way_is_not_told_of(self, lpu, now):
        for settled in ("accepted", "rejected", "duplicate"):
            set_upload(a_card(lpu), state=settled)
        claim_of(a_card(lpu), now)
        set_upload(a_card(lpu), state="retry", due_at=now + SECOND)
        assert hints.hand_out(now=now) == []

    def test_a_silent_senders_card_is_told_of_at_once(self, card, now):
        hints.hand_out(now=now)
        claim_of(card, now)
        assert hints.hand_out(now=now + uploads.claim_length()) == [card.pk]

    def test_a_card_changed_after_it_was_sent_is_told_of_at_once(self, card, now):
        hints.hand_out(now=now)
        uploads.record(claimed=claim_of(card, now), outcome=Accepted(card.version), now=now)
        Patient.objects.filter(pk=card.pk).update(phone="1")
        assert hints.hand_out(now=now) == [card.pk]

    def test_without_a_mip_the_cards_wait(self, card, now, settings):
        settings.MIP = {**settings.MIP, "URL": ""}
        assert hints.hand_out(now=now) == []
        uploads.upload(card_id=card.pk)
        assert state(card) == "waiting"


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
        assert uploads.record(claimed=claimed, outcome=Accepted(card.version), now=now)

    def test_but_what_a_silent_sender_holds(self, card, now):
        claimed = claim_of(card, now)
        later = now + uploads.claim_length()
        assert uploads.send_again(cards=[card.pk], by=SYSTEM, now=later) == 1
        assert not uploads.record(claimed=claimed, outcome=Accepted(card.version), now=later)
