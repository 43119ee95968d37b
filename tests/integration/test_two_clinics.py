"""Contract §5, end to end: real processes, real HTTP, two clinics and the region between them."""

import contextlib
import os
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.demo import until
from tests.integration.bookings import free_slots, new_patient, states_of
from tests.integration.leaks import logs_of, of_patients, told_of


def believed_free(clinic):
    """Guids of the slots that the region believes to be free, now that it has polled once more."""
    polled = clinic.sandbox("POST", "/poll")
    assert polled.status_code == 200, polled.text
    body = polled.json()
    assert body["lastPoll"]["error"] == "", body["lastPoll"]
    return {slot["guid"] for group in body["items"] for slot in group["slots"]}


def test_a_patient_of_the_clinic(referring):
    """Upload → token → poll → book → see → cancel."""
    token = referring.token(referring.demo["sample"]["polis"])
    slot = free_slots(referring, "Internet")[0]
    assert slot["guid"] in believed_free(referring)
    made = referring.call("POST", "/appointments", token=token, json={"slot": slot["guid"]})
    assert made.status_code == 201, made.text
    guid = made.json()["guid"]
    listed = referring.call("GET", "/appointments", token=token).json()["items"]
    assert guid in [item["guid"] for item in listed]
    seen = referring.call("GET", f"/resources/{slot['resource']}/schedule").json()["items"]
    assert next(s for s in seen if s["guid"] == slot["guid"])["status"] == "Booked"
    assert slot["guid"] not in believed_free(referring)
    cancelled = referring.call("DELETE", f"/appointments/{guid}", token=token)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert slot["guid"] in [s["guid"] for s in free_slots(referring, "Internet")]
    assert slot["guid"] in believed_free(referring)


def a_referred_patient(referring, lpu_to):
    """Polis and direction of somebody whom the first clinic referred to the second, not yet booked."""
    return referring.rows(
        "SELECT p.polis_number, d.guid FROM directions_direction d JOIN patients_patient p ON p.id = d.patient_id"
        " JOIN lmis_lpu l ON l.id = d.lpu_to_id WHERE d.origin = 'issued' AND d.cancelled_at IS NULL"
        " AND d.outcome = '' AND l.guid = %s AND p.polis_number <> '' AND p.state = 'active'"
        " AND (d.valid_until IS NULL OR d.valid_until > current_date) LIMIT 1",
        lpu_to,
    )[0]


def test_a_direction_from_one_clinic_to_the_other(referring, receiving):
    """Ask the referrer → ask the receiver → book → be refused the second time → cancel → book again."""
    polis, direction = a_referred_patient(referring, receiving.demo["lpu_guid"])
    token = referring.token(polis)
    told = referring.call("GET", f"/dir/directions/{direction}", token=token)
    assert told.status_code == 200, told.text
    item = told.json()
    assert item["lpuTo"]["guid"] == receiving.demo["lpu_guid"]

    def held():
        return receiving.call("GET", "/dir/appointments", params={"direction": str(direction)}).json()["items"]

    assert held() == []
    first, second = free_slots(receiving, "DoctorOtherLPU")[:2]
    body = {"slot": first["guid"], **{name: item[name] for name in ("patient", "docSender", "direction")}}
    made = receiving.call("POST", "/dir/appointments", json=body)
    assert made.status_code == 201, made.text
    assert held() == [made.json()]
    again = receiving.call("POST", "/dir/appointments", json=body | {"slot": second["guid"]})
    assert (again.status_code, again.json()["message_code"]) == (409, "direction_already_booked")
    assert again.json()["details"]["appointment"] == made.json()
    assert receiving.call("DELETE", f"/dir/appointments/{made.json()['guid']}").status_code == 200
    assert held() == []
    assert receiving.call("POST", "/dir/appointments", json=body | {"slot": second["guid"]}).status_code == 201

    def card_there():
        """The receiver's new card reached the MIP, so that the patient's token opens the second clinic too."""
        token = referring.token(polis)
        answer = receiving.call("GET", "/appointments", token=token)
        return answer.status_code == 200 and [a["slot"] for a in answer.json()["items"]] == [second["guid"]]

    until(card_there, "the new card did not reach the MIP")


def test_fifty_callers_after_one_place(receiving):
    """By direction, each with a patient of its own whom the clinic has never seen: one gets the place, all are told.

    With the limits that we ship and the web processes and threads that the README starts.
    """
    slot = free_slots(receiving, "DoctorOtherLPU")[0]
    lpus = {"lpuFromGuid": "00000000-0000-4000-8000-00000000ffff", "lpuToGuid": receiving.demo["lpu_guid"]}

    def book(number):
        body = {
            "slot": slot["guid"],
            "patient": {"family": "Соперников", "polis": {"number": f"88888888888888{number:02d}"}},
            "docSender": {},
            "direction": {"guid": f"00000000-0000-4000-8000-0000000001{number:02d}", **lpus},
        }
        answer = receiving.call("POST", "/dir/appointments", json=body)
        return answer.status_code, answer.json().get("message_code", "")

    with ThreadPoolExecutor(50) as pool:
        answers = Counter(pool.map(book, range(50)))
    assert answers == {(201, ""): 1, (409, "slot_taken"): 49}


@pytest.fixture
def mute(receiving):
    """The receiving clinic while its Redis is frozen, not only gone: a connection to it hangs."""
    redis = receiving.demo["pids"]["redis"]
    os.kill(redis, signal.SIGSTOP)
    yield receiving
    os.kill(redis, signal.SIGCONT)


def test_without_redis_bookings_go_on_and_the_cards_follow(mute):
    """Nobody who books may notice: not one alone, nor fifty by eight callers at once."""
    bodies = [new_patient(mute, slot, n) for n, slot in enumerate(free_slots(mute, "DoctorOtherLPU")[:53])]
    for body in bodies[:3]:
        made = mute.call("POST", "/dir/appointments", json=body, timeout=5)
        assert made.status_code == 201, made.text
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda body: mute.call("POST", "/dir/appointments", json=body), bodies[3:]))
    assert Counter(answer.status_code for answer in made) == {201: 50}
    assert mute.http.get(mute.demo["base_url"].removesuffix("/api") + "/readyz").status_code == 200

    os.kill(mute.demo["pids"]["redis"], signal.SIGCONT)

    until(lambda: states_of(mute, bodies) == {"accepted": 53}, lambda: f"not at the MIP: {states_of(mute, bodies)}")


def test_after_a_restart_of_the_database_nobody_gets_a_dead_connection(receiving):
    """The pool of each web process is full of connections that the restart broke; none of them may reach a caller."""

    def at_once(count):
        with ThreadPoolExecutor(count) as pool:
            return {answer.status_code for answer in pool.map(lambda _: receiving.call("GET", "/lpu"), range(count))}

    assert at_once(12) == {200}
    before = receiving.demo["pids"]["postgres"]
    os.kill(before, signal.SIGINT)
    until(lambda: receiving.demo["pids"]["postgres"] not in (None, before), "PostgreSQL was not started again")
    ready = receiving.demo["base_url"].removesuffix("/api") + "/readyz"
    until(lambda: receiving.http.get(ready).status_code == 200, "the web server did not find the database again")
    assert at_once(12) == {200}


def test_what_was_answered_201_is_there_after_the_database_was_killed(receiving):
    """Killed, not stopped, while four callers book: nothing that was only in its memory comes back."""
    token = receiving.token(receiving.demo["sample"]["polis"])
    places = [slot["guid"] for slot in free_slots(receiving, "Internet")[-160:]]
    before, promised, begun = receiving.demo["pids"]["postgres"], [], threading.Event()

    def book(place):
        with contextlib.suppress(httpx.HTTPError):
            made = receiving.call("POST", "/appointments", token=token, json={"slot": place})
            if made.status_code == 201:
                promised.append(made.json()["guid"])
        if len(promised) > 20 and not begun.is_set():
            begun.set()
            os.kill(before, signal.SIGKILL)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(book, places))
    until(lambda: receiving.demo["pids"]["postgres"] not in (None, before), "PostgreSQL was not started again")
    ready = receiving.demo["base_url"].removesuffix("/api") + "/readyz"
    until(lambda: receiving.http.get(ready).status_code == 200, "the web server did not find the database again")
    assert begun.is_set()
    listed = receiving.rows("SELECT guid::text FROM appointments_appointment WHERE state = 'booked'")
    assert set(promised) <= {guid for (guid,) in listed}


def test_their_logs_name_nobody(referring, receiving):
    """The last test of the file: of everybody of whom the two have heard by now, in all that they have said."""
    for one in (referring, receiving):
        logs = logs_of(one.running)
        assert told_of(of_patients(one.running), logs) == {}
        assert '"GET /api/' in logs["web.log"] or '"POST /api/' in logs["web.log"], "the calls were to be logged"
        assert '"task":' in logs["worker.log"], "lines were to be JSON"
