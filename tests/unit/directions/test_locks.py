"""`directions.locks`: keys before there is a row, the row's lock afterwards."""

import uuid

import pytest
from django.db import connection, transaction

from directions.exceptions import DirectionNotFound
from directions.locks import direction_keys, lock_direction, paper_keys
from patients.info import PatientInfo, Polis
from patients.locks import identity_keys, lock_identities
from tests.factories import cast
from tests.factories.directions import a_direction, statements

GUID, OTHER = uuid.uuid4(), uuid.uuid4()


def test_one_key_for_the_guid_and_one_for_the_paper():
    assert direction_keys(GUID, OTHER, "1") == [*direction_keys(GUID, OTHER, ""), *paper_keys(OTHER, "1")]
    assert len(set(direction_keys(GUID, OTHER, "1"))) == 2
    assert len(direction_keys(GUID, OTHER, "")) == 1


def test_the_paper_of_another_number_or_lpu_is_another():
    assert len({*paper_keys(GUID, "1"), *paper_keys(GUID, "2"), *paper_keys(OTHER, "1")}) == 3


def test_directions_come_before_patients():
    """Whoever sorts the keys of both takes them in the order of design §2."""
    ours = [key for number in range(200) for key in direction_keys(uuid.uuid4(), OTHER, str(number))]
    theirs = identity_keys(lpu_guid=OTHER, info=PatientInfo(polis=Polis(number="1")))
    assert min(ours) >= -(2**63)
    assert max(ours) < 0 <= min(theirs)


@pytest.mark.django_db
def test_postgresql_takes_them():
    keys = direction_keys(GUID, OTHER, "1")
    lock_identities(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (classid::bigint << 32 | objid::bigint) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
        )
        assert {row[0] for row in cursor.fetchall()} == set(keys)


@pytest.mark.django_db
def test_a_direction_is_locked_alone_and_read_afresh():
    known = a_direction(patient=cast.a_patient(cast.an_lpu()))
    type(known).objects.filter(pk=known.pk).update(reason="meanwhile")
    with transaction.atomic(), statements() as sql:
        locked = lock_direction(known.pk)
    assert locked.reason == "meanwhile"
    assert [query["sql"].endswith('FOR NO KEY UPDATE OF "directions_direction"') for query in sql] == [True]


@pytest.mark.django_db
def test_what_is_not_there_cannot_be_locked():
    with pytest.raises(DirectionNotFound):
        lock_direction(0)


@pytest.mark.django_db(transaction=True)
def test_not_outside_a_transaction():
    with pytest.raises(RuntimeError):
        lock_direction(0)
