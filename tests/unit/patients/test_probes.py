"""What opens the gate and what does not: only an answer of the MIP tells of it."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from lmis.actors import SYSTEM
from patients import alarms
from patients.mip.exchange import Exchange, send
from patients.mip.outcomes import Accepted, Credentials, Later
from patients.models import CardUpload, ExchangeMark, MipGate
from patients.services import gate, uploads
from tests.factories.cast import a_patient
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db
NO_PAPER = {"polis_number": "", "document_number": ""}


@pytest.fixture
def now():
    return timezone.now() + dt.timedelta(seconds=1)


def told(card, outcome, now):
    return Exchange(card, outcome, now, 5, 200, uuid.uuid4())


@pytest.fixture
def probed_at(lpu, now):
    """When the next card is to try the gate, which our login has shut; the card that shut it is gone."""
    card = a_card(lpu)
    claimed = uploads.claim(now=now, card_id=card.pk)
    uploads.record(claimed=claimed, exchanges=[told(card, Credentials("unauthorized"), now)], now=now)
    CardUpload.objects.filter(pk=card.pk).update(state="accepted")
    return MipGate.objects.get().closed_until


class TestACardWithoutPapers:
    """It is refused here; the MIP is not asked."""

    def test_opens_nothing_and_the_next_card_tries(self, lpu, probed_at):
        a_patient(lpu, **NO_PAPER)
        probe = uploads.claim(now=probed_at, limit=100)
        assert (probe.is_probe, len(probe.cards)) == (True, 1)
        uploads.record(claimed=probe, exchanges=[send(probe.cards[0])], now=probed_at)
        assert alarms.credentials(probed_at) is not None
        assert not ExchangeMark.objects.filter(kind="gate_open").exists()
        better = a_card(lpu)
        probe = uploads.claim(now=probed_at + dt.timedelta(seconds=1), limit=100)
        assert (probe.is_probe, probe.cards) == (True, [better])
        uploads.record(claimed=probe, exchanges=[told(better, Accepted(1, uuid.uuid4()), probed_at)], now=probed_at)
        assert gate.passage(now=probed_at) is gate.Passage.FREE

    def test_does_not_end_a_row_of_failures(self, lpu, now):
        for _turn in range(gate.FRESH):
            card = a_card(lpu)
            claimed = uploads.claim(now=now, card_id=card.pk)
            uploads.record(claimed=claimed, exchanges=[told(card, Later("timeout"), now)], now=now)
        claimed = uploads.claim(now=now, card_id=a_patient(lpu, **NO_PAPER).pk)
        uploads.record(claimed=claimed, exchanges=[send(claimed.cards[0])], now=now)
        assert CardUpload.objects.get(pk=claimed.cards[0].pk).error_code == "documents_missing"
        assert MipGate.objects.get().streak == gate.FRESH


def test_a_probe_whose_card_was_taken_over_opens_nothing(lpu, probed_at):
    card = a_card(lpu)
    probe = uploads.claim(now=probed_at, card_id=card.pk)
    late = probed_at + uploads.claim_length()
    uploads.send_again(cards=[card.pk], by=SYSTEM, now=late)
    assert uploads.record(claimed=probe, exchanges=[told(card, Later("timeout"), late)], now=late) == 0
    assert gate.passage(now=late) is gate.Passage.PROBE
