"""API clients and their secrets: services, the command, and what the database itself refuses."""

import datetime as dt
import hashlib
import threading
from io import StringIO

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction
from django.utils import timezone, translation

from lmis.actors import Actor
from lmis.models import ApiClient, ApiSecret, FailedLogin, IdempotencyRecord
from lmis.services import clients, credentials
from lmis.services.journal_words import Words
from tests.factories.staff import an_employee

BY = Actor("admin")


def a_client(**fields):
    return clients.create(**{"login": "region", "name": "Region", "scopes": ["schedule"], "by": BY} | fields)


@pytest.mark.django_db
class TestServices:
    def test_create(self):
        client, secret = a_client(scopes=["schedule", "directions", "schedule"], networks=["10.0.0.0/8"])
        kept = client.secrets.get()
        assert (client.source, client.scopes, client.networks) == (
            "Internet",
            ["directions", "schedule"],
            ["10.0.0.0/8"],
        )
        assert (client.created_by, kept.created_by, kept.place) == ("admin", "admin", 1)
        assert bytes(kept.digest) == hashlib.sha256(secret.encode()).digest()
        assert kept.hint == secret[-4:]
        assert len(secret) >= 43  # 256 bits in base64

    def test_the_secret_is_nowhere_in_the_database(self):
        _, secret = a_client()
        assert secret not in str(list(ApiClient.objects.values())) + str(list(ApiSecret.objects.values()))

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"login": ""}, "login"),
            ({"login": "a:b"}, "login"),
            ({"login": "a b"}, "login"),
            ({"login": "a\x00"}, "login"),
            ({"login": "x" * 65}, "login"),
            ({"name": ""}, "name"),
            ({"source": "Telepathy"}, "source"),
            ({"scopes": ["everything"]}, "scopes"),
            ({"networks": ["office"]}, "networks"),
            ({"networks": ["10.0.0.0/33"]}, "networks"),
        ],
    )
    def test_create_refuses(self, fields, field):
        with pytest.raises(ValidationError) as caught:
            a_client(**fields)
        assert field in caught.value.message_dict
        assert not ApiClient.objects.exists()

    def test_a_login_is_given_once(self):
        a_client()
        with pytest.raises(ValidationError) as caught:
            a_client()
        assert "login" in caught.value.message_dict

    def test_rotate_then_revoke_then_rotate_again(self):
        client, first = a_client()
        second = clients.rotate(client=client, by=BY)
        assert first != second
        with pytest.raises(clients.TwoSecretsLive):
            clients.rotate(client=client, by=BY)
        assert clients.revoke_secret(secret=client.secrets.get(place=1), by=BY) is True
        clients.rotate(client=client, by=BY)
        assert sorted(client.secrets.filter(revoked_at=None).values_list("place", flat=True)) == [1, 2]
        assert client.secrets.count() == 3

    def test_an_expired_secret_makes_room(self):
        client, _ = a_client()
        clients.rotate(client=client, by=BY)
        client.secrets.filter(place=2).update(expires_at=timezone.now())
        clients.rotate(client=client, by=Actor("another"))
        assert client.secrets.get(place=2, revoked_at__isnull=False).revoked_by == "another"

    def test_the_first_to_revoke_stays_written(self):
        client, _ = a_client()
        secret = client.secrets.get()
        assert clients.revoke_secret(secret=secret, by=BY)
        assert not clients.revoke_secret(secret=secret, by=Actor("late"))
        assert client.secrets.get().revoked_by == "admin"

    def test_check_looks_at_the_moment_it_is_given(self):
        now = timezone.now()
        client, secret = a_client(expires_at=now + dt.timedelta(hours=1))
        later = now + dt.timedelta(hours=1)
        assert credentials.check(login="region", secret=secret.encode(), now=now) == client
        assert credentials.check(login="region", secret=secret.encode(), now=later) is None


def told():
    """(who, action, kind, about, changes) of each entry of the journal, the oldest first."""
    entries = LogEntry.objects.filter(content_type__model__startswith="api").order_by("pk")
    lines = Words(entries, shows_people=False).lines()
    return [(line.who, line.action, line.kind, line.about, line.changes) for line in lines]


@pytest.mark.django_db
class TestJournal:
    """Who did what to which client, and nothing that opens anything."""

    @pytest.fixture
    def olga(self):
        return an_employee(last_name="Перова", first_name="Ольга")

    @pytest.fixture(autouse=True)
    def english(self):
        with translation.override("en"):
            yield

    def test_a_secret_is_made_renewed_and_ended_by_somebody(self, olga):
        by = Actor.of_user(olga)
        client, first = a_client(by=by)
        kept = client.secrets.get()
        second = clients.rotate(client=client, by=by)
        clients.revoke_secret(secret=kept, by=by)
        who, one, other = "Перова Ольга", f"…{first[-4:]}", f"…{second[-4:]}"
        made, *rest = told()
        assert made[:4] == (who, "created", "API client", "region")
        assert rest == [
            (who, "changed", "API client", "region", [("API secrets", "", one)]),
            (who, "changed", "API client", "region", [("API secrets", one, f"{one}, {other}")]),
            (who, "changed", "API client", "region", [("API secrets", f"{one}, {other}", other)]),
        ]
        entries = LogEntry.objects.filter(content_type__model="apiclient")
        assert {entry.actor for entry in entries} == {olga}

    def test_the_secrets_themselves_are_not_in_it(self, olga):
        client, first = a_client()
        second = clients.rotate(client=client, by=BY)
        written = str(list(LogEntry.objects.values()))
        digests = [bytes(digest) for digest in client.secrets.values_list("digest", flat=True)]
        for secret in (first, second, *map(str, digests), *(digest.hex() for digest in digests)):
            assert secret not in written

    def test_what_is_ended_already_is_not_told_again(self):
        client, _ = a_client()
        clients.revoke_secret(secret=client.secrets.get(), by=BY)
        count = LogEntry.objects.count()
        clients.revoke_secret(secret=client.secrets.get(), by=BY)
        assert LogEntry.objects.count() == count

    def test_a_refused_rotation_is_not_told(self):
        client, _ = a_client()
        clients.rotate(client=client, by=BY)
        count = LogEntry.objects.count()
        with pytest.raises(clients.TwoSecretsLive):
            clients.rotate(client=client, by=BY)
        assert LogEntry.objects.count() == count

    def test_the_command_is_told_as_the_systems(self):
        call_command("create_api_client", "infomat", "--name", "Kiosk", stdout=StringIO(), stderr=StringIO())
        assert [line[0] for line in told()] == ["system", "system"]

    def test_a_change_is_told_field_by_field_and_once(self, olga):
        client, _ = a_client()
        before = LogEntry.objects.count()
        values = {"scopes": ["directions", "schedule"], "name": "Region", "is_active": False}
        clients.change(client=client, values=values, by=Actor.of_user(olga))
        assert LogEntry.objects.count() == before + 1
        who, action, _kind, about, changes = told()[-1]
        assert (who, action, about) == ("Перова Ольга", "changed", "region")
        assert {name: after for name, _before, after in changes} == {
            "Scopes": "Directions: ask, book, cancel, Read the schedule",
            "Active": "no",
        }


@pytest.mark.django_db
class TestChange:
    def test_nothing_different_writes_nothing(self):
        client, _ = a_client()
        before = LogEntry.objects.count()
        clients.change(client=client, values={"scopes": ["schedule"], "name": "Region"}, by=BY)
        assert LogEntry.objects.count() == before

    def test_switched_off_it_opens_nothing_and_switched_on_again_it_does(self):
        client, secret = a_client()
        for active in (False, True):
            clients.change(client=client, values={"is_active": active}, by=BY)
            found = credentials.check(login="region", secret=secret.encode(), now=timezone.now())
            assert (found is not None) == active

    @pytest.mark.parametrize(
        "values", [{"networks": ["office"]}, {"scopes": ["everything"]}, {"name": ""}, {"source": "Telepathy"}]
    )
    def test_bad_values_change_nothing(self, values):
        client, _ = a_client()
        before = ApiClient.objects.values().get()
        with pytest.raises(ValidationError), transaction.atomic():
            clients.change(client=client, values=values, by=BY)
        assert ApiClient.objects.values().get() == before

    def test_the_login_is_not_changed(self):
        client, _ = a_client()
        clients.change(client=client, values={"login": "other", "created_by": "nobody"}, by=BY)
        assert (ApiClient.objects.get().login, ApiClient.objects.get().created_by) == ("region", "admin")


@pytest.mark.django_db
class TestConstraints:
    """One attempt each, past the services."""

    def refused(self, name, action):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            action()

    def test_each_is_named_and_holds(self):
        client, _ = a_client()
        a_client(login="other")
        rows, secrets = ApiClient.objects.filter(pk=client.pk), ApiSecret.objects

        def secret(place, digest=b"x"):
            return lambda: secrets.create(client=client, place=place, digest=digest, hint="")

        self.refused("api_client_login_usable", lambda: rows.update(login=""))
        self.refused("api_client_login_usable", lambda: rows.update(login="a:b"))
        self.refused("lmis_apiclient_login", lambda: rows.update(login="other"))
        self.refused("api_client_source_known", lambda: rows.update(source="Telepathy"))
        self.refused("api_client_scopes_known", lambda: rows.update(scopes=["everything"]))
        self.refused("api_secret_place_1_or_2", secret(3))
        self.refused("api_secret_two_live_at_most", secret(1))
        self.refused("digest", secret(2, digest=bytes(client.secrets.get().digest)))
        secret(2)()
        self.refused("api_secret_two_live_at_most", secret(2, b"y"))

    def test_counters_and_records_are_single(self):
        now = timezone.now()
        FailedLogin.objects.create(login="a", address="b", minute=now)
        self.refused("failed_login_once", lambda: FailedLogin.objects.create(login="a", address="b", minute=now))
        record = {
            "principal": "client:1",
            "key": "k",
            "fingerprint": b"",
            "status": 200,
            "body": b"",
            "created_at": now,
        }
        IdempotencyRecord.objects.create(**record)
        self.refused("idempotency_key_once", lambda: IdempotencyRecord.objects.create(**record))


@pytest.mark.django_db
class TestCommand:
    def run(self, *args):
        out, err = StringIO(), StringIO()
        call_command("create_api_client", *args, stdout=out, stderr=err)
        return dict(line.split(": ") for line in out.getvalue().splitlines())

    def test_it_prints_what_opens(self):
        printed = self.run("infomat", "--name", "Kiosk", "--source", "Infomat", "--scopes", "schedule", "appointments")
        client = credentials.check(login="infomat", secret=printed["secret"].encode(), now=timezone.now())
        assert (printed["login"], client.source, client.scopes) == ("infomat", "Infomat", ["appointments", "schedule"])

    def test_with_networks_and_expiry(self):
        self.run("a", "--name", "A", "--networks", "10.0.0.0/8", "::1", "--expires-at", "2030-01-01T00:00:00+03:00")
        client = ApiClient.objects.get()
        assert client.networks == ["10.0.0.0/8", "::1"]
        assert client.expires_at == dt.datetime(2029, 12, 31, 21, tzinfo=dt.UTC)

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["--name", "A"], "login"),
            (["a"], "--name"),
            (["a:b", "--name", "A"], "login"),
            (["a", "--name", "A", "--scopes", "everything"], "everything"),
            (["a", "--name", "A", "--source", "Telepathy"], "Telepathy"),
            (["a", "--name", "A", "--networks", "office"], "office"),
            (["a", "--name", "A", "--expires-at", "tomorrow"], "tomorrow"),
            (["a", "--name", "A", "--expires-at", "2030-01-01T00:00:00"], "offset"),
        ],
    )
    def test_it_says_what_is_wrong(self, args, message):
        with pytest.raises(CommandError, match=message):
            self.run(*args)
        assert not ApiClient.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_give_one_secret():
    client, _ = a_client()
    barrier, outcomes = threading.Barrier(2), []

    def rotate():
        barrier.wait()
        try:
            outcomes.append(clients.rotate(client=client, by=BY))
        except clients.TwoSecretsLive:
            outcomes.append(None)
        connections.close_all()

    threads = [threading.Thread(target=rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([outcome for outcome in outcomes if outcome]) == 1
    assert client.secrets.count() == 2


@pytest.mark.django_db(transaction=True)
def test_noting_the_last_use_does_not_wait_for_whoever_edits_the_client():
    client, _ = a_client()
    waited = []

    def touch():
        with transaction.atomic():
            connections["default"].cursor().execute("SET LOCAL lock_timeout = '1ms'")
            try:
                credentials.touch(client=client, now=timezone.now())
            except Exception as error:
                waited.append(error)
        connections.close_all()

    with transaction.atomic():
        ApiClient.objects.select_for_update().get(pk=client.pk)
        thread = threading.Thread(target=touch)
        thread.start()
        thread.join()
    assert waited == []
    assert ApiClient.objects.get().last_used_at is None
