"""The committed OpenAPI document is what the code says: changes of the API show in a review."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from lmis.exceptions import REGISTRY

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.yaml"
CONTRACT = {
    ("/api/dir/appointments", "post"),
    ("/api/dir/appointments", "get"),
    ("/api/dir/directions", "get"),
    ("/api/dir/directions/{guid}", "get"),
    ("/api/resources", "get"),
    ("/api/resources/{guid}", "get"),
    ("/api/resources/{guid}/schedule", "get"),
    ("/api/schedule", "get"),
    ("/api/appointments", "post"),
    ("/api/appointments", "get"),
    ("/api/appointments/{guid}", "get"),
    ("/api/appointments/{guid}", "delete"),
    ("/api/dir/appointments/{guid}", "delete"),
    ("/api/lpu", "get"),
}
# Contract §2.2: what `details` has, by code; all other codes have none.
DETAILS = {
    "channel_not_allowed": {"channels"},
    "slot_taken": {"nearest"},
    "slot_expired": {"nearest"},
    "slot_unavailable": {"nearest"},
    "already_booked": {"appointment"},
    "direction_already_booked": {"appointment"},
    "internal_error": {"requestId"},
}


@cache
def committed():
    return yaml.safe_load(COMMITTED.read_text("utf-8"))


def test_the_committed_schema_is_what_is_served():
    served = yaml.safe_load(Client().get("/api/schema").content)
    assert served == committed(), "the API changed: run `make schema` and commit docs/openapi.yaml"


def test_it_is_valid_openapi():
    validate(committed())


def test_it_has_the_contracts_methods_and_no_others():
    found = {(path, method) for path, item in committed()["paths"].items() for method in item}
    assert found == CONTRACT


def test_every_example_of_an_error_is_a_known_code():
    document = COMMITTED.read_text("utf-8")
    codes = set(re.findall(r"message_code: ([a-z_]+)", document)) - {"required"}
    assert codes <= set(REGISTRY)


def test_every_method_documents_its_own_refusals():
    """What the contract lists for A and for cancelling is told, each with an example."""

    def examples(path, method, status):
        return set(committed()["paths"][path][method]["responses"][status]["content"]["application/json"]["examples"])

    booking = {"slot_taken", "slot_expired", "slot_unavailable", "already_booked"}
    assert booking <= examples("/api/appointments", "post", "409")
    direction = {"wrong_lpu", "patient_ambiguous", "direction_mismatch", "direction_already_booked"}
    assert booking | direction <= examples("/api/dir/appointments", "post", "409")
    cancelling = {"already_cancelled", "too_late_to_cancel", "visit_done"}
    assert cancelling <= examples("/api/appointments/{guid}", "delete", "409")


def error_examples():
    """(code, details) of every example of an error."""
    return [
        (example["value"]["message_code"], example["value"]["details"])
        for _, _, _, response in error_responses()
        for example in response["content"]["application/json"]["examples"].values()
    ]


def error_responses():
    """(path, method, status, response) of every 4xx and 5xx."""
    return [
        (path, method, status, response)
        for path, item in committed()["paths"].items()
        for method, operation in item.items()
        for status, response in operation["responses"].items()
        if status >= "400"
    ]


def codes_of(path, method, status):
    content = committed()["paths"][path][method]["responses"][status]["content"]["application/json"]
    return set(content["examples"])


def test_every_example_of_a_refusal_has_the_details_of_its_code():
    found = error_examples()
    assert set(DETAILS) <= {code for code, _ in found}
    for code, details in found:
        assert set(details) == DETAILS.get(code, set()), code
        assert all(details.values()), code


@pytest.mark.parametrize(("key", "component"), [("appointment", "Appointment"), ("nearest", "ScheduleSlot")])
def test_what_stands_in_details_is_whole(key, component):
    """As the method that shows such a thing documents it, and no field less."""
    document = committed()
    shape = document["components"]["schemas"][component] | {"components": document["components"]}
    for code, details in error_examples():
        for shown in [details[key]] if key == "appointment" and key in details else details.get(key, []):
            assert set(shown) == set(shape["properties"]), code
            Draft202012Validator(shape).validate(shown)


def test_whoever_takes_a_token_may_refuse_it():
    """Also where the token may stand alone, and a client needs none."""
    tokens = {"unauthorized", "token_invalid", "token_expired"}
    for path, item in committed()["paths"].items():
        for method, operation in item.items():
            taken = any({"bearer", "patientToken"} & way.keys() for way in operation["security"])
            assert codes_of(path, method, "401") == (tokens if taken else {"unauthorized"}), (path, method)


def test_a_path_with_a_guid_may_not_be_found():
    for path, item in committed()["paths"].items():
        for method, operation in item.items():
            missing = "404" in operation["responses"] and "not_found" in codes_of(path, method, "404")
            assert missing == ("{guid}" in path), (path, method)


def test_what_no_method_can_tell_is_told_once():
    """An unknown path belongs to no method, and a wrong method is none."""
    description = committed()["info"]["description"]
    assert "`not_found`" in description
    assert "`method_not_allowed`" in description


def test_every_success_has_an_example():
    for path, item in committed()["paths"].items():
        for method, operation in item.items():
            bodies = [body for status, body in operation["responses"].items() if status < "300"]
            assert all(body["content"]["application/json"].get("examples") for body in bodies), (path, method)


def test_the_headers_of_a_refusal_are_those_that_it_carries():
    for path, method, status, response in error_responses():
        carried = set().union(*(headers_of(code) for code in codes_of(path, method, status)))
        assert set(response.get("headers", ())) == carried, (path, method, status)
        assert carried or status not in ("401", "429", "503"), (path, method, status)


def headers_of(code):
    """What an answer with this code carries besides; one that must be told what it is about carries nothing."""
    try:
        return set(REGISTRY[code]().headers)
    except TypeError:
        return set()
