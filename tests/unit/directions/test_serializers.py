"""The shapes of ConsultDirection and DirectionDoctorInfo, in and out."""

import datetime as dt
import uuid

import orjson
import pytest
from rest_framework.exceptions import ErrorDetail

from directions.api.serializers import (
    ConsultDirectionSerializer,
    DirectionDoctorInfoSerializer,
    present_direction,
    present_sender,
)
from directions.info import DirectionInfo, SenderInfo
from directions.models import Direction
from lmis.models import Lpu
from patients.info import Coded

GUID = uuid.UUID("2d793f84-26c9-496d-bd64-745095eb1f80")
LPU = uuid.UUID("1dadf64c-f34a-4023-98a6-3e7b7be4f243")
SEED_DIRECTION = {
    "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
    "number": "14555-9984",
    "reason": " ",
    "speciality": {"code": "1234", "name": " "},
    "lpuFromGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
    "lpuToGuid": "1dadf64c-f34a-4023-98a6-3e7b7be4f243",
    "dateDirection": "2021-04-21T03:00:00+03:00",
    "diagnosis": {"code": "A01.0", "name": " "},
}
SEED_SENDER = {
    "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
    "family": "",
    "name": "",
    "patronymic": "",
    "position": {"code": "777", "name": " "},
    "speciality": {"code": "1234", "name": " "},
}
REQUIRED = {"guid": str(GUID), "lpuFromGuid": str(LPU), "lpuToGuid": str(LPU)}


def read(serializer, data):
    shape = serializer(data=data)
    shape.is_valid(raise_exception=True)
    return shape.to_info()


def refused(serializer, data):
    """The errors by field as codes."""
    shape = serializer(data=data)
    assert not shape.is_valid()
    return codes(shape.errors)


def codes(errors):
    if isinstance(errors, dict):
        return {name: codes(inner) for name, inner in errors.items()}
    return [error.code for error in errors if isinstance(error, ErrorDetail)]


class TestDirection:
    def test_the_seeds_example(self):
        assert read(ConsultDirectionSerializer, SEED_DIRECTION) == DirectionInfo(
            guid=GUID,
            lpu_from_guid=LPU,
            lpu_to_guid=LPU,
            number="14555-9984",
            reason="",
            speciality=Coded("1234", ""),
            date_direction=dt.datetime(2021, 4, 21, tzinfo=dt.UTC),
            diagnosis=Coded("A01.0", ""),
        )

    @pytest.mark.parametrize("blank", [None, "", "  "])
    @pytest.mark.parametrize("name", ["number", "reason", "dateDirection", "speciality.code", "diagnosis.name"])
    def test_what_may_be_blank(self, name, blank):
        name, _dot, inner = name.partition(".")
        info = read(ConsultDirectionSerializer, REQUIRED | {name: {inner: blank} if inner else blank})
        assert info == DirectionInfo(guid=GUID, lpu_from_guid=LPU, lpu_to_guid=LPU)

    @pytest.mark.parametrize("data", [REQUIRED, REQUIRED | {"speciality": None, "diagnosis": None, "unknown": 1}])
    def test_what_may_be_missing(self, data):
        info = read(ConsultDirectionSerializer, data)
        assert info == DirectionInfo(guid=GUID, lpu_from_guid=LPU, lpu_to_guid=LPU)

    @pytest.mark.parametrize("name", REQUIRED)
    @pytest.mark.parametrize(
        ("value", "code"), [(..., "required"), (None, "null"), ("", "invalid"), ("x", "invalid"), (5, "invalid")]
    )
    def test_what_is_required(self, name, value, code):
        data = REQUIRED | {name: value}
        if value is ...:
            del data[name]
        assert refused(ConsultDirectionSerializer, data) == {name: [code]}

    def test_guids_in_upper_case(self):
        data = {name: value.upper() for name, value in REQUIRED.items()}
        assert read(ConsultDirectionSerializer, data).guid == GUID

    @pytest.mark.parametrize(
        ("sent", "moment"),
        [
            ("2021-04-21T03:00:00+03:00", dt.datetime(2021, 4, 21, tzinfo=dt.UTC)),
            ("2021-04-21T03:00:00Z", dt.datetime(2021, 4, 21, 3, tzinfo=dt.UTC)),
            ("2021-04-21T03:00-05:30", dt.datetime(2021, 4, 21, 8, 30, tzinfo=dt.UTC)),
        ],
    )
    def test_dates_with_any_offset(self, sent, moment):
        assert read(ConsultDirectionSerializer, REQUIRED | {"dateDirection": sent}).date_direction == moment

    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            ("2021-04-21T03:00:00", "offset_required"),
            ("2021-04-31T03:00:00+03:00", "invalid"),
            ("yesterday", "invalid"),
            (1618963200, "invalid"),
            ({}, "invalid"),
            ("0001-01-01T00:00:00+00:00", "invalid"),
            ("9999-12-31T23:59:59+00:00", "invalid"),
        ],
    )
    def test_dates_that_are_none(self, sent, code):
        assert refused(ConsultDirectionSerializer, REQUIRED | {"dateDirection": sent}) == {"dateDirection": [code]}

    @pytest.mark.parametrize(
        ("name", "column"),
        [
            ("number", "number"),
            ("reason", "reason"),
            ("speciality.code", "speciality_code"),
            ("speciality.name", "speciality_name"),
            ("diagnosis.code", "diagnosis_code"),
            ("diagnosis.name", "diagnosis_name"),
        ],
    )
    def test_lengths_are_those_of_the_columns(self, name, column):
        length = Direction._meta.get_field(column).max_length
        name, _dot, inner = name.partition(".")

        def sent(count):
            return REQUIRED | {name: {inner: "я" * count} if inner else "я" * count}

        assert read(ConsultDirectionSerializer, sent(length)).columns()[column] == "я" * length
        wrong = {inner: ["max_length"]} if inner else ["max_length"]
        assert refused(ConsultDirectionSerializer, sent(length + 1)) == {name: wrong}

    @pytest.mark.parametrize("name", ["speciality", "diagnosis"])
    @pytest.mark.parametrize("value", ["49", [], 5])
    def test_codes_are_objects(self, name, value):
        errors = refused(ConsultDirectionSerializer, REQUIRED | {name: value})
        assert list(errors) == [name]


class TestSender:
    def test_the_seeds_example(self):
        assert read(DirectionDoctorInfoSerializer, SEED_SENDER) == SenderInfo(
            guid=GUID, position=Coded("777", ""), speciality=Coded("1234", "")
        )

    @pytest.mark.parametrize(
        "data",
        [
            {},
            dict.fromkeys(SEED_SENDER),
            {"guid": "", "family": " ", "position": {}, "speciality": {"code": None}},
        ],
    )
    def test_all_may_be_missing(self, data):
        assert read(DirectionDoctorInfoSerializer, data) == SenderInfo()

    @pytest.mark.parametrize("data", ["Шишкин", [], 5])
    def test_must_be_an_object(self, data):
        assert refused(DirectionDoctorInfoSerializer, data) == {"non_field_errors": ["invalid"]}

    def test_a_guid_that_is_sent_is_one(self):
        assert refused(DirectionDoctorInfoSerializer, {"guid": "x"}) == {"guid": ["invalid"]}

    @pytest.mark.parametrize(
        ("name", "column"),
        [
            ("family", "sender_family"),
            ("name", "sender_name"),
            ("patronymic", "sender_patronymic"),
            ("position.code", "sender_position_code"),
            ("position.name", "sender_position_name"),
            ("speciality.code", "sender_speciality_code"),
            ("speciality.name", "sender_speciality_name"),
        ],
    )
    def test_lengths_are_those_of_the_columns(self, name, column):
        length = Direction._meta.get_field(column).max_length
        name, _dot, inner = name.partition(".")
        sent = {name: {inner: " " + "я" * length} if inner else " " + "я" * length}
        assert read(DirectionDoctorInfoSerializer, sent).columns()[column] == "я" * length
        sent = {name: {inner: "я" * (length + 1)} if inner else "я" * (length + 1)}
        assert list(refused(DirectionDoctorInfoSerializer, sent)) == [name]


def from_seed():
    """The seed's direction as it lies in our tables."""
    lpu = Lpu(guid=LPU)
    direction = read(ConsultDirectionSerializer, SEED_DIRECTION)
    sender = read(DirectionDoctorInfoSerializer, SEED_SENDER)
    return Direction(
        guid=direction.guid,
        lpu_from=lpu,
        lpu_to=lpu,
        date_direction=direction.date_direction,
        **direction.columns(),
        **sender.columns(),
    )


def as_json(shown):
    """What the caller reads, with the order of its fields."""
    return list(orjson.loads(orjson.dumps(shown)).items())


def test_the_seeds_direction_comes_back_field_for_field():
    expected = SEED_DIRECTION | {
        "reason": "",
        "speciality": {"code": "1234", "name": ""},
        "diagnosis": {"code": "A01.0", "name": ""},
    }
    shown = present_direction(from_seed(), Lpu(time_zone="Europe/Moscow").tz)
    assert as_json(shown) == list(expected.items())


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Asia/Irkutsk", "2021-04-21T08:00:00+08:00"), ("UTC", "2021-04-21T00:00:00+00:00")],
)
def test_the_date_is_shown_in_the_zone_asked_for(zone, shown):
    direction = from_seed()
    direction.date_direction += dt.timedelta(microseconds=5)
    assert dict(as_json(present_direction(direction, Lpu(time_zone=zone).tz)))["dateDirection"] == shown


def test_without_a_date():
    direction = from_seed()
    direction.date_direction = None
    assert present_direction(direction, Lpu().tz)["dateDirection"] is None


def test_the_seeds_sender_comes_back_field_for_field():
    expected = SEED_SENDER | {
        "position": {"code": "777", "name": ""},
        "speciality": {"code": "1234", "name": ""},
    }
    assert as_json(present_sender(from_seed())) == list(expected.items())
