"""The use of the API, our processes and the schedule as Prometheus sees them."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from lmis.models import Heartbeat
from lmis.ops import counting
from lmis.ops.counting import Counts
from lmis.services import broker, heartbeats
from lmis.services.heartbeats import Process
from tests.factories.cast import a_doctor, a_patient, a_slot
from tests.scrape import families, scrape, scraped_text
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_processes(monkeypatch):
    """Two web processes: a request goes to the one that is chosen, Prometheus may ask either."""
    both = [Counts(), Counts()]

    def choose(number):
        monkeypatch.setattr(counting, "COUNTS", both[number])

    return choose


def test_several_processes_are_one_sum(other_processes, region):
    for number in (0, 1, 1):
        other_processes(number)
        region.http().get("/api/lpu")
    for number in (0, 1):
        other_processes(number)
        counting.COUNTS.flush()
    found = scrape()
    assert found["lmis_requests_total", "GET", "api/lpu", "200"] == 3
    assert found["lmis_request_seconds_count", "GET", "api/lpu"] == 3
    assert found["lmis_request_seconds_bucket", "GET", "api/lpu", "+Inf"] == 3


def test_bookings_by_code(region, monkeypatch):
    monkeypatch.setattr(counting, "COUNTS", Counts())
    slot = a_slot(a_doctor())
    for _ in range(3):
        patient = a_patient(slot.doctor.lpu)
        region.http(patient).post("/api/appointments", {"slot": str(slot.guid)}, format="json")
    region.http(patient).post("/api/appointments", {"slot": "none"}, format="json")
    counting.COUNTS.flush()
    found = scrape()
    codes = {key[1]: value for key, value in found.items() if key[0] == "lmis_bookings_total"}
    assert codes == {"booked": 1, "slot_taken": 2, "validation_error": 1}


def test_the_last_poll(region, monkeypatch):
    monkeypatch.setattr(counting, "COUNTS", Counts())
    region.http().get("/api/lpu")
    counting.COUNTS.flush()
    login = region.client.login
    assert ("lmis_last_poll_timestamp_seconds", login) not in scrape()
    region.http().get("/api/schedule")
    counting.COUNTS.flush()
    assert abs(scrape()["lmis_last_poll_timestamp_seconds", login] - timezone.now().timestamp()) < 60


def test_processes_and_queues():
    now = timezone.now()
    heartbeats.sign(process=Process.this("worker", now=now, name="a", queues=["mip", "default"]), now=now)
    heartbeats.sign(process=Process.this("worker", now=now, name="b", queues=["default"]), now=now)
    heartbeats.sign(process=Process.this("beat", now=now), now=now - dt.timedelta(minutes=2))
    found = scrape()
    kinds = {kind: found["lmis_processes", kind] for kind in Heartbeat.Kind.values}
    assert kinds == {"worker": 2, "beat": 0, "web": 0}
    assert (found["lmis_workers", "mip"], found["lmis_workers", "default"]) == (1, 2)


def test_the_broker(settings):
    found = scrape()
    assert found["lmis_broker_up"] == 1
    assert {("lmis_queue_length", queue) for queue in broker.QUEUES} <= found.keys()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = scrape()
    assert found["lmis_broker_up"] == 0
    assert ("lmis_queue_length", "mip") not in found  # unknown is not 0


def test_the_schedule(doctor):
    a_slot(doctor, capacity=2)
    empty = a_doctor(doctor.lpu)
    found = scrape()
    assert found["lmis_free_internet_places", doctor.speciality.name] == 2
    assert found["lmis_free_internet_places", empty.speciality.name] == 0
    assert found["lmis_doctors_without_slots"] == 1
    assert 0 <= found["lmis_horizon_days", str(doctor.lpu.guid)] <= 2


def test_no_path_and_no_person_in_it(region, slot, patient, monkeypatch):
    monkeypatch.setattr(counting, "COUNTS", Counts())
    region.http(patient).post("/api/appointments", {"slot": str(slot.guid)}, format="json")
    region.http(patient).get(f"/api/appointments/{slot.guid}")
    Client().get(f"/admin/patients/patient/{patient.pk}777/change/")
    counting.COUNTS.flush()
    text = scraped_text()
    assert "api/appointments/<guid:guid>" in text
    for value in (patient.family, patient.polis_number, str(patient.guid), str(slot.guid), f"{patient.pk}777"):
        assert value not in text


def test_statements(region):
    region.http().get("/api/schedule")
    scrape()
    with statements() as found:
        scraped_text()
    # failed logins, signs, requests, doctors, their slots, figures (counted here: cards, notices, concerned, oldest,
    # failing), attempts, gate, pause: the same number whatever the size
    assert len(found) <= 14, listed(found)


def test_types_are_what_prometheus_expects():
    types = {name: family.type for name, family in families().items()}
    assert types["lmis_requests"] == types["lmis_upload_attempts"] == types["lmis_bookings"] == "counter"
    assert types["lmis_request_seconds"] == types["lmis_upload_attempt_seconds"] == "histogram"
    assert types["lmis_uploads"] == "gauge"
