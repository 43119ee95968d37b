"""Probes and metrics at the host's root."""

import re
import socket

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lmis.ops import metrics, readiness
from lmis.services import credentials


@pytest.fixture(autouse=True)
def fresh():
    """No process remembers that the migrations were good."""
    readiness._migrated.clear()


class TestHealth:
    def test_it_lives_without_a_database(self, monkeypatch):
        """No database mark: pytest would fail the first query."""
        response = Client().get("/healthz")
        assert (response.status_code, response.json()) == (200, {"status": "ok"})

    def test_by_address_and_with_any_host(self, settings):
        settings.ALLOWED_HOSTS = ["lmis.example"]
        assert Client().get("/healthz", HTTP_HOST="10.0.0.5:8000").status_code == 200

    def test_only_reading(self):
        assert Client().post("/healthz").status_code == 405


class TestReady:
    @pytest.fixture(autouse=True)
    def a_stalled_machine_is_no_silent_broker(self, monkeypatch):
        monkeypatch.setattr(readiness, "_BROKER_TIMEOUT", 10)

    def ask(self):
        response = Client().get("/readyz")
        return response.status_code, response.json()["checks"]

    @pytest.mark.django_db
    def test_ready(self):
        assert self.ask() == (200, {"database": "ok", "migrations": "ok", "broker": "ok"})

    @pytest.mark.django_db
    def test_good_migrations_are_asked_for_once(self):
        self.ask()
        with CaptureQueriesContext(connection) as captured:
            self.ask()
        assert [query["sql"] for query in captured] == ["SELECT 1"]

    @pytest.mark.django_db
    def test_an_unapplied_migration(self):
        applied = MigrationRecorder.Migration.objects.filter(app="lmis").latest("pk")
        applied.delete()
        assert self.ask() == (503, {"database": "ok", "migrations": "pending", "broker": "ok"})
        MigrationRecorder(connection).record_applied("lmis", applied.name)
        assert self.ask()[0] == 200

    @pytest.mark.django_db(transaction=True)
    def test_no_database(self, monkeypatch):
        connection.close()
        with monkeypatch.context() as broken:
            broken.setitem(connection.settings_dict, "HOST", "127.0.0.1")
            broken.setitem(connection.settings_dict, "PORT", "1")
            assert self.ask() == (503, {"database": "down", "broker": "ok"})
        assert self.ask()[0] == 200

    @pytest.mark.django_db
    def test_a_broker_that_refuses_is_degraded_and_no_more(self, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert self.ask() == (200, {"database": "ok", "migrations": "ok", "broker": "degraded"})

    @pytest.mark.django_db
    def test_a_broker_that_is_silent(self, settings, monkeypatch):
        monkeypatch.setattr(readiness, "_BROKER_TIMEOUT", 0.03)
        with socket.create_server(("127.0.0.1", 0)) as mute:
            settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
            assert self.ask()[1]["broker"] == "degraded"


@pytest.mark.django_db
class TestMetrics:
    LINE = re.compile(r'^(?:# (?:HELP|TYPE) lmis_\w+ .+|lmis_\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? [0-9.e+-]+)$')

    def test_prometheus_reads_it(self):
        response = Client().get("/metrics")
        assert response["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = response.content.decode().splitlines()
        assert lines
        assert [line for line in lines if not self.LINE.match(line)] == []

    def test_failed_logins_of_this_minute(self):
        now = timezone.now()
        for login, address, count in [("a", "1", 3), ("b", "2", 2)]:
            for _ in range(count):
                credentials.failed(login=login, address=address, now=now)
        credentials.failed(login="old", address="", now=now - credentials.MINUTE)
        assert "\nlmis_failed_logins 5\n" in Client().get("/metrics").content.decode()

    def test_nothing_personal(self):
        credentials.failed(login="ivanov", address="192.0.2.77", now=timezone.now())
        text = Client().get("/metrics").content.decode()
        assert "ivanov" not in text
        assert "192.0.2.77" not in text

    @pytest.mark.parametrize(
        ("address", "forwarded", "status"),
        [
            ("10.1.2.3", None, 200),
            ("192.0.2.1", None, 403),
            ("10.9.0.1", "10.1.2.3", 200),
            ("10.9.0.1", "192.0.2.1", 403),
            ("192.0.2.1", "10.1.2.3", 403),
        ],
    )
    def test_by_network(self, settings, address, forwarded, status):
        settings.METRICS_NETWORKS, settings.TRUSTED_PROXIES = ["10.1.0.0/16"], ["10.9.0.1"]
        headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
        assert Client().get("/metrics", REMOTE_ADDR=address, **headers).status_code == status

    def test_an_app_adds_its_own(self, monkeypatch):
        monkeypatch.setattr(metrics, "_sources", [])

        @metrics.source
        def uploads():
            yield metrics.Metric("uploads", "By state.", [({"state": 'a"b\\c\nd'}, 2), ({"state": "sent"}, 3.5)])

        assert metrics.render() == (
            "# HELP lmis_uploads By state.\n"
            "# TYPE lmis_uploads gauge\n"
            'lmis_uploads{state="a\\"b\\\\c\\nd"} 2\n'
            'lmis_uploads{state="sent"} 3.5\n'
        )
