"""G, H, I: the token's patient books, sees, cancels."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from appointments.models import Appointment, Slot
from lmis.actors import SYSTEM
from patients.services import merging
from tests.factories import cast
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
URL = "/api/appointments"


def book(http, slot, **headers):
    return http.post(URL, {"slot": str(slot.guid)}, format="json", **headers)


def refused(response, status, code):
    """The refusal, which changed nothing."""
    body = response.json()
    assert (response.status_code, body["code"], body["message_code"]) == (status, status, code)
    return body["details"]


def test_a_patient_books_sees_and_cancels(region, slot, patient):
    http = region.http(patient)
    made = book(http, slot)
    assert made.status_code == 201
    body = made.json()
    assert made["Location"] == f"{URL}/{body['guid']}"
    tz = slot.doctor.lpu.tz
    assert body == {
        "guid": str(Appointment.objects.get().guid),
        "number": f"{slot.ordinal:02d}",
        "slot": str(slot.guid),
        "source": "Internet",
        "createTime": body["createTime"],
        "direction": None,
        "state": "booked",
        "begin": slot.begin.astimezone(tz).isoformat(),
        "end": slot.end.astimezone(tz).isoformat(),
        "resource": str(slot.doctor.guid),
    }
    assert dt.datetime.fromisoformat(body["createTime"]).utcoffset() == dt.timedelta(hours=3)
    assert http.get(URL).json() == {"items": [body]}
    assert http.get(f"{URL}/{body['guid']}").json() == body
    cancelled = http.delete(f"{URL}/{body['guid']}", {"reason": "передумал"}, format="json")
    assert (cancelled.status_code, cancelled.json()) == (200, body | {"state": "cancelled"})
    assert Appointment.objects.get().cancel_reason == "передумал"
    assert http.get(URL).json() == {"items": []}
    assert http.get(URL, {"state": "all"}).json() == {"items": [body | {"state": "cancelled"}]}
    assert book(http, slot).status_code == 201


def test_a_trailing_slash_and_upper_case_change_nothing(region, slot, patient):
    http = region.http(patient)
    made = http.post(f"{URL}/", {"slot": str(slot.guid).upper()}, format="json")
    assert made.status_code == 201
    assert http.get(f"{URL}/{made.json()['guid'].upper()}/").json() == made.json()


def test_cancelling_needs_no_body_and_no_content_type(region, slot, patient):
    http = region.http(patient)
    guid = book(http, slot).json()["guid"]
    assert http.delete(f"{URL}/{guid}").status_code == 200
    refused(http.delete(f"{URL}/{guid}"), 409, "already_cancelled")


@pytest.mark.parametrize(("sent", "kept"), [("пере\x01думал\x0b\nа", "передумал \nа"), (None, ""), (" \x7f ", "")])
def test_a_reason_has_no_control_characters(region, slot, patient, sent, kept):
    http = region.http(patient)
    assert http.delete(f"{URL}/{book(http, slot).json()['guid']}", {"reason": sent}, format="json").status_code == 200
    assert Appointment.objects.get().cancel_reason == kept


def test_the_token_alone_is_enough(slot, patient, region):
    http = region.http(HTTP_AUTHORIZATION=f"Bearer {cast.token_of(patient, source='Infomat')}")
    Slot.objects.update(channels=["Infomat"])
    made = book(http, slot)
    assert (made.status_code, made.json()["source"]) == (201, "Infomat")


@pytest.mark.parametrize("slot_guid", [None, "", "cat", 5, [], {}, "12345678-1234-1234-1234"])
def test_a_malformed_slot(region, patient, slot_guid):
    response = region.http(patient).post(URL, {"slot": slot_guid}, format="json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "slot"


def test_who_must_be_known(region, slot, patient):
    refused(book(region.http(), slot), 401, "unauthorized")
    refused(book(region.http(HTTP_X_PATIENT_TOKEN="cat"), slot), 401, "token_invalid")
    stranger = cast.token_of(mkabs=[str(uuid.uuid4())])
    refused(book(region.http(HTTP_X_PATIENT_TOKEN=stranger), slot), 404, "patient_not_found")
    assert Appointment.objects.count() == 0


def test_a_card_of_another_lpu_does_not_do(region, slot):
    elsewhere = cast.a_patient(cast.an_lpu())
    refused(book(region.http(elsewhere), slot), 404, "patient_not_found")


def test_with_cards_in_two_lpus_that_of_the_slot_is_used(region, slot, patient):
    elsewhere = cast.a_patient(cast.an_lpu())
    http = region.http(HTTP_X_PATIENT_TOKEN=cast.token_of(elsewhere, patient))
    assert book(http, slot).status_code == 201
    assert Appointment.objects.get().patient == patient


def test_one_token_sees_and_cancels_on_all_of_its_cards(region, slot, patient):
    """Contract §2.1: with several own LPUs the token means all of its cards, for H and I."""
    elsewhere = cast.a_patient(cast.an_lpu())
    there = cast.a_slot(cast.a_doctor(elsewhere.lpu), hours=30)
    stranger = book(region.http(cast.a_patient(slot.doctor.lpu)), cast.a_slot(slot.doctor, hours=31)).json()
    http = region.http(HTTP_X_PATIENT_TOKEN=cast.token_of(patient, elsewhere))
    made = [book(http, place).json() for place in (slot, there)]
    holders = dict(Appointment.objects.values_list("slot__guid", "patient"))
    assert (holders[slot.guid], holders[there.guid]) == (patient.pk, elsewhere.pk)
    assert http.get(URL).json() == {"items": made}
    for body in made:
        assert http.get(f"{URL}/{body['guid']}").json() == body
        cancelled = http.delete(f"{URL}/{body['guid']}")
        assert (cancelled.status_code, cancelled.json()) == (200, body | {"state": "cancelled"})
    assert http.get(URL).json() == {"items": []}
    assert Appointment.objects.get(state="booked").guid == uuid.UUID(stranger["guid"])


def test_refusals_of_the_slot_in_their_order(region, doctor, patient):
    http = region.http(patient)
    refused(http.post(URL, {"slot": str(uuid.uuid4())}, format="json"), 404, "slot_not_found")
    free = [cast.a_slot(doctor, hours=hours) for hours in range(30, 37)]
    begun = cast.a_slot(doctor, hours=-1, is_blocked=True, channels=["Registry"])
    nearest = refused(book(http, begun), 409, "slot_expired")["nearest"]
    assert [offer["guid"] for offer in nearest] == [str(slot.guid) for slot in free[:5]]
    blocked = cast.a_slot(doctor, hours=2, is_blocked=True, channels=["Registry"])
    assert refused(book(http, blocked), 409, "slot_unavailable") == {"nearest": nearest}
    withdrawn = cast.a_slot(doctor, hours=3, withdrawn="staff")
    assert refused(book(http, withdrawn), 409, "slot_unavailable") == {"nearest": nearest}
    closed = cast.a_slot(doctor, hours=4, channels=["Registry", "CallCenter"])
    assert refused(book(http, closed), 403, "channel_not_allowed") == {"channels": ["Registry", "CallCenter"]}
    assert Appointment.objects.count() == 0


def test_a_hidden_doctors_slot_is_unavailable_and_a_never_shown_one_unknown(region, slot, patient):
    slot.doctor.is_published = False
    slot.doctor.save()
    refused(book(region.http(patient), slot), 409, "slot_unavailable")
    secret = cast.a_slot(cast.a_doctor(slot.doctor.lpu, is_published=False))
    refused(book(region.http(patient), secret), 404, "slot_not_found")


def test_twice_the_same_place(region, slot, patient):
    Slot.objects.update(capacity=2)
    http = region.http(patient)
    made = book(http, slot).json()
    assert refused(book(http, slot), 409, "already_booked") == {"appointment": made}


def test_twice_a_slot_of_one_place_is_ones_own_appointment_and_not_a_taken_place(region, slot, patient):
    http = region.http(patient)
    made = book(http, slot).json()
    assert refused(book(http, slot), 409, "already_booked") == {"appointment": made}
    refused(book(region.http(cast.a_patient(slot.doctor.lpu)), slot), 409, "slot_taken")


def test_a_taken_place_offers_the_same_doctor_first_then_the_speciality(region, slot, patient):
    doctor = slot.doctor
    colleague = cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
    other = cast.a_doctor(doctor.lpu)
    elsewhere = cast.a_doctor(cast.an_lpu(), speciality=doctor.speciality)
    own = [cast.a_slot(doctor, hours=hours) for hours in (50, 40)]
    theirs = [cast.a_slot(colleague, hours=hours) for hours in (30, 35, 25, 60)]
    cast.a_slot(other, hours=25), cast.a_slot(elsewhere, hours=25)
    cast.a_slot(doctor, hours=26, channels=["Registry"])
    book(region.http(patient), slot)
    second = region.http(cast.a_patient(doctor.lpu))
    nearest = refused(book(second, slot), 409, "slot_taken")["nearest"]
    expected = [own[1], own[0], theirs[2], theirs[0], theirs[1]]
    assert [offer["guid"] for offer in nearest] == [str(slot.guid) for slot in expected]
    assert nearest[0]["status"] == "Available"
    assert Appointment.objects.count() == 1


def test_seats_of_a_slot_for_several_are_numbered_and_given_again(region, doctor):
    slot = cast.a_slot(doctor, capacity=3)
    callers = [region.http(cast.a_patient(doctor.lpu)) for _ in range(4)]
    made = [book(http, slot).json() for http in callers[:3]]
    assert [body["number"] for body in made] == [f"{slot.ordinal:02d}-{seat}" for seat in (1, 2, 3)]
    callers[1].delete(f"{URL}/{made[1]['guid']}")
    assert book(callers[3], slot).json()["number"] == made[1]["number"]


def test_somebody_elses_appointment_does_not_exist(region, slot, patient):
    guid = book(region.http(patient), slot).json()["guid"]
    stranger = region.http(cast.a_patient(slot.doctor.lpu))
    refused(stranger.get(f"{URL}/{guid}"), 404, "appointment_not_found")
    refused(stranger.delete(f"{URL}/{guid}"), 404, "appointment_not_found")
    assert stranger.get(URL, {"state": "all"}).json() == {"items": []}
    assert Appointment.objects.get().state == "booked"


@pytest.mark.parametrize(("state", "code"), [("visited", "visit_done"), ("missed", "visit_done")])
def test_a_visit_is_not_cancelled(region, slot, patient, state, code):
    http = region.http(patient)
    guid = book(http, slot).json()["guid"]
    Appointment.objects.update(state=state)
    refused(http.delete(f"{URL}/{guid}"), 409, code)


def test_too_late_to_cancel(region, slot, patient, settings):
    http = region.http(patient)
    guid = book(http, slot).json()["guid"]
    settings.CANCEL_UNTIL_MINUTES = 25 * 60
    refused(http.delete(f"{URL}/{guid}"), 409, "too_late_to_cancel")
    settings.CANCEL_UNTIL_MINUTES = 23 * 60
    assert http.delete(f"{URL}/{guid}").status_code == 200


def test_the_list_by_state_and_day(region, doctor, patient):
    http = region.http(patient)
    soon, later = cast.a_slot(doctor, hours=24), cast.a_slot(doctor, hours=24 * 5)
    guids = [book(http, slot).json()["guid"] for slot in (later, soon)][::-1]
    past = cast.a_slot(doctor, hours=-5)
    Appointment.objects.create(slot=past, patient=patient, number="77")

    def listed_by(**query):
        return [item["guid"] for item in http.get(URL, query).json()["items"]]

    assert listed_by() == guids
    assert len(listed_by(state="all")) == 3
    day = later.day.isoformat()
    assert listed_by(dateFrom=day) == guids[1:]
    assert listed_by(dateTo=soon.day.isoformat()) == guids[:1]
    assert listed_by(dateFrom=day, dateTo=day) == guids[1:]
    assert http.get(URL, {"state": "maybe"}).status_code == 400
    for wrong in ("tomorrow", "20260421", "2026-4-21", "2026-W17-2", "2026-02-30"):
        assert http.get(URL, {"dateFrom": wrong}).status_code == 400, wrong


def test_the_same_key_gives_the_same_answer(region, slot, patient):
    http = region.http(patient, HTTP_IDEMPOTENCY_KEY="k1")
    first, second = book(http, slot), book(http, slot)
    assert (first.content, first["Location"]) == (second.content, second["Location"])
    assert (second.status_code, second["Idempotency-Replayed"]) == (201, "true")
    guid = first.json()["guid"]
    cancel = region.http(patient, HTTP_IDEMPOTENCY_KEY="k2")
    assert cancel.delete(f"{URL}/{guid}").content == cancel.delete(f"{URL}/{guid}").content
    refused(book(cancel, slot), 422, "idempotency_key_reused")
    other = region.http(cast.a_patient(slot.doctor.lpu), HTTP_IDEMPOTENCY_KEY="k1")
    refused(book(other, slot), 422, "idempotency_key_reused")


@pytest.mark.django_db(transaction=True)
def test_statements_of_booking(region, slot, patient):
    http = region.http(patient, HTTP_IDEMPOTENCY_KEY="k1")
    http.get(URL)
    with statements() as found:
        assert book(http, slot).status_code == 201
    # BEGIN brings the time-outs and the key's lock along. 1 client and secrets, 2 patient by token,
    # 3 remembered answer, 4 slot locked with doctor and LPU, 5 the appointment, 6 the answer remembered
    assert len(found) == 6, listed(found)


@pytest.mark.django_db(transaction=True)
def test_statements_of_booking_the_second_seat(region, doctor, patient):
    slot = cast.a_slot(doctor, capacity=2)
    book(region.http(patient), slot)
    http = region.http(cast.a_patient(doctor.lpu), HTTP_IDEMPOTENCY_KEY="k1")
    with statements() as found:
        assert book(http, slot).status_code == 201
    # as above, and who holds the slot's seats
    assert len(found) == 7, listed(found)


@pytest.mark.django_db(transaction=True)
def test_statements_of_cancelling_and_seeing(region, slot, patient):
    http = region.http(patient)
    guid = book(http, slot).json()["guid"]
    with statements() as found:
        http.get(URL)
    # 1 client, 2 patient, 3 the list with slot, doctor, LPU, direction
    assert len(found) == 3, listed(found)
    with statements() as found:
        assert http.delete(f"{URL}/{guid}").status_code == 200
    # 1 client, 2 patient, 3 which slot, 4 slot locked, 5 appointment locked, 6 cancelled
    assert len(found) == 6, listed(found)


def test_now_is_taken_once(region, slot, patient):
    before = timezone.now()
    made = book(region.http(patient), slot).json()
    assert dt.datetime.fromisoformat(made["createTime"]) >= before.replace(microsecond=0)


def by_client(region, *patients, key="once"):
    return region.http(HTTP_X_PATIENT_TOKEN=cast.token_of(*patients), HTTP_IDEMPOTENCY_KEY=key)


def by_bearer(region, *patients, key="once"):
    return region.http(HTTP_AUTHORIZATION=f"Bearer {cast.token_of(*patients)}", HTTP_IDEMPOTENCY_KEY=key)


def merge(duplicate, into):
    return merging.merge(duplicate=duplicate, into=into, by=SYSTEM, now=timezone.now())


@pytest.mark.parametrize("caller", [by_client, by_bearer])
class TestRepeatedAfterAMerge:
    """Contract §2.3: the same patient's same request has its first answer, whichever of his cards stands for him."""

    def told_again(self, first, again):
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotency-Replayed"] == "true"

    @pytest.mark.parametrize("names_survivor", [False, True])
    @pytest.mark.parametrize("is_older", [False, True])
    def test_a_booking_and_its_cancelling(self, region, slot, patient, caller, is_older, names_survivor):
        newer = cast.a_patient(slot.doctor.lpu)
        duplicate, survivor = (patient, newer) if is_older else (newer, patient)
        first = book(caller(region, duplicate), slot)
        url = f"{URL}/{first.json()['guid']}"
        cancelled = caller(region, duplicate, key="cancel").delete(url)
        assert (first.status_code, cancelled.status_code) == (201, 200)
        merge(duplicate, survivor)
        named = survivor if names_survivor else duplicate
        self.told_again(first, book(caller(region, named), slot))
        self.told_again(cancelled, caller(region, named, key="cancel").delete(url))
        assert Appointment.objects.get().state == "cancelled"

    def test_also_after_a_second_merge(self, region, slot, patient, caller):
        second, third = (cast.a_patient(slot.doctor.lpu) for _ in range(2))
        first = book(caller(region, patient), slot)
        merge(patient, second)
        merge(second, third)
        self.told_again(first, book(caller(region, third), slot))

    def test_also_when_another_card_has_become_the_first(self, region, slot, patient, caller):
        """One of two cards goes into one that is older than both."""
        elsewhere = cast.a_patient(cast.an_lpu())
        later = cast.a_patient(slot.doctor.lpu)
        first = book(caller(region, elsewhere, later), slot)
        merge(later, patient)
        self.told_again(first, book(caller(region, elsewhere, patient), slot))

    def test_nobody_elses_answer_and_no_other_requests(self, region, slot, patient, caller):
        stranger, newer = (cast.a_patient(slot.doctor.lpu) for _ in range(2))
        other = cast.a_slot(slot.doctor, hours=30)
        book(caller(region, patient), slot)
        merge(patient, newer)
        merge(cast.a_patient(slot.doctor.lpu), stranger)
        refused(book(caller(region, newer), other), 422, "idempotency_key_reused")
        told = book(caller(region, stranger), slot)
        if caller is by_bearer:  # a key of his own
            refused(told, 409, "slot_taken")
        else:
            refused(told, 422, "idempotency_key_reused")
        assert Appointment.objects.count() == 1
