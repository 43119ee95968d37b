"""Connection requests: the sheet tells what the region asks for, and what is missing."""

import pytest
from auditlog.models import LogEntry

from lmis.models import Lpu
from lmis.services.connections import METHODS
from tests.factories import cast
from tests.factories.staff import an_employee
from tests.unit.test_openapi import CONTRACT

pytestmark = pytest.mark.django_db
CONTACTS = {
    "entry_point": "https://lmis.example.org/api",
    "contact_person": "Орлов Илья, начальник отдела",
    "contact_phone": "+7 900 000-00-00",
    "contact_email": "orlov@example.org",
    "technician": "",
    "technician_phone": "",
    "technician_email": "",
}


@pytest.fixture
def boss(client):
    """An administrator."""
    client.force_login(an_employee("administrator"))
    return client


@pytest.fixture
def lpu():
    """Ours."""
    return cast.an_lpu(oid="1.2.643.5.1.13.13.12.2.77", address="Город, улица, 1", phone="12-34-56")


def url_of(lpu):
    """The request's page."""
    return f"/admin/connections/{lpu.pk}/"


def test_it_names_all_methods_of_the_contract_and_no_others():
    assert {(f"/api{method.path}", method.verb.lower()) for method in METHODS} == CONTRACT


def test_the_sheet_has_guid_entry_point_methods_and_logins_without_secrets(boss, lpu):
    region = cast.Region(networks=["10.1.0.0/16"])
    html = boss.get(url_of(lpu)).content.decode()
    for told in (str(lpu.guid), lpu.oid, "http://testserver/api", region.client.login, "10.1.0.0/16"):
        assert told in html
    for method in METHODS:
        assert f"<td>{method.verb}</td><td><code>{method.path}</code></td>" in html
    assert region.secret[-4:] not in html


def test_what_is_missing_is_named_until_it_is_there(boss, lpu):
    assert len(boss.get(url_of(lpu)).context["sheet"].missing) == 3
    assert boss.post(url_of(lpu), CONTACTS).status_code == 302
    response = boss.get(url_of(lpu))
    assert response.context["sheet"].missing == []
    assert "orlov@example.org" in response.content.decode()
    assert LogEntry.objects.get_for_object(lpu).filter(changes__has_key="contact_person").exists()


@pytest.mark.parametrize("bad", [{"contact_email": "orlov"}, {"entry_point": "no address"}])
def test_bad_values_are_told_and_change_nothing(boss, lpu, bad):
    response = boss.post(url_of(lpu), CONTACTS | bad)
    assert response.status_code == 422
    assert response.context["form"].errors
    assert Lpu.objects.get(pk=lpu.pk).contact_person == ""


def test_of_several_lpus_one_chooses_and_a_single_one_opens_at_once(boss, lpu):
    assert boss.get("/admin/connections/")["Location"] == url_of(lpu)
    other = cast.an_lpu()
    html = boss.get("/admin/connections/").content.decode()
    assert url_of(lpu) in html
    assert url_of(other) in html


def test_an_lpu_of_others_has_no_request(boss, lpu):
    assert boss.get(url_of(cast.an_lpu(own=False))).status_code == 404
