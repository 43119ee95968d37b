"""Behind the operators' page: mending, letters, the check of the connection, checks of alarms."""

import datetime as dt
import http.server
import ipaddress
import json
import re
import ssl
import threading
import time
import uuid
from email.utils import format_datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import transaction
from django.utils import timezone

from lmis.actors import SYSTEM
from lmis.models import AccessRecord, Alarm, ApiClient, ApiSecret, Heartbeat
from lmis.querysets_ops import BAD_CREDENTIALS
from lmis.services import alarm_checks, alarms, traffic
from patients import alarms as patient_alarms
from patients.mip.exchange import Exchange
from patients.mip.outcomes import Credentials, Later
from patients.models import CardUpload, ExchangeMark, ExchangePause, MipGate, Patient, Reconciliation
from patients.services import connection_check, exchange_words, expiry, mending, resending, uploads
from tests.factories.cast import a_doctor
from tests.factories.patients import a_card
from tests.factories.schedule import a_slot_at
from tests.factories.staff import an_employee, page
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


def set_upload(card, **columns):
    CardUpload.objects.filter(pk=card.pk).update(**columns)


def rejected(lpu, **columns):
    """A refused card, as the database has it."""
    card = a_card(lpu)
    given = {"error_code": "validation_error", "error_field": "polis.number", "error_text": "Нет такого полиса"}
    set_upload(card, state="rejected", **{**given, **columns})
    card.refresh_from_db()
    return card


def wait_for_a_day(claimed, now):
    """The MIP says so of the card."""
    told = {"outcome": Later("http_503", 86400.0), "at": now, "milliseconds": 1, "status": 503}
    (card,) = claimed.cards
    assert uploads.record(claimed=claimed, exchanges=[Exchange(card=card, **told, request_id=uuid.uuid4())], now=now)


def text_of(response):
    return response.content.decode()


class TestMending:
    @pytest.fixture
    def registrar(self, client):
        user = an_employee("registrar")
        client.force_login(user)
        return user

    def test_the_list_names_field_and_reason_and_leads_to_the_card(self, client, registrar, lpu):
        card = rejected(lpu)
        shown = text_of(client.get("/admin/mend/"))
        assert card.family in shown
        assert "Нет такого полиса" in shown
        assert str(exchange_words.field_of("polis.number")) in shown
        assert page("patients.patient", "change", card.pk) in shown

    def test_everything_that_is_wrong_is_named(self, client, registrar, lpu):
        faults = [
            {"field": "polis.number", "code": "unknown_number", "text": "Нет такого полиса"},
            {"field": "snils", "code": "", "text": "Неверный СНИЛС"},
        ]
        card = rejected(lpu, faults=faults)
        for address in ("/admin/mend/", page("patients.patient", "change", card.pk)):
            shown = text_of(client.get(address))
            for field in ("polis.number", "snils"):
                assert str(exchange_words.field_of(field)) in shown
            assert "unknown_number" in shown
            assert exchange_words.reason_of("validation_error") in shown
            assert "Нет такого полиса" in shown
            assert "Неверный СНИЛС" in shown

    def test_whoever_is_shown_is_written_down(self, client, registrar, lpu):
        card = rejected(lpu)
        client.get("/admin/mend/")
        assert AccessRecord.objects.filter(card=card.guid, user=registrar).exists()

    def test_a_card_of_another_lpu_or_out_of_use_is_not_on_it(self, client, registrar, lpu):
        gone = rejected(lpu)
        Patient.objects.filter(pk=gone.pk).update(state="withdrawn")
        set_upload(gone, state="rejected")
        assert mending.count(lpus=[lpu]) == 0

    def test_who_comes_soon_stands_on_top(self, lpu, now, monkeypatch):
        first, second = rejected(lpu, last_attempt_at=now - HOUR), rejected(lpu, last_attempt_at=now)
        soon = CardUpload.objects.filter(pk=second.pk)
        monkeypatch.setattr("patients.services.concerned.missing", lambda now: soon)
        found = mending.page(lpus=[lpu], now=now, limit=10)
        assert [one.upload.pk for one in found] == [second.pk, first.pk]
        assert [one.is_urgent for one in found] == [True, False]

    def test_no_card_is_left_out_or_shown_twice_between_pages(self, lpu, now, monkeypatch):
        cards = [rejected(lpu, last_attempt_at=now - number * HOUR).pk for number in range(7)]
        soon = CardUpload.objects.filter(pk__in=cards[:3])
        monkeypatch.setattr("patients.services.concerned.missing", lambda now: soon)
        pages = [mending.page(lpus=[lpu], now=now, limit=2, begin=begin) for begin in (0, 2, 4, 6)]
        shown = [one.upload.pk for page in pages for one in page]
        assert shown == [*reversed(cards[:3]), *reversed(cards[3:])]

    def test_the_count_beside_the_menu(self, client, registrar, lpu):
        assert client.get("/admin/mend/count/?since=0").status_code == 204
        rejected(lpu)
        answer = client.get("/admin/mend/count/?since=0", headers={"HX-Request": "true"})
        assert "<strong>1</strong>" in text_of(answer)
        assert client.get("/admin/mend/count/?since=1").status_code == 204

    def test_saving_the_card_sends_it_again_whatever_was_changed(self, lpu, now):
        card = rejected(lpu)
        assert resending.after_saving(card_id=card.pk, by=SYSTEM, now=now)
        upload = CardUpload.objects.get(pk=card.pk)
        assert (upload.state, upload.error_code) == ("waiting", "")
        assert not resending.after_saving(card_id=card.pk, by=SYSTEM, now=now)

    def test_saving_in_the_card_s_page(self, client, registrar, lpu):
        card = rejected(lpu)
        form = client.get(page("patients.patient", "change", card.pk)).context["adminform"].form
        given = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        given |= {"phones-TOTAL_FORMS": 0, "phones-INITIAL_FORMS": 0, "district": "7"}
        given |= {"further_phones-TOTAL_FORMS": 0, "further_phones-INITIAL_FORMS": 0}
        given |= {"upload-TOTAL_FORMS": 0, "upload-INITIAL_FORMS": 0}
        response = client.post(page("patients.patient", "change", card.pk), given)
        assert response.status_code == 302, response.context["errors"]
        assert CardUpload.objects.get(pk=card.pk).state == "waiting"

    def test_an_accepted_card_is_not_sent_for_nothing(self, card, now):
        set_upload(card, state="accepted")
        assert not resending.after_saving(card_id=card.pk, by=SYSTEM, now=now)
        assert CardUpload.objects.get(pk=card.pk).state == "accepted"

    def test_statements_do_not_grow_with_the_list(self, client, registrar, lpu):
        rejected(lpu)
        client.get("/admin/mend/")
        with statements() as one:
            client.get("/admin/mend/")
        for _number in range(4):
            rejected(lpu)
        with statements() as five:
            client.get("/admin/mend/")
        assert len(one) == len(five), listed(five)


class Mip(http.server.BaseHTTPRequestHandler):
    """Answers as a test says, after a `wait`; `ahead` is its clock, before ours."""

    status, wait, ahead = 200, 0, dt.timedelta()
    body = {"items": [{"guid": str(uuid.uuid4()), "version": 1}], "next": None}

    def do_GET(self):
        time.sleep(self.wait)
        self.send_response_only(self.status)
        self.send_header("Date", format_datetime(timezone.now() + self.ahead, usegmt=True))
        raw = json.dumps(self.body).encode()
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args):
        """Quiet."""


@pytest.fixture
def a_mip(settings):
    """`a_mip(status=401)`: listens, and the settings name it."""
    servers = []

    def begin(*, certificate=None, **answers):
        handler = type("Answers", (Mip,), answers)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        scheme = "https" if certificate else "http"
        settings.MIP = {**settings.MIP, "URL": f"{scheme}://127.0.0.1:{server.server_port}/mip", "LOGIN": "lpu"}

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def a_certificate(tmp_path, monkeypatch):
    """`a_certificate(days=90)`: a file with it and its key; trusted here, unless it is not to be."""

    def write(*, days, address="127.0.0.1", trusted=True):
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
        end = timezone.now() + dt.timedelta(days=days, hours=1)
        signed = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), end - 400 * DAY, end)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=True)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = tmp_path / "mip.pem"
        path.write_bytes(secret + signed.public_bytes(Encoding.PEM))
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        return path

    return write


def levels(report):
    return [step.level for step in report.steps]


class TestConnection:
    def test_all_is_well(self, a_mip, lpu, now):
        a_mip()
        report = connection_check.check(lpu=lpu, now=now)
        assert report.is_good
        # name, connection, no encryption, login, row, clocks
        assert levels(report) == ["good", "good", "warn", "good", "good", "good"]
        assert all(step.milliseconds is not None for step in report.steps[:2])

    def test_a_wrong_password(self, a_mip, lpu, now):
        a_mip(status=401, body={})
        report = connection_check.check(lpu=lpu, now=now)
        assert not report.is_good
        assert "MIP_PASSWORD" in report.steps[3].answer

    @pytest.mark.parametrize(
        ("seconds", "level"), [(-95, "bad"), (-25, "warn"), (-4, "good"), (25, "warn"), (95, "bad")]
    )
    def test_clocks(self, a_mip, lpu, now, seconds, level):
        a_mip(ahead=dt.timedelta(seconds=seconds))
        clock = connection_check.check(lpu=lpu, now=now).steps[5]
        assert clock.level == level
        told = int(re.search(r"\d+", clock.answer)[0])
        assert abs(told - abs(seconds)) <= 2  # the header has whole seconds

    def test_an_answer_that_is_no_list(self, a_mip, lpu, now):
        a_mip(body=["Иванов"])
        step = connection_check.check(lpu=lpu, now=now).steps[4]
        assert step.level == "warn"
        assert "Иванов" not in step.answer

    def test_nobody_listens_and_the_rest_is_not_tried(self, settings, lpu, now):
        settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip"}
        report = connection_check.check(lpu=lpu, now=now)
        assert levels(report)[:2] == ["good", "bad"]
        assert not report.is_good

    def test_a_name_that_does_not_exist(self, settings, lpu, now):
        settings.MIP = {**settings.MIP, "URL": "https://mip.invalid/mip"}
        assert levels(connection_check.check(lpu=lpu, now=now))[0] == "bad"

    @pytest.mark.parametrize("url", ["", "ftp://mip/", "http://", "http://mip:port/"])
    def test_an_address_that_is_none(self, settings, lpu, now, url):
        settings.MIP = {**settings.MIP, "URL": url}
        assert levels(connection_check.check(lpu=lpu, now=now))[0] == "bad"

    def test_a_server_without_tls(self, a_mip, settings, lpu, now):
        a_mip()
        settings.MIP = {**settings.MIP, "URL": settings.MIP["URL"].replace("http://", "https://")}
        assert levels(connection_check.check(lpu=lpu, now=now))[:3] == ["good", "good", "bad"]

    @pytest.mark.parametrize(("days", "level"), [(90, "good"), (5, "warn")])
    def test_how_long_the_certificate_is_good(self, a_mip, a_certificate, lpu, now, days, level):
        a_mip(certificate=a_certificate(days=days))
        report = connection_check.check(lpu=lpu, now=now)
        # name, connection, encryption, login, row, clocks
        assert levels(report) == ["good", "good", level, "good", "good", "good"]
        assert re.search(rf"^TLSv1\.[23]\b.* {days}\b", report.steps[2].answer)
        assert report.is_good

    @pytest.mark.parametrize("wrong", [{"days": -2}, {"address": "127.0.0.2"}, {"trusted": False}])
    def test_a_certificate_that_is_not_to_be_trusted(self, a_mip, a_certificate, lpu, now, wrong):
        a_mip(certificate=a_certificate(**{"days": 90, **wrong}))
        report = connection_check.check(lpu=lpu, now=now)
        assert levels(report) == ["good", "good", "bad"]  # the password is not sent there
        assert not report.is_good

    def test_never_inside_a_transaction(self, a_mip, lpu, now):
        a_mip()
        with transaction.atomic(), pytest.raises(RuntimeError):
            connection_check.check(lpu=lpu, now=now)

    def test_a_proxy_is_what_is_connected_to(self, monkeypatch):
        monkeypatch.setenv("https_proxy", "http://proxy.clinic:3128")
        monkeypatch.setenv("no_proxy", "")
        way = connection_check.way_to("https://mip.example.org/")
        assert (way.host, way.port, way.is_proxy) == ("proxy.clinic", 3128, True)

    def test_secrets_that_end(self, now):
        client = ApiClient.objects.create(login="central", source="Internet")
        secret = ApiSecret.objects.create(client=client, place=1, digest=b"1" * 32, hint="abcd", expires_at=now + HOUR)
        assert expiry.keys(now=now)[0].level == "warn"
        ApiSecret.objects.filter(pk=secret.pk).update(expires_at=now - HOUR)
        assert expiry.keys(now=now)[0].level == "bad"
        ApiSecret.objects.create(client=client, place=2, digest=b"2" * 32, hint="efgh")
        assert expiry.keys(now=now)[0].level == "warn"

    def test_only_on_demand(self, client, a_mip, lpu):
        a_mip()
        client.force_login(an_employee("operator"))
        assert client.get("/admin/exchange/check/").context["report"] is None
        answer = client.post("/admin/exchange/check/")
        assert answer.context["report"].is_good
        assert 'class="level good"' in text_of(answer)

    def test_how_long_each_step_took(self, client, a_mip, lpu):
        a_mip(wait=0.4)
        client.force_login(an_employee("operator"))
        answer = client.post("/admin/exchange/check/")
        steps = [step for line in answer.context["report"].lines for step in line]
        shown = re.findall(r'<td class="number">([^<]*)</td></tr>', text_of(answer))
        assert shown == ["—" if step.milliseconds is None else str(step.milliseconds) for step in steps]
        name, connection, encryption, login, row, clocks = shown[:6]
        assert 0 <= int(name) < 400
        assert 0 <= int(connection) < 400
        assert 400 <= int(login) == int(row) < 4000
        assert (encryption, clocks) == ("—", "—")


class TestChecks:
    @pytest.fixture(autouse=True)
    def mip(self, settings):
        settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip"}

    def test_every_check_has_a_text_that_its_facts_fill(self):
        facts = {"minutes": 1, "hours": 1, "reason": "x", "who": "x", "count": 1, "names": "x", "days": 1}
        facts |= {"clients": "x", "queues": "x", "seconds": 1}
        for check in alarms.CHECKS.values():
            assert check.in_words(facts) != str(check.title), check.name
            assert "%(" not in check.in_words(facts)

    def test_the_oldest_unsent(self, card, now):
        CardUpload.objects.filter(pk=card.pk).update(wanted_since=now - 14 * MINUTE)
        assert patient_alarms.oldest_unsent(now) is None
        CardUpload.objects.filter(pk=card.pk).update(wanted_since=now - 16 * MINUTE)
        assert patient_alarms.oldest_unsent(now) == {"minutes": 16}
        set_upload(card, state="rejected")
        assert patient_alarms.oldest_unsent(now) is None

    def test_a_card_that_fails_by_itself_does_not_hide_that_others_wait(self, card, lpu, now):
        CardUpload.objects.filter(pk=card.pk).update(wanted_since=now - DAY)
        set_upload(card, state="retry", error_code="http_413", attempts=3, due_at=now + HOUR)
        assert patient_alarms.oldest_unsent(now) == {"minutes": 1440}
        assert patient_alarms.cards_failing(now) is None
        claimed = {"state": "in_flight", "claim": uuid.uuid4(), "claimed_until": now}
        for columns in ({"attempts": 4}, {**claimed, "attempts": 5}):
            set_upload(card, **columns)
            assert patient_alarms.cards_failing(now) == {"count": 1}
            assert patient_alarms.oldest_unsent(now) is None
        waits = a_card(lpu)
        CardUpload.objects.filter(pk=waits.pk).update(wanted_since=now - 16 * MINUTE)
        assert patient_alarms.oldest_unsent(now) == {"minutes": 16}
        set_upload(card, priority=2)
        assert patient_alarms.cards_failing(now) is None

    @pytest.mark.parametrize(
        ("priority", "told"),
        [(1, ["", *["oldest_unsent"] * 3, "cards_failing"]), (2, ["", "", "", *["existing_unsent"] * 2])],
    )
    def test_what_is_told_to_wait_for_a_day_each_time_grows_old(self, card, now, settings, priority, told):
        settings.ALARMS = {**settings.ALARMS, "EXISTING_DAYS": 3}
        set_upload(card, priority=priority)
        for day, expected in enumerate(told):
            at = now + MINUTE + day * 25 * HOUR
            names = ("oldest_unsent", "cards_failing", "existing_unsent")
            found = [name for name in names if getattr(patient_alarms, name)(at)]
            assert found == ([expected] if expected else [])
            wait_for_a_day(uploads.claim(now=at), at)

    def test_what_is_sent_again_is_as_old_as_that(self, lpu, now):
        card = rejected(lpu, last_attempt_at=now - 30 * DAY, wanted_since=now - 30 * DAY)
        resending.one(card_id=card.pk, by=SYSTEM, now=now)
        assert patient_alarms.oldest_unsent(now + SECOND) is None
        assert patient_alarms.oldest_unsent(now + 16 * MINUTE) == {"minutes": 16}

    def test_who_knows_of_a_failing_card_is_told_of_a_standstill(self, card, lpu, now):
        CardUpload.objects.filter(pk=card.pk).update(wanted_since=now - DAY)
        set_upload(card, state="retry", error_code="http_413", attempts=40, due_at=now + HOUR)
        for minute in range(17):
            alarms.look(now=now + minute * MINUTE)
        known = Alarm.objects.get(name="cards_failing")
        assert not Alarm.objects.filter(name="oldest_unsent").exists()
        alarms.acknowledge(alarm_id=known.pk, by=SYSTEM, now=now)
        CardUpload.objects.filter(pk=a_card(lpu).pk).update(wanted_since=now)
        alarms.look(now=now + 18 * MINUTE)
        assert Alarm.objects.filter(name="oldest_unsent", acknowledged_at=None, ended_at=None).exists()

    def test_without_the_mips_address_it_is_noticed_all_the_same(self, card, now, settings):
        settings.MIP = {**settings.MIP, "URL": ""}
        CardUpload.objects.filter(pk=card.pk).update(wanted_since=now - 16 * MINUTE)
        assert patient_alarms.oldest_unsent(now) == {"minutes": 16}

    def test_the_gate_shut_by_credentials(self, now):
        MipGate.objects.create(kind="credentials", reason="unauthorized", closed_until=now + MINUTE, since=now)
        assert patient_alarms.credentials(now) == {"reason": "unauthorized"}
        assert patient_alarms.outage(now) is None

    def test_an_outage_that_lasts(self, now):
        gate = MipGate.objects.create(kind="outage", reason="timeout", closed_until=now, since=now - 14 * MINUTE)
        assert patient_alarms.outage(now) is None
        MipGate.objects.filter(pk=gate.pk).update(since=now - 16 * MINUTE)
        assert patient_alarms.outage(now) == {"minutes": 16, "reason": "timeout"}
        MipGate.objects.filter(pk=gate.pk).update(closed_until=None, since=None, kind="")
        assert patient_alarms.outage(now) is None

    def test_a_forgotten_pause_without_what_was_typed(self, now):
        ExchangePause.objects.create(
            reason="Иванов жалуется", since=now - 2 * HOUR, until=now + HOUR, started_by="olga"
        )
        assert patient_alarms.forgotten_pause(now) == {"who": "olga", "hours": 2}
        assert patient_alarms.forgotten_pause(now - 70 * MINUTE) is None
        assert patient_alarms.forgotten_pause(now + 2 * HOUR) is None

    def test_no_reconciliation_lately(self, now):
        assert patient_alarms.not_reconciled(now) is None
        Reconciliation.objects.create(
            stage="done", started_at=now - 41 * HOUR, started_by="system", ended_at=now - 40 * HOUR, due_at=now
        )
        assert patient_alarms.not_reconciled(now) == {"hours": 40}

    def test_a_reconciliation_that_never_came_to_its_end(self, now):
        assert patient_alarms.never_reconciled(now) is None
        begun = Reconciliation.objects.create(started_at=now - 35 * HOUR, started_by="system", due_at=now)
        assert patient_alarms.never_reconciled(now) is None
        assert patient_alarms.never_reconciled(now + 2 * HOUR) == {"hours": 37, "reason": "-"}
        failed = {"stage": "failed", "ended_at": now, "error": "http_500"}
        Reconciliation.objects.filter(pk=begun.pk).update(**failed)
        assert patient_alarms.never_reconciled(now + 2 * HOUR) == {"hours": 37, "reason": "http_500"}
        Reconciliation.objects.create(
            stage="done", started_at=now, started_by="system", due_at=now, ended_at=now + HOUR
        )
        assert patient_alarms.never_reconciled(now + 2 * HOUR) is None

    def test_refused_cards_left_lying(self, lpu, now, settings):
        settings.ALARMS = {**settings.ALARMS, "REFUSED_DAYS": 5}
        card, _fresh = rejected(lpu, last_attempt_at=now - 120 * HOUR), rejected(lpu, last_attempt_at=now)
        assert patient_alarms.refused_left(now) is None
        assert patient_alarms.refused_left(now + MINUTE) == {"count": 1, "days": 5}
        Patient.objects.filter(pk=card.pk).update(state="withdrawn")  # whose news is refused, too
        set_upload(card, state="duplicate")
        assert patient_alarms.refused_left(now + MINUTE) == {"count": 1, "days": 5}
        resending.one(card_id=card.pk, by=SYSTEM, now=now)
        assert patient_alarms.refused_left(now + MINUTE) is None

    @pytest.mark.parametrize(
        ("columns", "alarmed"),
        [
            ({"state": "waiting", "hours": 49}, True),
            ({"state": "waiting", "hours": 47}, False),
            ({"state": "waiting", "hours": 49, "priority": 1}, False),  # the age of changes has an alarm of its own
            ({"state": "retry", "hours": 49, "attempts": 2}, True),  # told to wait a day each time
            ({"state": "in_flight", "hours": 49, "attempts": 112, "claim": uuid.uuid4()}, True),
            ({"state": "retry", "hours": 47, "attempts": 112}, False),
            ({"state": "rejected", "hours": 49, "attempts": 99}, False),
        ],
    )
    def test_existing_cards_that_do_not_reach_the_mip(self, card, now, settings, columns, alarmed):
        settings.ALARMS = {**settings.ALARMS, "EXISTING_DAYS": 2}
        given = {"priority": 2, **columns}
        since = now - given.pop("hours") * HOUR
        set_upload(
            card, **given, due_at=now + HOUR, wanted_since=since, claimed_until=now if "claim" in given else None
        )
        assert patient_alarms.existing_unsent(now) == ({"count": 1, "days": 2} if alarmed else None)
        set_upload(card, accepted_version=Patient.objects.get(pk=card.pk).version)  # the MIP has it: no harm
        assert patient_alarms.existing_unsent(now) is None

    def test_a_broker_that_does_not_answer(self, now, settings):
        assert alarm_checks.no_broker(now) is None
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert alarm_checks.no_broker(now) == {"reason": "ConnectionError"}

    @pytest.mark.parametrize(("seconds", "alarmed"), [(0, False), (50, False), (-50, False), (70, True), (-70, True)])
    def test_clocks(self, seconds, alarmed):
        found = alarm_checks.clocks(timezone.now() + seconds * SECOND)
        assert (found is not None) == alarmed
        assert found is None or 60 < found["seconds"] < 80

    def test_workers_and_beat(self, now):
        assert alarm_checks.no_worker(now) == {"queues": "mip, default", "others": 0}
        assert alarm_checks.no_beat(now) == {}
        for kind, queues in (("worker", ["default"]), ("beat", [])):
            Heartbeat.objects.create(name=kind, kind=kind, host="h", pid=1, queues=queues, started_at=now, seen_at=now)
        assert alarm_checks.no_worker(now) == {"queues": "mip", "others": 1}
        assert alarm_checks.no_beat(now) is None
        Heartbeat.objects.filter(kind="worker").update(queues=["mip"])  # then nobody asks it to send
        assert alarm_checks.no_worker(now) == {"queues": "default", "others": 1}
        other = {"name": "other", "kind": "worker", "host": "h", "pid": 2, "queues": ["default"]}
        Heartbeat.objects.create(**other, started_at=now, seen_at=now)
        assert alarm_checks.no_worker(now) is None
        assert alarm_checks.no_worker(now + 5 * MINUTE) == {"queues": "mip, default", "others": 0}

    @pytest.mark.parametrize("name", ["no_worker", "no_beat"])
    @pytest.mark.parametrize(("signed", "apart"), [(0, 55), (44, 59), (44, 67), (33, 60)])
    def test_who_is_gone_is_told_within_the_time_that_the_page_for_operators_names(
        self, now, monkeypatch, name, signed, apart
    ):
        monkeypatch.setattr(alarms, "CHECKS", {name: alarms.CHECKS[name]})
        kind, seen = name.removeprefix("no_"), now - signed * SECOND
        columns = {"name": kind, "kind": kind, "host": "h", "pid": 1, "queues": ["mip", "default"]}
        Heartbeat.objects.create(**columns, started_at=seen, seen_at=seen)
        at = now
        while not alarms.open_ones():
            assert alarms.look(now=at)
            at += apart * SECOND
        told = at - apart * SECOND - seen
        assert 2.5 * 60 <= told.total_seconds() <= 4.1 * 60

    @pytest.mark.parametrize(("ago", "alarmed"), [(None, False), (50, False), (70, True), (8 * 24 * 60, True)])
    def test_polls_that_have_stopped(self, now, monkeypatch, ago, alarmed):
        last = now - ago * MINUTE if ago else None
        monkeypatch.setattr(alarm_checks.traffic, "last_poll", lambda: last)
        assert (alarm_checks.no_poll(now) is not None) == alarmed

    def test_no_places_from_outside(self, now, monkeypatch):
        free = [alarm_checks.outside.Free("Хирургия", 0, 1), alarm_checks.outside.Free("Терапия", 3, 1)]
        seen = alarm_checks.outside.Seen(free, [], [])
        monkeypatch.setattr(alarm_checks.outside, "seen", lambda now: seen)
        assert alarm_checks.no_places(now) == {"count": 1, "names": "Хирургия"}
        assert alarm_checks.short_horizon(now) is None
        assert alarm_checks.doctors_without_slots(now) is None

    def test_a_schedule_that_ends_and_doctors_without_places(self, lpu, now):
        """As the schedule's own reader sees it: one doctor is published, and no place is laid."""
        doctor = a_doctor(lpu=lpu)
        assert alarm_checks.doctors_without_slots(now) == {"count": 1}
        assert alarm_checks.short_horizon(now) == {"days": 0}
        today = timezone.localdate(now, lpu.tz)
        for days, found in ((2, {"days": 2}), (3, None)):
            begin = dt.datetime.combine(today + dt.timedelta(days=days), dt.time(12), lpu.tz)
            a_slot_at(doctor, begin)
            assert alarm_checks.short_horizon(now) == found
        assert alarm_checks.doctors_without_slots(now) is None

    @pytest.mark.parametrize(
        ("ends", "used", "alarmed"),
        [
            (8, None, False),
            (6, None, True),
            (-6, None, True),
            (-8, None, False),  # nobody has used it for long
            (-8, -40, False),
            (-8, -10, True),  # it was needed until its end
            (-90, -91, True),
        ],
    )
    def test_a_secret_that_ends(self, now, ends, used, alarmed):
        day = dt.timedelta(days=1)
        client = ApiClient.objects.create(login="central", last_used_at=now + used * day if used else None)
        secret = ApiSecret(client=client, place=1, digest=b"1" * 32, hint="abcd", expires_at=now + ends * day)
        secret.save()
        assert alarm_checks.secrets_end(now) == ({"clients": "central"} if alarmed else None)
        ApiSecret.objects.create(client=client, place=2, digest=b"2" * 32, hint="efgh")
        assert alarm_checks.secrets_end(now) is None

    def test_an_ended_secret_with_which_somebody_still_calls(self, now):
        client = ApiClient.objects.create(login="central")
        ended = ApiSecret.objects.create(
            client=client, place=1, digest=b"1" * 32, hint="abcd", expires_at=now - 300 * HOUR
        )
        key = traffic.Key("central", "GET", "api/schedule", 401, BAD_CREDENTIALS)
        traffic.add(counts={key: traffic.Tally(count=1, last=now.timestamp())}, now=now)
        assert alarm_checks.secrets_end(now) == {"clients": "central"}
        assert alarm_checks.secrets_end(now + 48 * HOUR) is None
        ApiSecret.objects.filter(pk=ended.pk).update(revoked_at=now)
        assert alarm_checks.secrets_end(now) is None

    def test_a_new_version_is_marked_once(self, now):
        Heartbeat.objects.create(
            name="w", kind="worker", host="h", pid=1, version="1.1", queues=["mip"], started_at=now, seen_at=now
        )
        for _number in range(2):
            patient_alarms.mark_version(now + MINUTE)
        assert ExchangeMark.objects.filter(kind="deploy").values_list("text", flat=True).get() == "1.1"


def test_a_batch_that_is_refused_is_one_refusal(lpu, now, settings):
    settings.MIP = {**settings.MIP, "URL": "http://127.0.0.1:9/mip", "TIMEOUT": 1.0}
    for _number in range(3):
        a_card(lpu)
    claimed = uploads.claim(now=now + MINUTE, limit=3)
    refused = [Exchange(card, Credentials("unauthorized"), now, 5, 401, uuid.uuid4()) for card in claimed.cards]
    assert uploads.record(claimed=claimed, exchanges=refused, now=now) == 3
    assert MipGate.objects.get().failures == 1


def test_the_start_page_of_administrators_has_the_banner(client, now):
    from lmis.models import Alarm

    client.force_login(an_employee("administrator"))
    Alarm.objects.create(name="no_beat", since=now)
    assert "lmis-alarm" in text_of(client.get("/admin/"))
    client.force_login(an_employee("registrar"))
    assert "lmis-alarm" not in text_of(client.get("/admin/"))
