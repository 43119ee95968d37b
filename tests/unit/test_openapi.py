"""The committed OpenAPI document is what the code says: changes of the API show in a review."""

import re
from pathlib import Path

import yaml
from django.test import Client
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
