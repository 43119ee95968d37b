"""Which scope opens which method (contract §3): without it nothing is answered and nothing done, with it alone all."""

import pytest

from lmis.models.api_client import Scope
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued, appoint
from tests.unit.appointments.api.test_direction_refusals import rows
from tests.unit.appointments.api.test_own import refused
from tests.unit.test_openapi import CONTRACT

pytestmark = pytest.mark.django_db
SCOPES = {
    ("post", "/api/dir/appointments"): "directions",  # A
    ("get", "/api/dir/appointments"): "directions",  # B
    ("get", "/api/dir/directions"): "directions",  # C
    ("get", "/api/dir/directions/{guid}"): "directions",
    ("get", "/api/resources"): "schedule",  # D
    ("get", "/api/resources/{guid}"): "schedule",
    ("get", "/api/resources/{guid}/schedule"): "schedule",  # E
    ("get", "/api/schedule"): "schedule",  # F
    ("post", "/api/appointments"): "appointments",  # G
    ("get", "/api/appointments"): "appointments",  # H
    ("get", "/api/appointments/{guid}"): "appointments",
    ("delete", "/api/appointments/{guid}"): "appointments",  # I
    ("delete", "/api/dir/appointments/{guid}"): "directions",  # I′
}
every_method = pytest.mark.parametrize(
    ("method", "path", "scope"), [(method, path, scope) for (method, path), scope in SCOPES.items()]
)


@pytest.fixture
def call(doctor, patient):
    """Call a method as a client with these scopes, with all that it needs besides: only the scope can be missing."""
    free = cast.a_slot(doctor)
    direction = a_direction(patient=patient)
    things = {
        "/api/resources": doctor,
        "/api/dir/directions": an_issued(patient=patient),
        "/api/dir/appointments": appoint(direction, doctor, slot=cast.a_slot(doctor, hours=30)),
        "/api/appointments": appoint(a_direction(patient=patient), doctor, slot=cast.a_slot(doctor, hours=31)),
    }
    bodies = {
        ("post", "/api/appointments"): {"slot": str(free.guid)},
        ("post", "/api/dir/appointments"): cast.a_direction_request(free, doctor.lpu),
        ("get", "/api/dir/appointments"): {"direction": str(direction.guid)},
    }

    def call(method, path, scopes):
        collection, _, _ = path.partition("/{guid}")
        url = path.replace("{guid}", str(things[collection].guid)) if "{guid}" in path else path
        http = cast.Region(scopes=scopes).http(patient)
        if method == "get":
            return http.get(url, bodies.get((method, path)))
        return getattr(http, method)(url, bodies.get((method, path)), format="json")

    return call


def test_the_table_has_every_method_that_wants_a_scope():
    assert {(path, method) for method, path in SCOPES} == CONTRACT - {("/api/lpu", "get")}


@every_method
def test_all_the_other_scopes_do_not_open_it(call, method, path, scope):
    before = rows()
    refused(call(method, path, [other for other in Scope.values if other != scope]), 403, "scope_required")
    assert rows() == before


@every_method
def test_its_own_scope_alone_opens_it(call, method, path, scope):
    answer = call(method, path, [scope])
    assert answer.status_code == (201 if method == "post" else 200), answer.content
