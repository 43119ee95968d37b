"""Each named constraint of the clinic and of what is counted, broken once."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from lmis.models import BusyType, Department, Epoch, NightWork, Position, RequestHour, RequestTotal, Room, Speciality
from lmis.rows import constraint_of
from tests.factories.cast import an_lpu

pytestmark = pytest.mark.django_db


def refused_by(constraint, model, **values):
    """The row fails by this constraint and is not there."""
    before = model.objects.count()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        model.objects.create(**values)
    assert constraint_of(caught.value) == constraint
    assert model.objects.count() == before


@pytest.mark.parametrize(
    ("name", "model", "column"),
    [("department_name_once", Department, "name"), ("room_number_once", Room, "number")],
)
def test_once_in_an_lpu(name, model, column):
    lpu = an_lpu()
    model.objects.create(**{"lpu": lpu, column: "12"})
    refused_by(name, model, **{"lpu": lpu, column: "12"})
    model.objects.create(**{"lpu": an_lpu(), column: "12"})


@pytest.mark.parametrize(
    ("name", "model"),
    [("speciality_code_once", Speciality), ("position_code_once", Position), ("busytype_code_once", BusyType)],
)
def test_a_code_is_once_in_its_dictionary(name, model):
    values = {"oid": "1.2.643.99", "code": "49", "name": "терапия"}
    model.objects.create(**values)
    refused_by(name, model, **values | {"name": "другая"})
    model.objects.create(**values | {"oid": "1.2.643.98"})
    for _ in range(2):
        model.objects.create(**values | {"code": ""})  # words alone are no code


def test_there_is_one_epoch():
    refused_by("epoch_one_row", Epoch, pk=2)


@pytest.mark.parametrize(
    ("name", "model", "when"),
    [("request_hour_once", RequestHour, {"hour": timezone.now()}), ("request_total_once", RequestTotal, {})],
)
def test_requests_of_a_kind_are_counted_in_one_row(name, model, when):
    values = {"method": "GET", "route": "api/lpu", "status": 200, "last_at": timezone.now()} | when
    model.objects.create(**values)
    refused_by(name, model, **values)
    model.objects.create(**values | {"status": 503})


def test_a_night_ends_after_it_begins():
    now = timezone.now()
    refused_by(
        "night_ends_after_it_begins", NightWork, name="x", begun_at=now, ended_at=now - dt.timedelta(microseconds=1)
    )
    NightWork.objects.create(name="x", begun_at=now, ended_at=now)
