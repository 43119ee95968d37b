"""Bookings as the central service makes them, and what became of their cards."""

import datetime as dt
from collections import Counter


def free_slots(clinic, channel):
    """Free slots of the next days, as the central service sees them."""
    answer = clinic.call("GET", "/schedule", params={"channel": channel, "free": "true"})
    assert answer.status_code == 200, answer.text
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    return [
        slot
        for slot in answer.json()["items"]
        if dt.datetime.fromisoformat(slot["begin"]) > later and slot["capacity"] == 1
    ]


def new_patient(clinic, slot, number):
    """A booking by direction for somebody who has no card yet."""
    return {
        "slot": slot["guid"],
        "patient": {"family": "Новосёлов", "polis": {"number": f"9999999999999{number:03d}"}},
        "docSender": {},
        "direction": {
            "guid": f"00000000-0000-4000-8000-000000009{number:03d}",
            "lpuFromGuid": "00000000-0000-4000-8000-00000000ffff",
            "lpuToGuid": clinic.demo["lpu_guid"],
        },
    }


def states_of(clinic, bodies):
    """How many cards of these requests are in each state of their upload."""
    states = clinic.rows(
        "SELECT u.state FROM patients_cardupload u JOIN patients_patient p ON p.id = u.patient_id"
        " WHERE p.polis_number = ANY(%s)",
        [body["patient"]["polis"]["number"] for body in bodies],
    )
    return Counter(state for (state,) in states)
