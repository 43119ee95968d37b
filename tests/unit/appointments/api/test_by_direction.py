"""A, B, I′: the region books by direction; the seed's own example, and every rule of contract A."""

import copy
import uuid
from pathlib import Path

import pytest

from appointments.models import Appointment
from directions.models import Direction
from lmis.models import Lpu
from patients.models import CardUpload, Patient
from tests.factories import cast
from tests.factories.patients import spellings
from tests.statements import listed, statements
from tests.unit.appointments.api.test_own import refused

pytestmark = pytest.mark.django_db
URL = "/api/dir/appointments"
SEED = Path(__file__).parents[3] / "seeds" / "direction_request.json"


def book(http, body):
    return http.post(URL, body, format="json")


def changed(body, **paths):
    """A copy with some values changed: `patient__polis__number=…`; None of `...` takes the field away."""
    body = copy.deepcopy(body)
    for path, value in paths.items():
        *parents, name = path.split("__")
        target = body
        for parent in parents:
            target = target[parent]
        if value is ...:
            del target[name]
        else:
            target[name] = value
    return body


def test_the_seeds_own_example_books(http, slot, doctor):
    sent = SEED.read_text(encoding="utf-8")
    sent = sent.replace("766998fb-1915-4d54-a3f3-934f60125aac", str(slot.guid))
    sent = sent.replace("1dadf64c-f34a-4023-98a6-3e7b7be4f243", str(doctor.lpu.guid))
    made = http.post(URL, sent.encode(), content_type="application/json")
    assert made.status_code == 201, made.content
    body = made.json()
    appointment = Appointment.objects.get()
    assert made["Location"] == f"/api/appointments/{appointment.guid}"
    direction = {
        "guid": "2d793f84-26c9-496d-bd64-745095eb1f80",
        "number": "14555-9984",
        "reason": "",
        "speciality": {"code": "1234", "name": ""},
        "lpuFromGuid": str(doctor.lpu.guid),
        "lpuToGuid": str(doctor.lpu.guid),
        "dateDirection": "2021-04-21T03:00:00+03:00",
        "diagnosis": {"code": "A01.0", "name": ""},
    }
    assert list(body)[:6] == ["guid", "number", "slot", "source", "createTime", "direction"]
    assert body == {
        "guid": str(appointment.guid),
        "number": f"{slot.ordinal:02d}",
        "slot": str(slot.guid),
        "source": "Internet",
        "createTime": body["createTime"],
        "direction": direction,
        "state": "booked",
        "begin": body["begin"],
        "end": body["end"],
        "resource": str(doctor.guid),
    }
    card = Patient.objects.get()
    assert (card.lpu, card.polis_number, card.document_number) == (doctor.lpu, "1234567812345678", "567812")
    assert CardUpload.objects.get(patient=card).state == "waiting"


def test_two_hundred_when_the_region_wants_it(http, body, settings):
    settings.DIRECTION_BOOKING_STATUS = 200
    assert book(http, body).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slot", ...),
        ("slot", "cat"),
        ("patient", ...),
        ("patient", None),
        ("docSender", ...),
        ("direction", ...),
        ("direction__guid", ...),
        ("direction__guid", ""),
        ("direction__lpuFromGuid", None),
        ("direction__lpuToGuid", "1"),
        ("direction__dateDirection", "2021-04-21T03:00:00"),
        ("direction__dateDirection", "yesterday"),
        ("patient__birthDate", "31.12.1980"),
        ("patient__sex", "X"),
        ("docSender__guid", "cat"),
        ("patient__family", {"a": 1}),
        ("patient__family", "я" * 101),
    ],
)
def test_malformed_fields_are_named_and_nothing_is_made(http, body, field, value):
    response = book(http, changed(body, **{field: value}))
    assert (response.status_code, response.json()["message_code"]) == (400, "validation_error")
    assert field.replace("__", ".") in {error["field"] for error in response.json()["errors"]}
    assert (Appointment.objects.count(), Patient.objects.count(), Direction.objects.count()) == (0, 0, 0)


def test_one_number_of_the_patient_is_needed(http, body):
    both = changed(body, patient__polis__number=" ", patient__identityDocument__number="")
    response = book(http, both)
    assert response.json()["errors"][0]["field"] == "patient.polis.number"
    assert book(http, changed(body, patient__polis=..., docSender={})).status_code == 201


def test_all_else_may_be_missing(http, body, slot):
    guids = {name: body["direction"][name] for name in ("guid", "lpuFromGuid", "lpuToGuid")}
    least = {
        "slot": str(slot.guid),
        "patient": {"polis": {"number": "7777777777777777"}},
        "docSender": {},
        "direction": guids,
        "unknown": {"field": 1},
    }
    made = book(http, least)
    assert made.status_code == 201, made.content
    assert made.json()["direction"]["speciality"] == {"code": "", "name": ""}


def test_a_letter_and_its_sign_as_two_characters_mean_the_same_patient(http, body, slot, doctor):
    card = cast.a_patient(doctor.lpu, polis_number="1111222233334444", family="Зайцев", name="Семён")
    sent = changed(body, patient__polis__number="1111222233334444", patient__patronymic="")
    sent = changed(sent, patient__family="Заи\u0306цев", patient__name="Семе\u0308н")
    assert book(http, sent).status_code == 201
    assert card.appointments.count() == 1


def test_the_wrong_lpu(http, body, slot):
    refused(book(http, changed(body, direction__lpuToGuid=str(uuid.uuid4()))), 409, "wrong_lpu")
    foreign, second = cast.an_lpu(own=False), cast.an_lpu()
    refused(book(http, changed(body, direction__lpuToGuid=str(foreign.guid))), 409, "wrong_lpu")
    refused(book(http, changed(body, direction__lpuToGuid=str(second.guid))), 409, "wrong_lpu")
    assert Patient.objects.count() == 0


def test_refusals_come_in_the_contracts_order(http, body, slot, doctor):
    """Each request has every later fault too; the first one counts."""
    cast.a_patient(doctor.lpu, polis_number="1111222233334444", family="Иванова")
    cast.a_patient(doctor.lpu, polis_number="1111222233334444", family="Иванова", name="Анна")
    ambiguous = changed(body, patient__polis__number="1111222233334444", patient__family="Иванова", patient__name="")
    elsewhere = changed(ambiguous, direction__lpuToGuid=str(uuid.uuid4()), slot=str(uuid.uuid4()))
    refused(book(http, elsewhere), 409, "wrong_lpu")
    unknown_slot = changed(ambiguous, slot=str(uuid.uuid4()))
    refused(book(http, unknown_slot), 409, "patient_ambiguous")

    other = cast.a_patient(doctor.lpu)
    lpu_from = Lpu.objects.create(guid=body["direction"]["lpuFromGuid"])
    Direction.objects.create(
        guid=body["direction"]["guid"], lpu_from=lpu_from, lpu_to=doctor.lpu, patient=other, number="1"
    )
    refused(book(http, changed(body, slot=str(uuid.uuid4()))), 409, "direction_mismatch")
    fresh = changed(body, direction__guid=str(uuid.uuid4()))
    refused(book(http, changed(fresh, slot=str(uuid.uuid4()))), 404, "slot_not_found")
    begun = cast.a_slot(doctor, hours=-1, is_blocked=True, channels=["Registry"])
    refused(book(http, changed(fresh, slot=str(begun.guid))), 409, "slot_expired")
    blocked = cast.a_slot(doctor, hours=2, is_blocked=True, channels=["Registry"])
    refused(book(http, changed(fresh, slot=str(blocked.guid))), 409, "slot_unavailable")
    closed = cast.a_slot(doctor, hours=3, channels=["Registry", "Internet"])
    refused(book(http, changed(fresh, slot=str(closed.guid))), 403, "channel_not_allowed")
    assert (Appointment.objects.count(), Direction.objects.count()) == (0, 1)


def test_a_refused_booking_leaves_neither_card_nor_direction_nor_lpu(http, body, slot, doctor):
    before = Lpu.objects.count()
    cast.Region().http(cast.a_patient(doctor.lpu)).post("/api/appointments", {"slot": body["slot"]}, format="json")
    refused(book(http, body), 409, "slot_taken")
    assert (Patient.objects.count(), Direction.objects.count(), Lpu.objects.count()) == (1, 0, before)


def test_the_channels_of_a_direction(http, body, doctor):
    own_channel = cast.a_slot(doctor, hours=30, channels=["Internet"])
    refused(book(http, changed(body, slot=str(own_channel.guid))), 403, "channel_not_allowed")
    ours = changed(body, slot=str(own_channel.guid), direction__lpuFromGuid=str(doctor.lpu.guid))
    assert book(http, ours).status_code == 201


def test_the_second_booking_by_one_direction_is_refused_with_the_first(http, body, doctor):
    made = book(http, body).json()
    again = changed(body, slot=str(cast.a_slot(doctor, hours=40).guid))
    assert refused(book(http, again), 409, "direction_already_booked") == {"appointment": made}
    assert book(http, body).json()["message_code"] == "direction_already_booked"
    guid = body["direction"]["guid"]
    assert http.get(URL, {"direction": guid.upper()}).json() == {"items": [made]}
    cancelled = http.delete(f"{URL}/{made['guid']}")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert http.get(URL, {"direction": guid}).json() == {"items": []}
    second = book(http, again)
    assert second.status_code == 201
    every = http.get(URL, {"direction": guid, "state": "all"}).json()["items"]
    assert [item["state"] for item in every] == ["cancelled", "booked"]


def test_the_speciality_is_checked_when_asked_for(http, body, doctor, settings):
    doctor.speciality.code = "76"
    doctor.speciality.save()
    settings.CHECK_DIRECTION_SPECIALITY = True
    refused(book(http, body), 409, "speciality_mismatch")
    body["direction"]["speciality"]["code"] = "76"
    assert book(http, body).status_code == 201


@pytest.mark.parametrize(("state", "holds"), [("visited", True), ("missed", False)])
def test_which_states_hold_the_direction(http, body, doctor, state, holds):
    book(http, body)
    Appointment.objects.update(state=state)
    items = http.get(URL, {"direction": body["direction"]["guid"]}).json()["items"]
    assert len(items) == holds
    again = book(http, changed(body, slot=str(cast.a_slot(doctor, hours=40).guid)))
    assert again.status_code == (409 if holds else 201)


def test_an_unknown_direction_has_no_appointments(http):
    assert http.get(URL, {"direction": str(uuid.uuid4())}).json() == {"items": []}
    assert http.get(URL).status_code == 400
    assert http.get(URL, {"direction": "cat"}).status_code == 400


def test_without_a_direction_the_directions_door_is_shut(http, region, slot, patient):
    made = region.http(patient).post("/api/appointments", {"slot": str(slot.guid)}, format="json").json()
    refused(http.delete(f"{URL}/{made['guid']}"), 404, "appointment_not_found")


def test_a_known_card_is_used_and_its_blanks_are_filled(http, body, doctor):
    card = cast.a_patient(
        doctor.lpu, polis_number=body["patient"]["polis"]["number"], family="СИДОРОВА", name="", phone="1"
    )
    assert book(http, body).status_code == 201
    card = Patient.objects.get()
    assert (card.family, card.name, card.phone) == ("СИДОРОВА", "Мария", "1")


@pytest.mark.parametrize(("paper", "column"), [("polis", "polis_number"), ("identityDocument", "document_number")])
def test_a_number_spelled_otherwise_makes_no_second_card(http, body, doctor, paper, column):
    number = body["patient"][paper]["number"]
    body["patient"] |= {"polis": {}, "identityDocument": {}}
    for hours, spelled in enumerate([number, *spellings(number)], 30):
        news = changed(body, slot=str(cast.a_slot(doctor, hours=hours).guid), direction__guid=str(uuid.uuid4()))
        news["direction"]["number"] = str(hours)
        news["patient"][paper] = {"number": spelled}
        assert book(http, news).status_code == 201
    assert Patient.objects.values_list(column, flat=True).get() == number


def test_the_scope_is_needed(slot, body):
    http = cast.Region(scopes=["schedule", "appointments"]).http()
    refused(book(http, body), 403, "scope_required")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {cast.token_of(cast.a_patient(slot.doctor.lpu))}"}
    refused(cast.Region().http(**bearer).get(URL, {"direction": str(uuid.uuid4())}), 403, "scope_required")


@pytest.mark.django_db(transaction=True)
def test_statements_with_a_new_and_with_a_known_patient(region, doctor):
    http = region.http(HTTP_IDEMPOTENCY_KEY="a")
    http.get(URL, {"direction": str(uuid.uuid4())})
    first = cast.a_direction_request(cast.a_slot(doctor), doctor.lpu)
    with statements() as found:
        assert book(http, first).status_code == 201
    # BEGIN brings the time-outs and the key's lock along. 1 client, 2 remembered answer, 3 both LPUs and the slot's,
    # 4 advisory locks, 5 candidates, 6 the card, 7 the unknown LPU among former guids, 8 its row, 9 read afresh,
    # 10 the direction sought, 11 the direction, 12 slot, 13 the appointment, 14 the answer remembered
    assert len(found) == 14, listed(found)
    second = cast.a_direction_request(cast.a_slot(doctor, hours=30), doctor.lpu, lpu_from=Lpu.objects.last())
    known = first["patient"] | {"patronymic": "Ильинична"}
    second = changed(second, patient=known)
    http = region.http(HTTP_IDEMPOTENCY_KEY="b")
    with statements() as found:
        assert book(http, second).status_code == 201
    # As above without 7 to 9, and 6 fills a blank of the card
    assert len(found) == 11, listed(found)
    book(http, second)
    http = region.http(HTTP_IDEMPOTENCY_KEY="c")
    Appointment.objects.update(state="missed")
    third = changed(second, slot=str(cast.a_slot(doctor, hours=50).guid), direction__reason="боль", patient__phone="7")
    third["patient"]["snils"] = "112-233-445 95"
    with statements() as found:
        assert book(http, third).status_code == 201
    # As above, 8 brings the direction up to date
    assert len(found) == 11, listed(found)
