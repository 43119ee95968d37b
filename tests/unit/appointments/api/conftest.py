"""The region calls our clinic."""

import pytest
from django.conf import settings

from tests.factories import cast


@pytest.fixture(autouse=True)
def _token_key():
    settings.PATIENT_TOKEN["KEY"] = settings.PATIENT_TOKEN["KEY"] or "a-secret-of-the-region-of-32-bytes"


@pytest.fixture
def region(db):
    return cast.Region()


@pytest.fixture
def doctor(db):
    return cast.a_doctor()


@pytest.fixture
def slot(doctor):
    return cast.a_slot(doctor)


@pytest.fixture
def patient(doctor):
    return cast.a_patient(doctor.lpu)


@pytest.fixture
def http(region):
    return region.http()


@pytest.fixture
def body(slot, doctor):
    """A booking by direction."""
    return cast.a_direction_request(slot, doctor.lpu)
