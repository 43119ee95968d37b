"""Contract C over the whole stack: what the referring LPU tells the central service."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from directions.models import Direction
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued, appoint, statements

DAY = dt.timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _token_key(settings):
    settings.PATIENT_TOKEN = settings.PATIENT_TOKEN | {"KEY": "a-secret-of-the-region-of-32-bytes"}


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def patient(lpu):
    return cast.a_patient(lpu)


@pytest.fixture
def region():
    return cast.Region()


@pytest.fixture
def http(region, patient):
    return region.http(patient)


def numbers(response):
    assert response.status_code == 200, response.content
    return [item["direction"]["number"] for item in response.json()["items"]]


def refusal(response):
    return response.status_code, response.json()["message_code"]


def test_an_item_is_what_a_takes_and_more(http, lpu, patient):
    hospital = cast.an_lpu(own=False, name="Областная больница", address="ул. Садовая, 1", phone="7000")
    guid, sender = uuid.uuid4(), uuid.uuid4()
    an_issued(
        patient=patient,
        lpu_to=hospital,
        guid=guid,
        number="2026-000001",
        sender_guid=sender,
        date_direction=dt.datetime(2021, 4, 21, tzinfo=dt.UTC),
        valid_until=dt.date(2121, 5, 1),
    )

    shown = http.get("/api/dir/directions").json()

    (item,) = shown["items"]
    patient_shown = item.pop("patient")
    assert item == {
        "direction": {
            "guid": str(guid),
            "number": "2026-000001",
            "reason": "боль",
            "speciality": {"code": "49", "name": "терапия"},
            "lpuFromGuid": str(lpu.guid),
            "lpuToGuid": str(hospital.guid),
            "dateDirection": "2021-04-21T03:00:00+03:00",
            "diagnosis": {"code": "I10", "name": "гипертензия"},
        },
        "docSender": {
            "guid": str(sender),
            "family": "Шишкин",
            "name": "Олег",
            "patronymic": "",
            "position": {"code": "", "name": ""},
            "speciality": {"code": "", "name": ""},
        },
        "lpuTo": {
            "guid": str(hospital.guid),
            "name": "Областная больница",
            "address": "ул. Садовая, 1",
            "phone": "7000",
        },
        "state": "issued",
        "validUntil": "2121-05-01",
    }
    assert patient_shown["family"] == patient.family
    assert patient_shown["polis"] == {
        "series": "",
        "number": patient.polis_number,
        "type": {"code": "", "name": ""},
    }
    assert http.get(f"/api/dir/directions/{guid}").json() == item | {"patient": patient_shown}


@pytest.mark.parametrize("value", [None, 10**30, {"a": [-(2**64), 1.5, "ё", None]}, True, ""])
def test_a_disability_of_whatever_json(http, patient, value):
    patient.disability = value
    patient.save()
    an_issued(patient=patient)
    (item,) = http.get("/api/dir/directions").json()["items"]
    assert item["patient"]["disability"] == value


def test_only_those_issued_here_to_the_tokens_patient(http, lpu, patient):
    mine = an_issued(patient=patient)
    others = [
        an_issued(patient=cast.a_patient(lpu)),
        a_direction(patient=patient),
        a_direction(patient=patient, lpu_from=lpu),
        a_direction(patient=patient, origin="desk"),
    ]
    assert numbers(http.get("/api/dir/directions?state=all")) == [mine.number]
    assert http.get(f"/api/dir/directions/{mine.guid}").status_code == 200
    for other in [*others, Direction(guid=uuid.uuid4())]:
        assert refusal(http.get(f"/api/dir/directions/{other.guid}")) == (404, "direction_not_found")


def test_all_cards_of_the_patient_here(region, lpu, patient):
    branch = cast.an_lpu(time_zone="Asia/Irkutsk")
    second = cast.a_patient(branch)
    an_issued(patient=patient, number="here", created_at=timezone.now() - DAY)
    an_issued(patient=second, number="there", date_direction=dt.datetime(2021, 4, 21, tzinfo=dt.UTC))

    http = APIClient(HTTP_AUTHORIZATION=region.basic, HTTP_X_PATIENT_TOKEN=cast.token_of(patient, second))
    answer = http.get("/api/dir/directions")

    assert numbers(answer) == ["there", "here"], "the newest first"
    assert answer.json()["items"][0]["direction"]["dateDirection"] == "2021-04-21T08:00:00+08:00"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?number=1", ["1"]),
        ("?number=%201%20", ["1"]),
        ("?number=3", []),
        ("?number=", ["2", "1"]),
        ("?unknown=1", ["2", "1"]),
    ],
)
def test_by_number(http, patient, query, expected):
    an_issued(patient=patient, number="1", created_at=timezone.now() - DAY)
    an_issued(patient=patient, number="2")
    assert numbers(http.get(f"/api/dir/directions{query}")) == expected


class TestState:
    """State as far as we know; `active`, the default, is issued or booked."""

    @pytest.fixture
    def doctor(self, lpu):
        return cast.a_doctor(lpu)

    def state(self, http, direction):
        state = http.get(f"/api/dir/directions/{direction.guid}").json()["state"]
        listed = numbers(http.get("/api/dir/directions"))
        assert (direction.number in listed) == (state in ("issued", "booked"))
        assert numbers(http.get("/api/dir/directions?state=all")) == [direction.number]
        return state

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, "issued"),
            ({"outcome": "booked"}, "booked"),
            ({"outcome": "done"}, "done"),
            ({"cancelled_at": timezone.now()}, "cancelled"),
            ({"valid_until": dt.date(2020, 1, 1)}, "expired"),
            ({"valid_until": dt.date(2020, 1, 1), "outcome": "booked"}, "booked"),
            ({"valid_until": dt.date(2020, 1, 1), "cancelled_at": timezone.now()}, "cancelled"),
            ({"valid_until": dt.date(2020, 1, 1), "outcome": "done"}, "done"),
        ],
    )
    def test_of_one_to_an_lpu_outside(self, http, patient, fields, expected):
        assert self.state(http, an_issued(patient=patient, **fields)) == expected

    @pytest.mark.parametrize(
        ("appointments", "expected"),
        [
            (["booked"], "booked"),
            (["visited"], "done"),
            (["cancelled"], "issued"),
            (["missed"], "issued"),
            (["missed", "cancelled", "booked"], "booked"),
        ],
    )
    def test_of_one_to_ourselves(self, http, lpu, patient, doctor, appointments, expected):
        issued = an_issued(patient=patient, lpu_to=lpu)
        for hours, state in enumerate(appointments, 24):
            appoint(issued, doctor, state, slot=cast.a_slot(doctor, hours=hours))
        assert self.state(http, issued) == expected

    def test_the_last_day_is_that_of_the_referring_lpu(self, patient):
        """22:30 in Moscow, and already the next day in Irkutsk."""
        now = dt.datetime(2026, 4, 20, 19, 30, tzinfo=dt.UTC)
        far = cast.a_patient(cast.an_lpu(time_zone="Asia/Irkutsk"))
        here = an_issued(patient=patient, valid_until=dt.date(2026, 4, 20))
        there = an_issued(patient=far, valid_until=dt.date(2026, 4, 20))
        progress = dict(Direction.objects.with_progress(now).values_list("pk", "progress"))
        assert progress == {here.pk: "issued", there.pk: "expired"}


@pytest.mark.parametrize(
    ("query", "field"), [("?state=x", "state"), ("?number=" + "1" * 65, "number"), ("?number=%00", "number")]
)
def test_bad_queries(http, query, field):
    answer = http.get(f"/api/dir/directions{query}")
    assert refusal(answer) == (400, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_guid_may_be_in_upper_case_and_the_path_end_with_a_slash(http, patient):
    issued = an_issued(patient=patient)
    assert http.get(f"/api/dir/directions/{str(issued.guid).upper()}/").status_code == 200
    assert numbers(http.get("/api/dir/directions/")) == [issued.number]


class TestWhoMayAsk:
    PATHS = ("/api/dir/directions", f"/api/dir/directions/{uuid.uuid4()}")

    @pytest.mark.parametrize("path", PATHS)
    def test_nobody_without_credentials(self, path):
        assert refusal(APIClient().get(path)) == (401, "unauthorized")

    @pytest.mark.parametrize("path", PATHS)
    def test_no_client_without_a_patient(self, region, path):
        assert refusal(region.http().get(path)) == (401, "unauthorized")

    @pytest.mark.parametrize("path", PATHS)
    def test_no_client_without_the_scope(self, patient, path):
        region = cast.Region(scopes=["schedule", "appointments"])
        assert refusal(region.http(patient).get(path)) == (403, "scope_required")

    @pytest.mark.parametrize("path", PATHS)
    def test_no_patient_whom_we_do_not_know(self, region, path):
        stranger = cast.a_patient(cast.an_lpu())
        http = region.http(stranger)
        type(stranger).objects.update(guid=uuid.uuid4())
        assert refusal(http.get(path)) == (404, "patient_not_found")

    def test_the_patient_alone(self, patient):
        issued = an_issued(patient=patient)
        http = APIClient(HTTP_AUTHORIZATION=f"Bearer {cast.token_of(patient)}")
        assert numbers(http.get("/api/dir/directions")) == [issued.number]
        assert http.get(f"/api/dir/directions/{issued.guid}").status_code == 200


class TestStatements:
    """Fixed, whatever is found: 1 the client and its secrets, 2 the patient's cards, 3 the directions."""

    @pytest.mark.parametrize("count", [0, 1, 5])
    def test_list(self, http, patient, count):
        for _each in range(count):
            an_issued(patient=patient)
        http.get("/api/dir/directions")
        with statements() as sql:
            assert len(numbers(http.get("/api/dir/directions"))) == count
        assert_reads(sql, "lmis_apisecret", "patients_patient", "directions_direction")

    def test_one(self, http, patient):
        issued = an_issued(patient=patient)
        http.get("/api/dir/directions")
        with statements() as sql:
            assert http.get(f"/api/dir/directions/{issued.guid}").status_code == 200
        assert_reads(sql, "lmis_apisecret", "patients_patient", "directions_direction")


def assert_reads(sql, *tables):
    """One SELECT from each of these, in this order."""
    assert len(sql) == len(tables), [query["sql"] for query in sql]
    for query, table in zip(sql, tables, strict=True):
        assert f' FROM "{table}"' in query["sql"]
