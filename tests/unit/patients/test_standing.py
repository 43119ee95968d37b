"""Where a card's upload stands, in the words of the card's page: each state, and the pause."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone, translation

from lmis.actors import SYSTEM
from patients.models import CardUpload
from patients.services import exchange_words, pauses
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.factories.staff import an_employee, page

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def card():
    return a_card(an_lpu())


@pytest.fixture
def shown(client, card):
    """The card's page and the upload's, in Russian, with the upload as given."""

    def read(**columns):
        if columns["state"] == "in_flight":
            columns |= {"claim": uuid.uuid4(), "claimed_until": timezone.now() + HOUR}
        CardUpload.objects.filter(pk=card.pk).update(**columns)
        addresses = page("patients.patient", "change", card.pk), page("patients.cardupload", "change", card.pk)
        return [client.get(one, headers={"Accept-Language": "ru"}).content.decode() for one in addresses]

    client.force_login(an_employee("administrator"))
    return read


@pytest.mark.parametrize("state", CardUpload.State.values)
def test_every_state_has_a_name_and_says_what_to_do(shown, state):
    """On both pages, in Russian."""
    code = {"error_code": "timeout"} if state == "retry" else {}
    upload = CardUpload(state=state, due_at=timezone.now(), **code)
    with translation.override("ru"):
        words = exchange_words.standing(upload, pause=None)
    with translation.override("en"):
        assert exchange_words.standing(upload, pause=None) != words
    for text in shown(state=state, **code):
        assert words.name.split(",")[0] in text
        assert words.to_do in text


def test_what_waits_to_repeat_says_until_when_and_why(shown):
    due = timezone.now() + HOUR
    for text in shown(state="retry", error_code="timeout", due_at=due):
        assert f"{timezone.localtime(due):%d.%m.%Y %H:%M}" in text
        assert "МИП не ответил вовремя" in text


@pytest.mark.parametrize(("state", "paused"), [("waiting", True), ("retry", True), ("in_flight", False)])
def test_under_a_pause_what_would_be_sent_is_paused(shown, state, paused):
    now = timezone.now()
    pauses.pause(reason="работы в регионе", until=now + HOUR, by=SYSTEM, now=now)
    for text in shown(state=state, error_code="timeout"):
        assert (
            f"Приостановлена до {timezone.localtime(now + HOUR):%d.%m.%Y %H:%M}: работы в регионе" in text
        ) == paused
