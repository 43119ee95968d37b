"""`lmis.services.directory`: LPUs first heard of in a direction."""

import logging
import uuid

import pytest
from django.db import connection

from lmis.models import Lpu
from lmis.services import directory
from tests.factories import cast
from tests.factories.directions import statements

pytestmark = pytest.mark.django_db


def test_a_known_lpu_is_found_in_one_statement():
    lpu = cast.an_lpu(own=False)
    with statements() as sql:
        assert directory.find_or_add(guid=lpu.guid, by="region") == lpu
    assert len(sql) == 1


def test_an_unknown_one_is_added_nameless_and_unconfirmed(caplog):
    guid = uuid.uuid4()
    with caplog.at_level(logging.INFO, "lmis"), statements() as sql:
        added = directory.find_or_add(guid=guid, by="region")
    assert len(sql) == 4, "look, look among the merged, insert, read"
    assert Lpu.objects.filter(guid=guid).values("pk", "name", "is_own", "is_confirmed").get() == {
        "pk": added.pk,
        "name": "",
        "is_own": False,
        "is_confirmed": False,
    }
    assert f"{guid} added to the directory, unconfirmed, by region" in caplog.text


def test_a_rival_who_was_faster_is_read():
    """The rival commits between our look and our insert."""
    guid = uuid.uuid4()
    rival = Lpu(guid=guid, name="named meanwhile")
    with RunBefore(rival.save):
        found = directory.find_or_add(guid=guid, by="region")
    assert found == rival
    assert found.name == "named meanwhile"


class RunBefore:
    """Does something right before the first INSERT."""

    def __init__(self, act):
        self.act = act

    def __enter__(self):
        self.wrapper = connection.execute_wrapper(self._step)
        self.wrapper.__enter__()

    def __exit__(self, *error):
        self.wrapper.__exit__(*error)

    def _step(self, execute, sql, params, many, context):
        if self.act and sql.startswith("INSERT"):
            act, self.act = self.act, None
            act()
        return execute(sql, params, many, context)
