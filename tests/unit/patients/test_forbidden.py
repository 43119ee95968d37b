"""A 403: our login for all cards, or one card's text for something that stands before the MIP."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone
from django.utils.translation import gettext

from patients import alarms
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Accepted, Credentials, Later
from patients.models import CardUpload, ExchangeMark, MipGate, Patient, UploadAttempt
from patients.services import exchange_words, gate, uploads
from tests.factories.patients import a_card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mip_away")]  # configured; nobody is asked
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def now():
    return timezone.now() + dt.timedelta(seconds=1)


class Region:
    """Sends what is due, and answers 403 to these cards; `all_of_them` when it is our login."""

    def __init__(self):
        self.disliked, self.all_of_them = [], False

    def send(self, now):
        """What was claimed."""
        claimed = uploads.claim(now=now, limit=100)
        told = [self._told(card, now) for card in claimed.cards]
        uploads.record(claimed=claimed, exchanges=told, now=now)
        return claimed

    def _told(self, card, now):
        refused = self.all_of_them or card in self.disliked
        outcome = Credentials("forbidden") if refused else Accepted(card.version)
        return Exchange(card, outcome, now, 5, 403 if refused else 200, uuid.uuid4())


@pytest.fixture
def region():
    return Region()


@pytest.fixture
def urgent(card, region):
    """A card that something before the MIP dislikes, and that goes before all others."""
    CardUpload.objects.filter(pk=card.pk).update(priority=0, due_at=timezone.now() - MINUTE)
    region.disliked = [card]
    return card


def due():
    return MipGate.objects.get().closed_until


def error(card):
    return CardUpload.objects.values_list("state", "error_code").get(pk=card.pk)


class TestOneCard:
    def test_stops_all_once_and_then_only_itself(self, lpu, region, urgent, now):
        assert region.send(now).cards == [urgent]
        assert alarms.credentials(now) == {"reason": "forbidden"}
        others = [a_card(lpu) for _ in range(3)]
        probe = region.send(at := due())
        [through] = probe.cards  # any of them: they fell due at the same moment
        assert (probe.is_probe, through in others) == (True, True)
        assert alarms.credentials(at) is None
        assert set(region.send(at).cards) == {urgent, *others} - {through}
        assert gate.passage(now=at) is gate.Passage.FREE
        assert error(urgent) == ("retry", "http_403")
        assert {error(card)[0] for card in others} == {"accepted"}
        assert ExchangeMark.objects.filter(kind="gate_shut").count() == 1

    def test_is_tried_again_and_again_and_shuts_nothing(self, lpu, region, urgent, now):
        region.send(now)
        a_card(lpu)
        region.send(at := due())
        for turn in range(3 * gate.OUTAGE_AFTER):
            at += dt.timedelta(hours=2 * turn)
            assert region.send(at).cards == [urgent]
            assert gate.passage(now=at) is gate.Passage.FREE
        assert CardUpload.objects.get(pk=urgent.pk).due_at > at
        kept = UploadAttempt.objects.filter(card_id=urgent.pk).values_list("outcome", "code").distinct()
        assert set(kept) == {("credentials", "forbidden"), ("later", "http_403")}
        region.disliked = []
        region.send(at + dt.timedelta(hours=2))
        assert error(urgent) == ("accepted", "")

    def test_nor_do_several_that_were_refused_together(self, lpu, region, urgent, now):
        region.disliked += [a_card(lpu), a_card(lpu)]
        region.send(now)
        a_card(lpu)
        region.send(at := due())
        assert set(region.send(at + MINUTE).cards) == set(region.disliked)
        assert gate.passage(now=at + MINUTE) is gate.Passage.FREE
        assert {error(card) for card in region.disliked} == {("retry", "http_403")}

    def test_is_not_the_probe_either_when_the_others_failed_often(self, lpu, region, urgent, now):
        region.send(now)
        other = a_card(lpu)
        CardUpload.objects.filter(pk=other.pk).update(attempts=gate.FRESH)
        assert region.send(due()).cards == [other]

    def test_is_looked_at_anew_when_it_was_mended(self, lpu, region, urgent, now):
        region.send(now)
        a_card(lpu)
        region.send(at := due())
        region.send(at)
        Patient.objects.filter(pk=urgent.pk).update(address="Другая улица, 7")
        region.send(at + MINUTE)
        assert error(urgent) == ("retry", "forbidden")
        assert MipGate.objects.get().kind == "credentials"

    def test_has_its_own_words(self):
        assert exchange_words.reason_of("http_403") != exchange_words.reason_of("forbidden")
        said = gettext("this card is not let through to the MIP, others are: tell the region")
        assert exchange_words.reason_of("http_403") == said


class TestOurLogin:
    def test_each_probe_is_another_card_until_the_login_is_mended(self, lpu, region, now):
        cards = {a_card(lpu) for _ in range(4)}
        region.all_of_them = True
        one = uploads.claim(now=now, card_id=min(card.pk for card in cards))
        uploads.record(claimed=one, exchanges=[region._told(one.cards[0], now)], now=now)
        tried = [*one.cards]
        for _turn in range(3):
            tried += region.send(due()).cards
        assert set(tried) == cards
        assert len(region.send(due()).cards) == 1  # one of those again: who else should find it mended
        assert alarms.credentials(due()) is not None
        region.all_of_them, at = False, due()
        for _turn in range(2):  # the probe, the others
            region.send(at)
        assert set(CardUpload.objects.values_list("state", flat=True)) == {"accepted"}

    def test_a_probe_that_had_a_403_before_is_no_card_with_a_trouble_of_its_own(self, card, region, now):
        region.all_of_them = True
        region.send(now)
        region.send(due())
        assert error(card) == ("retry", "forbidden")
        assert MipGate.objects.get().kind == "credentials"

    def test_its_card_is_due_again_before_anybody_may_try(self, card, region, now):
        region.all_of_them = True
        region.send(now)
        for _turn in range(20):
            at = due()
            assert CardUpload.objects.get(pk=card.pk).due_at < at
            region.send(at)

    def test_a_401_says_nothing_of_the_card(self, lpu, card, now):
        for _turn in range(2):
            claimed = uploads.claim(now=now, card_id=card.pk)
            told = Exchange(card, Credentials("unauthorized"), now, 5, 401, uuid.uuid4())
            uploads.record(claimed=claimed, exchanges=[told], now=now)
            assert error(card) == ("retry", "unauthorized")
            MipGate.objects.update(closed_until=None, since=None)


def test_a_later_of_another_kind_is_left_as_it_is(region, urgent, lpu, now):
    region.send(now)
    a_card(lpu)
    region.send(at := due())
    claimed = uploads.claim(now=at, card_id=urgent.pk)
    uploads.record(claimed=claimed, exchanges=[Exchange(urgent, Later("timeout"), at, 5, None, uuid.uuid4())], now=at)
    assert error(urgent) == ("retry", "timeout")
