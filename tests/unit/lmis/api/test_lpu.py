"""J: the LPUs served here (contract §3)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from lmis.models import Lpu
from tests.unit.lmis.api.conftest import Known, token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def project(settings):
    settings.ROOT_URLCONF = "lmis.urls"


@pytest.fixture
def own():
    Lpu.objects.create(name="Чужая", short_name="А")
    return Lpu.objects.create(
        name="Городская поликлиника № 1",
        short_name="ГП 1",
        oid="1.2.643",
        address="ул. Мира, 1",
        phone="+7 000",
        time_zone="Asia/Omsk",
        is_own=True,
    )


def test_own_ones_field_for_field(own):
    assert Known(scopes=[]).http.get("/api/lpu").json() == {
        "items": [
            {
                "guid": str(own.guid),
                "name": "Городская поликлиника № 1",
                "shortName": "ГП 1",
                "oid": "1.2.643",
                "address": "ул. Мира, 1",
                "phone": "+7 000",
                "timeZone": "Asia/Omsk",
            }
        ]
    }


def test_a_patient_may_ask_too(own):
    response = APIClient(HTTP_AUTHORIZATION=f"Bearer {token()}").get("/api/lpu/")
    assert len(response.json()["items"]) == 1


def test_nobody_else():
    assert APIClient().get("/api/lpu").status_code == 401


def test_two_statements(known, own):
    """The client, the LPUs."""
    known.http.get("/api/lpu")
    with CaptureQueriesContext(connection) as captured:
        known.http.get("/api/lpu")
    assert len(captured) == 2
