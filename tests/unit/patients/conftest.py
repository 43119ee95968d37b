import pytest

from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.factories.staff import an_employee


@pytest.fixture
def lpu(db):
    return an_lpu()


@pytest.fixture
def card(lpu):
    return a_card(lpu)


@pytest.fixture
def operator(client):
    """An operator of the exchange at the page."""
    user = an_employee("operator")
    client.force_login(user)
    return user


@pytest.fixture
def mip_away(settings):
    """Nobody listens there."""
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip", "LOGIN": "lpu", "TIMEOUT": 1.0}
