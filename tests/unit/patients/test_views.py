"""The base view of what is done for the token's patient (contract §2.1, §2.3)."""

import json
from uuid import uuid4

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from patients.api.views import PatientApiView
from patients.models import Patient
from tests.factories.cast import Region, an_lpu, token_of
from tests.factories.patients import a_card

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key(settings):
    settings.PATIENT_TOKEN = {**settings.PATIENT_TOKEN, "KEY": "a-secret-of-the-region-of-32-bytes"}


class Echo(PatientApiView):
    """Says what it was given."""

    scope = "appointments"
    bearer_allowed = True

    def get(self, request):
        """Whom it is about and whose keys count."""
        cards = [str(card.guid) for card in request.patients]
        return Response({"cards": cards, "key": self.patient_key(request), "principal": self.principal(request)})


@pytest.fixture
def region():
    return Region()


def ask(**headers):
    response = Echo.as_view()(APIRequestFactory().get("/api/echo", **headers))
    if hasattr(response, "render"):
        response.render()
    return response.status_code, json.loads(response.content)


def by_client(region, token):
    return ask(HTTP_AUTHORIZATION=region.basic, HTTP_X_PATIENT_TOKEN=token)


def by_bearer(token):
    return ask(HTTP_AUTHORIZATION=f"Bearer {token}")


def test_the_cards_of_the_tokens_patient(region, card):
    other = a_card(an_lpu())
    status, said = by_client(region, token_of(other, card))
    assert (status, said["cards"]) == (200, [str(card.guid), str(other.guid)])


def test_a_client_has_its_own_keys_and_a_bearer_the_patients(region, card):
    assert by_client(region, token_of(card))[1]["principal"] == f"client:{region.client.pk}"
    assert by_bearer(token_of(card))[1]["principal"] == f"patient:{card.guid}"


def test_the_patients_key_stays_while_cards_are_uploaded_and_added(region, card):
    _, before = by_client(region, token_of(card))
    person = uuid4()
    Patient.objects.filter(pk=card.pk).update(person_guid=person)
    a_card(an_lpu(), person_guid=person)
    _, after = by_client(region, token_of(card, personGuid=str(person)))
    assert len(after["cards"]) == 2
    assert after["key"] == before["key"]


def test_two_patients_have_two_keys(region, lpu, card):
    assert by_client(region, token_of(card))[1]["key"] != by_client(region, token_of(a_card(lpu)))[1]["key"]


def test_nobody_here(region, card):
    Patient.objects.filter(pk=card.pk).update(state="withdrawn")
    status, said = by_client(region, token_of(card))
    assert (status, said["message_code"]) == (404, "patient_not_found")


def test_scope_and_token_go_first(region, card):
    status, said = ask(HTTP_AUTHORIZATION=region.basic)
    assert (status, said["message_code"]) == (401, "unauthorized")
    blind = Region(scopes=["schedule"])
    status, said = by_client(blind, token_of(card))
    assert (status, said["message_code"]) == (403, "scope_required")
