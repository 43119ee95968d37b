"""Contract D: who can be booked, and when next."""

import datetime as dt
import uuid

import orjson
import pytest
from django.utils import timezone

from appointments.api.schedule_shapes import ResourceSerializer, ResourcesSerializer
from appointments.models import Appointment, Slot
from appointments.services.resources import get_resource, list_resources
from lmis.models import Department, Doctor, Position, Room, Speciality
from tests.factories.cast import Region, a_doctor, a_patient, a_slot, an_lpu
from tests.plans import only, plan
from tests.statements import listed, statements
from tests.unit.appointments.conforming import conforms

pytestmark = pytest.mark.django_db


@pytest.fixture
def get():
    http = Region().http()
    return lambda url="/resources", query=None: http.get(f"/api{url}", query)


@pytest.fixture
def doctor():
    return a_doctor()


def items(answer):
    assert answer.status_code == 200
    return answer.json()["items"]


def guids(answer):
    return [uuid.UUID(item["guid"]) for item in items(answer)]


def book(slot, seat=1):
    Appointment.objects.create(slot=slot, patient=a_patient(slot.doctor.lpu), number=str(seat), seat=seat)


def test_all_that_it_shows(get):
    lpu = an_lpu(time_zone="Asia/Kamchatka")
    doctor = a_doctor(
        lpu,
        family="Иванова",
        name="Анна",
        patronymic="Петровна",
        speciality=Speciality.objects.create(code="49", name="терапия"),
        position=Position.objects.create(code="109", name="врач-терапевт"),
        department=Department.objects.create(lpu=lpu, name="Терапия"),
        room=Room.objects.create(lpu=lpu, number="112"),
    )
    slot = a_slot(doctor)

    (item,) = items(get())

    assert item == {
        "guid": str(doctor.guid),
        "type": "doctor",
        "family": "Иванова",
        "name": "Анна",
        "patronymic": "Петровна",
        "position": {"code": "109", "name": "врач-терапевт"},
        "speciality": {"code": "49", "name": "терапия"},
        "lpuGuid": str(lpu.guid),
        "department": "Терапия",
        "room": "112",
        "nextFree": {"slot": str(slot.guid), "begin": slot.begin.astimezone(lpu.tz).isoformat()},
    }
    assert item["nextFree"]["begin"].endswith("+12:00")
    assert conforms(ResourcesSerializer(), get().json())


def test_one_with_nothing_but_a_name(get, doctor):
    answer = get(f"/resources/{doctor.guid}").json()

    assert (answer["department"], answer["room"], answer["nextFree"]) == ("", "", None)
    assert conforms(ResourceSerializer(), answer)


def test_one_in_upper_case_and_with_a_slash(get, doctor):
    for guid in (str(doctor.guid).upper(), f"{doctor.guid}/"):
        assert get(f"/resources/{guid}").json()["guid"] == str(doctor.guid)


@pytest.mark.parametrize("how", [{"is_published": False}, {"is_active": False}])
def test_only_those_shown_to_the_outside(get, doctor, how):
    hidden = a_doctor(**how)

    assert guids(get()) == [doctor.guid]
    answer = get(f"/resources/{hidden.guid}")
    assert (answer.status_code, answer.json()["message_code"]) == (404, "resource_not_found")


def test_no_such_resource(get):
    assert get(f"/resources/{uuid.uuid4()}").json()["message_code"] == "resource_not_found"
    assert get("/resources/42").json()["message_code"] == "not_found"


def test_by_name(get):
    for family, name in (("Яковлева", "А"), ("Абрамова", "Б"), ("Абрамова", "А")):
        a_doctor(family=family, name=name)

    names = [(item["family"], item["name"]) for item in items(get())]
    assert names == [("Абрамова", "А"), ("Абрамова", "Б"), ("Яковлева", "А")]


class TestFilters:
    @pytest.fixture(autouse=True)
    def _others(self):
        a_doctor()

    def test_by_lpu(self, get, doctor):
        assert guids(get(query={"lpu": str(doctor.lpu.guid).upper()})) == [doctor.guid]

    def test_by_speciality(self, get, doctor):
        Speciality.objects.filter(pk=doctor.speciality_id).update(code="49")
        assert guids(get(query={"speciality": "49"})) == [doctor.guid]

    def test_by_position(self, get, doctor):
        Position.objects.filter(pk=doctor.position_id).update(code="109")
        assert guids(get(query={"position": "109"})) == [doctor.guid]

    def test_by_free_places(self, get, doctor):
        a_slot(doctor)
        assert guids(get(query={"hasFreeSlots": "true"})) == [doctor.guid]
        assert len(guids(get(query={"hasFreeSlots": "false"}))) == 2

    def test_all_at_once(self, get, doctor):
        Speciality.objects.filter(pk=doctor.speciality_id).update(code="49")
        both = {"speciality": "49", "lpu": str(doctor.lpu.guid)}
        assert guids(get(query=both)) == [doctor.guid]
        assert guids(get(query=both | {"hasFreeSlots": "true"})) == []

    @pytest.mark.parametrize("query", [{"lpu": str(uuid.uuid4())}, {"speciality": "-"}, {"position": "-"}])
    def test_what_nobody_has_gives_none(self, get, query):
        assert items(get(query=query)) == []

    @pytest.mark.parametrize(("query", "field"), [("lpu=42", "lpu"), ("hasFreeSlots=maybe", "hasFreeSlots")])
    def test_bad_forms_are_refused(self, get, query, field):
        answer = get(f"/resources?{query}")
        assert (answer.status_code, answer.json()["message_code"]) == (400, "validation_error")
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_blank_and_unknown_ones_are_ignored(self, get, doctor):
        assert len(items(get("/resources?lpu=&speciality=&hasFreeSlots=&colour=blue"))) == 2


class TestNextFree:
    @staticmethod
    def of(doctor, now=None):
        found = orjson.loads(get_resource(guid=doctor.guid, now=now or timezone.now()))["nextFree"]
        return found and uuid.UUID(found["slot"])

    def test_the_earliest(self, doctor):
        a_slot(doctor, hours=48)
        first = a_slot(doctor, hours=24)

        assert self.of(doctor) == first.guid

    def test_not_one_that_has_begun(self, doctor):
        first, second = a_slot(doctor, hours=1), a_slot(doctor, hours=2)

        assert self.of(doctor, first.begin) == second.guid
        assert self.of(doctor, first.begin - dt.timedelta(seconds=1)) == first.guid

    @pytest.mark.parametrize("how", [{"is_blocked": True}, {"withdrawn": "staff"}, {"withdrawn": "generator"}])
    def test_not_one_that_the_clinic_closed(self, doctor, how):
        a_slot(doctor, hours=1, **how)
        second = a_slot(doctor, hours=2)

        assert self.of(doctor) == second.guid

    def test_not_a_full_one(self, doctor):
        first, second = a_slot(doctor, hours=1), a_slot(doctor, hours=2, capacity=2)
        book(first)
        book(second)

        assert self.of(doctor) == second.guid
        book(second, seat=2)
        assert self.of(doctor) is None

    def test_the_others_have_theirs(self, doctor):
        other = a_doctor(doctor.lpu)
        mine, theirs = a_slot(doctor), a_slot(other)

        assert (self.of(doctor), self.of(other)) == (mine.guid, theirs.guid)


@pytest.mark.parametrize("text", ['"', "\\", "\n\x01", "</script>", "Ё 😀", "'"])
def test_any_text_is_good_json(get, text):
    lpu = an_lpu()
    a_doctor(
        lpu,
        family=text,
        name=text,
        patronymic=text,
        speciality=Speciality.objects.create(code=text, name=text),
        position=Position.objects.create(code=text, name=text),
        department=Department.objects.create(lpu=lpu, name=text),
        room=Room.objects.create(lpu=lpu, number=text),
    )

    (item,) = items(get(query={"lpu": str(lpu.guid)}))

    assert [item[name] for name in ("family", "name", "patronymic", "department", "room")] == [text] * 5
    assert item["position"] == item["speciality"] == {"code": text, "name": text}


@pytest.mark.parametrize("url", ["/resources", "/resources?hasFreeSlots=true", "/resources/{guid}"])
def test_statements(get, doctor, url):
    for _ in range(5):
        a_slot(a_doctor())
    url = url.format(guid=doctor.guid)
    get(url)  # the client's last use has been noted
    with statements() as found:
        get(url)
    # 1. the client by login, 2. the doctors with their next free places
    assert len(found) == 2, listed(found)


def test_the_next_free_place_comes_from_the_index_of_free_ones(doctor):
    a_slot(doctor)
    with statements() as found:
        list_resources(now=timezone.now())
    with only("appointments_slot", "slot_free") as cursor:
        lines = plan(cursor, found[0])
    assert any("using slot_free" in line for line in lines), lines


def test_a_doctor_with_all_booked_has_none(doctor):
    for hours in range(1, 5):
        book(a_slot(doctor, hours=hours))

    assert list_resources(now=timezone.now(), only_free=True) == []
    assert Slot.objects.free(timezone.now()).count() == 0
    assert Doctor.objects.published().count() == 1
