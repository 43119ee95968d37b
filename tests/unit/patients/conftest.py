import pytest

from tests.factories.cast import an_lpu
from tests.factories.patients import a_card


@pytest.fixture
def lpu(db):
    return an_lpu()


@pytest.fixture
def card(lpu):
    return a_card(lpu)
