"""What the database itself refuses, whatever path the write takes."""

import pytest
from django.db import IntegrityError, connection, transaction

from directions.models import Direction, DirectionCounter
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return cast.a_patient(cast.an_lpu())


def refused(constraint, write):
    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        write()


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_origin_known(patient):
    direction = a_direction(patient=patient)
    refused("direction_origin_known", lambda: sql("UPDATE directions_direction SET origin = 'dreamt'"))
    refused("direction_origin_known", lambda: Direction.objects.update(origin="dreamt"))
    direction.origin = "dreamt"
    refused("direction_origin_known", direction.save)


def test_outcome_known(patient):
    a_direction(patient=patient)
    refused("direction_outcome_known", lambda: sql("UPDATE directions_direction SET outcome = 'lost'"))


def test_a_number_is_issued_once_by_an_lpu(patient):
    an_issued(patient=patient, number="2026-000001")
    second = an_issued(patient=patient, number="2026-000002")
    renumber = "UPDATE directions_direction SET number = '2026-000001'"
    refused("direction_issued_number_once", lambda: sql(renumber))
    refused("direction_issued_number_once", lambda: Direction.objects.update(number="2026-000001"))
    second.number = "2026-000001"
    refused("direction_issued_number_once", second.save)


def test_other_lpus_other_origins_and_blanks_are_free(patient):
    an_issued(patient=patient, number="2026-000001")
    an_issued(patient=cast.a_patient(cast.an_lpu()), number="2026-000001")
    a_direction(patient=patient, lpu_from=patient.lpu, number="2026-000001")
    an_issued(patient=patient, number="")
    an_issued(patient=patient, number="")


def test_one_guid_one_direction(patient):
    first, second = a_direction(patient=patient), a_direction(patient=patient)
    refused(
        "directions_direction_guid_key",
        lambda: sql("UPDATE directions_direction SET guid = %s WHERE id = %s", first.guid, second.pk),
    )


def test_one_counter_a_year(patient):
    DirectionCounter.objects.create(lpu=patient.lpu, year=2026, last=1)
    refused("direction_counter_once", lambda: DirectionCounter.objects.create(lpu=patient.lpu, year=2026, last=7))
