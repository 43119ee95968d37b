"""Who is calling: Basic, Bearer, scopes, networks (contract §2.1)."""

import base64
import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from lmis.actors import Actor
from lmis.models import ApiClient, ApiSecret, Source
from lmis.services import clients
from lmis.services.credentials import digest_of
from tests.unit.lmis.api.conftest import Known, basic, token

pytestmark = pytest.mark.django_db


def ask(path="/api/plain", **headers):
    return APIClient().get(path, **{f"HTTP_{name}": value for name, value in headers.items()})


def code(response):
    return response.status_code, response.json()["message_code"]


def test_the_right_secret_opens(known):
    assert known.http.get("/api/plain").json() == {"source": "Internet", "query": {}}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic Zm9v",  # no colon
        "Basic Zm9vOg",  # no padding
        "Basic пароль",
        "Digest username=x",
        basic("nobody", "nothing"),
        basic("nobody\x00", "\x00"),
        basic("x" * 5000, "y" * 5000),
        basic(b"\xff\xfe", b"\xff"),
    ],
)
def test_wrong_or_missing_credentials(header):
    response = ask() if header is None else ask(AUTHORIZATION=header)
    assert code(response) == (401, "unauthorized")
    assert response["WWW-Authenticate"].startswith("Basic realm=")


def test_wrong_secret_and_anothers_secret(known):
    other = Known()
    assert code(ask(AUTHORIZATION=basic(known.client.login, known.secret + "x"))) == (401, "unauthorized")
    assert code(ask(AUTHORIZATION=basic(known.client.login, other.secret))) == (401, "unauthorized")
    assert code(ask(AUTHORIZATION=basic(known.client.login, ""))) == (401, "unauthorized")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_logins_in_either_encoding(encoding):
    known = Known(login="café")
    assert ask(AUTHORIZATION=basic("café".encode(encoding), known.secret)).status_code == 200


def test_cyrillic_login_and_any_case_of_the_scheme():
    known = Known(login="клиника")
    header = basic("клиника", known.secret).replace("Basic ", "bAsIC   ")
    assert ask(AUTHORIZATION=header).status_code == 200


def test_a_secret_may_hold_colons(known):
    ApiSecret.objects.filter(client=known.client).update(digest=digest_of(b"a:b::c"))
    assert ask(AUTHORIZATION=basic(known.client.login, "a:b::c")).status_code == 200


def test_either_of_two_secrets_until_revoked(known):
    second = clients.rotate(client=known.client, by=Actor("test"))
    both = [basic(known.client.login, secret) for secret in (known.secret, second)]
    assert [ask(AUTHORIZATION=header).status_code for header in both] == [200, 200]
    clients.revoke_secret(secret=known.client.secrets.get(place=1), by=Actor("test"))
    assert [ask(AUTHORIZATION=header).status_code for header in both] == [401, 200]


def test_expiry_of_secret_and_of_client(known):
    secret, now = known.client.secrets.get(), timezone.now()
    for moment, status in [(now + dt.timedelta(hours=1), 200), (now, 401)]:
        ApiSecret.objects.filter(pk=secret.pk).update(expires_at=moment)
        assert known.http.get("/api/plain").status_code == status
    ApiSecret.objects.filter(pk=secret.pk).update(expires_at=None)
    for moment, status in [(now + dt.timedelta(hours=1), 200), (now, 401)]:
        ApiClient.objects.filter(pk=known.client.pk).update(expires_at=moment)
        assert known.http.get("/api/plain").status_code == status


def test_a_switched_off_client_is_unknown(known):
    ApiClient.objects.update(is_active=False)
    assert code(known.http.get("/api/plain")) == (401, "unauthorized")


def test_scopes():
    known = Known(scopes=["appointments"])
    assert known.http.get("/api/plain").status_code == 200
    assert code(known.http.get("/api/scheduled")) == (403, "scope_required")


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        ([], "203.0.113.9", 200),
        (["10.1.0.0/16", "192.0.2.7"], "10.1.200.3", 200),
        (["10.1.0.0/16", "192.0.2.7"], "192.0.2.7", 200),
        (["10.1.0.0/16", "192.0.2.7"], "10.2.0.1", 403),
        (["10.1.0.0/16"], "::ffff:10.1.0.1", 200),
        (["2001:db8::/32"], "2001:db8::1", 200),
        (["2001:db8::/32"], "10.1.0.1", 403),
        (["10.1.0.0/16"], "", 403),
    ],
)
def test_networks(networks, address, status):
    response = Known(networks=networks).http.get("/api/plain", REMOTE_ADDR=address)
    assert response.status_code == status
    if status == 403:
        assert response.json()["message_code"] == "network_not_allowed"


def test_one_statement_and_the_digest_never_the_secret(known):
    known.http.get("/api/plain")
    with CaptureQueriesContext(connection) as captured:
        known.http.get("/api/plain")
    assert len(captured) == 1
    assert known.secret not in captured[0]["sql"]


def test_last_used_is_written_once_a_minute(known):
    def used():
        return ApiClient.objects.get(pk=known.client.pk).last_used_at

    known.http.get("/api/plain")
    first = used()
    assert first is not None
    known.http.get("/api/plain")
    assert used() == first
    ApiClient.objects.update(last_used_at=first - dt.timedelta(minutes=1))
    known.http.get("/api/plain")
    assert used() >= first


def test_last_used_is_not_written_for_a_failure(known):
    ask(AUTHORIZATION=basic(known.client.login, "wrong"))
    assert ApiClient.objects.get(pk=known.client.pk).last_used_at is None


class TestPatientToken:
    def test_beside_basic(self, known):
        guid = "11111111-2222-3333-4444-55555555AAAA"
        response = known.http.get("/api/patient", HTTP_X_PATIENT_TOKEN=token(mkabs=[guid]))
        assert response.json() == {"person": None, "mkabs": [guid.lower()], "source": "Internet"}

    def test_alone(self, db):
        guid = "11111111-2222-3333-4444-555555555555"
        header = "Bearer " + token(personGuid=guid, source="Infomat")
        assert ask("/api/patient", AUTHORIZATION=header).json() == {"person": guid, "mkabs": [], "source": "Infomat"}

    def test_alone_opens_only_the_patients_own(self):
        header = "Bearer " + token()
        for path in ("/api/plain", "/api/scheduled", "/api/dir/patient"):
            assert code(ask(path, AUTHORIZATION=header)) == (403, "scope_required")

    def test_the_credential_is_looked_at_before_the_scope(self):
        assert code(ask("/api/plain", AUTHORIZATION="Bearer nonsense")) == (401, "token_invalid")
        assert code(ask("/api/patient", AUTHORIZATION="Bearer ")) == (401, "token_invalid")

    def test_the_scope_is_looked_at_before_the_token(self):
        known = Known(scopes=["schedule"])
        response = known.http.get("/api/patient", HTTP_X_PATIENT_TOKEN="nonsense")
        assert code(response) == (403, "scope_required")

    def test_missing(self, known):
        response = known.http.get("/api/patient")
        assert code(response) == (401, "unauthorized")
        assert "WWW-Authenticate" in response

    def test_without_basic_it_is_no_credential(self):
        assert code(ask("/api/patient", X_PATIENT_TOKEN=token())) == (401, "unauthorized")

    def test_broken_or_expired(self, known):
        expired = token(exp=timezone.now() - dt.timedelta(hours=1))
        response = known.http.get("/api/patient", HTTP_X_PATIENT_TOKEN=expired)
        assert code(response) == (401, "token_expired")
        response = known.http.get("/api/patient", HTTP_X_PATIENT_TOKEN="a.b.c")
        assert code(response) == (401, "token_invalid")
        assert response["WWW-Authenticate"].startswith("Bearer")

    def test_where_none_is_needed_even_a_broken_one_is_ignored(self, known):
        assert known.http.get("/api/plain", HTTP_X_PATIENT_TOKEN="nonsense").status_code == 200

    def test_source_is_the_tokens_then_the_clients(self):
        http = Known(source=Source.CALL_CENTER).http
        assert http.get("/api/patient", HTTP_X_PATIENT_TOKEN=token()).json()["source"] == "CallCenter"
        own = token(source="Infomat")
        assert http.get("/api/patient", HTTP_X_PATIENT_TOKEN=own).json()["source"] == "Infomat"

    def test_bearer_alone_is_the_internet(self):
        assert ask("/api/patient", AUTHORIZATION="Bearer " + token()).json()["source"] == "Internet"


def test_base64_is_what_it_says():
    """Guards the helper above: a header that the tests call right is one that any client would send."""
    assert basic("a", "b") == "Basic " + base64.b64encode(b"a:b").decode()
