"""One key, many callers: one appointment, the same bytes, never another patient's answer."""

import collections

import pytest

from appointments.models import Appointment
from appointments.services import integrity
from lmis.api import idempotency
from lmis.models import IdempotencyRecord
from tests.concurrency.conftest import rivals
from tests.factories import cast

pytestmark = pytest.mark.concurrency


def persistent(send):
    """`request_in_progress` means: the answer is on its way, ask again."""
    for _attempt in range(200):
        response = send()
        if response.json().get("message_code") not in {"request_in_progress", "unavailable"}:
            return response
        assert response["Retry-After"]
    raise AssertionError("never answered")


def test_twenty_times_one_key_is_one_appointment_and_the_same_bytes(region, doctor):
    slot, patient = cast.a_slot(doctor, capacity=30), cast.a_patient(doctor.lpu)
    http = region.http(patient, HTTP_IDEMPOTENCY_KEY="one")

    def send(_index):
        return persistent(lambda: http.post("/api/appointments", {"slot": str(slot.guid)}, format="json"))

    responses = rivals(20, send)
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert sum("Idempotency-Replayed" not in response for response in responses) == 1
    assert (Appointment.objects.count(), IdempotencyRecord.objects.count()) == (1, 1)


def test_twin_without_a_key_the_same_request_is_refused_the_second_time(region, doctor):
    slot, patient = cast.a_slot(doctor, capacity=30), cast.a_patient(doctor.lpu)
    http = region.http(patient)
    responses = rivals(5, lambda _: http.post("/api/appointments", {"slot": str(slot.guid)}, format="json"))
    codes = collections.Counter(response.json().get("message_code", "") for response in responses)
    assert codes == {"": 1, "already_booked": 4}


def others_answers(region, doctor, rounds):
    """How many, of two patients who send one key and one body at once, were told of somebody else's appointment."""
    wrong = 0
    for round_ in range(rounds):
        slot = cast.a_slot(doctor, hours=24 + round_, capacity=2)
        patients = [cast.a_patient(doctor.lpu) for _ in range(2)]
        callers = [region.http(patient, HTTP_IDEMPOTENCY_KEY=f"key{round_}") for patient in patients]

        def send(index, callers=callers, slot=slot):
            body = {"slot": str(slot.guid)}
            return persistent(lambda: callers[index].post("/api/appointments", body, format="json"))

        for patient, response in zip(patients, rivals(2, send), strict=True):
            own = Appointment.objects.filter(patient=patient).first()
            if response.status_code == 201:
                wrong += own is None or response.json()["guid"] != str(own.guid)
            else:
                assert (response.status_code, own) == (422, None)
    assert integrity.report() == []
    return wrong


def test_one_key_and_body_of_two_patients_gives_nobody_the_others_answer(region, doctor):
    assert others_answers(region, doctor, rounds=20) == 0


def test_twin_without_the_patient_in_the_fingerprint_the_second_gets_the_firsts(region, doctor, monkeypatch):
    original = idempotency._fingerprint
    monkeypatch.setattr(idempotency, "_fingerprint", lambda request, patient_key: original(request, ""))
    assert others_answers(region, doctor, rounds=3) == 3


def test_a_refusal_is_not_remembered(region, doctor):
    slot, patient = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
    first = region.http(cast.a_patient(doctor.lpu)).post("/api/appointments", {"slot": str(slot.guid)}, format="json")
    http = region.http(patient, HTTP_IDEMPOTENCY_KEY="again")
    refused = http.post("/api/appointments", {"slot": str(slot.guid)}, format="json")
    assert refused.json()["message_code"] == "slot_taken"
    assert IdempotencyRecord.objects.count() == 0
    Appointment.objects.filter(guid=first.json()["guid"]).delete()
    assert http.post("/api/appointments", {"slot": str(slot.guid)}, format="json").status_code == 201
