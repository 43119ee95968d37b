from uuid import uuid4

import pytest

from tests.unit.sandbox.region import running


@pytest.fixture(scope="session")
def one_region(tmp_path_factory):
    with running("--db", str(tmp_path_factory.mktemp("region") / "region.sqlite3")) as region:
        yield region


@pytest.fixture
def region(one_region):
    """The sandbox of the whole run, without faults; tests keep apart by LPUs and persons of their own."""
    one_region.fault("ok")
    yield one_region
    one_region.fault("ok")


@pytest.fixture
def lpu():
    return str(uuid4())


@pytest.fixture
def other_lpu():
    return str(uuid4())
