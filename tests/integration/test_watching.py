"""A whole clinic as operators watch it: what its processes say, what they count, and what their logs must not say."""

import functools
import json
import os
import signal
import time
import urllib.parse

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.demo import until
from tests.integration.leaks import leaks, logs_of, of_patients, told_of

REPRESENTATIVE, REPRESENTATIVE_PHONE, SECOND_PHONE = "Ёжикова-Пригожая", "+7 495 000-11-22", "84950001133"


def scrape(clinic):
    """Values by name and labels, as Prometheus reads them."""
    site = clinic.demo["base_url"].removesuffix("/api")
    try:
        text = httpx.get(f"{site}/metrics", timeout=30).text  # a new connection: any of the web processes may answer
    except httpx.TransportError as error:
        raise OSError("nobody answers") from error
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def alive(clinic):
    found = scrape(clinic)
    return {kind: found["lmis_processes", kind] for kind in ("worker", "beat", "web")}


def lpu_calls(clinic):
    return scrape(clinic).get(("lmis_requests_total", "GET", "api/lpu", "200"), 0)


def test_everybody_lives(watched):
    until(lambda: alive(watched) == {"worker": 1, "beat": 1, "web": 2}, lambda: alive(watched))
    found = scrape(watched)
    assert found["lmis_workers", "mip"] == found["lmis_workers", "default"] == found[("lmis_broker_up",)] == 1


def test_two_web_processes_are_one_sum_and_a_restart_loses_nothing(watched):
    until(lambda: alive(watched)["web"] == 2, "both web processes")
    before = lpu_calls(watched)
    for _ in range(40):
        with httpx.Client() as one:  # a new connection each: both processes get some
            demo = watched.demo
            assert one.get(f"{demo['base_url']}/lpu", auth=(demo["login"], demo["secret"])).status_code == 200
    until(lambda: lpu_calls(watched) == before + 40, lambda: f"{lpu_calls(watched)}, not {before + 40}")
    for _ in range(7):
        watched.call("GET", "/lpu")
    pid = watched.demo["pids"]["web"]
    os.kill(pid, signal.SIGTERM)  # at once: what was counted is still in memory
    until(lambda: watched.demo["pids"]["web"] not in (pid, None), "a new web server")
    until(lambda: scrape(watched), "the new web server")
    assert lpu_calls(watched) == before + 47


def test_a_dead_worker_is_told_from_a_dead_beat_and_from_a_dead_broker(watched):
    """The worker and Redis are stopped, so that nobody starts them again: what they last said grows old."""
    pids = watched.demo["pids"]
    stopped = [psutil.Process(pids[name]) for name in ("worker", "redis")]
    for process in stopped:
        process.suspend()
    try:
        until(lambda: alive(watched)["worker"] == 0, "the sign of the worker is still fresh")
        time.sleep(20)  # beat's last sign from before would be old by now
        found = scrape(watched)
        assert (found["lmis_processes", "beat"], found["lmis_workers", "mip"]) == (1, 0)
        assert found[("lmis_broker_up",)] == 0
        assert watched.call("GET", "/lpu").status_code == 200
    finally:
        for process in reversed(stopped):
            process.resume()
    until(lambda: alive(watched)["worker"] == 1, "the worker is back")
    until(lambda: scrape(watched)[("lmis_broker_up",)] == 1, "the broker is back")


class Trouble:
    """Everything that may tempt a process to say too much."""

    def __init__(self, clinic):
        self.clinic = clinic
        names = ("family", "name", "patronymic", "polis_number", "snils", "document_series", "document_number", "phone")
        row = clinic.rows(
            f"SELECT {', '.join(names)} FROM patients_patient WHERE polis_number = %s", clinic.demo["sample"]["polis"]
        )[0]
        self.person = dict(zip(names, row, strict=True))
        self.family, self.polis = self.person["family"], self.person["polis_number"]

    def told(self):
        """What is told of the patient, each by itself."""
        return {value for name, value in self.person.items() if value and name != "document_series"}

    def has_a_representative(self):
        """And a second phone: the demo's cards have neither."""
        self.clinic.execute(
            "UPDATE patients_patient SET representative = %s, representative_phone = %s WHERE polis_number = %s",
            f"{REPRESENTATIVE} Агриппина Львовна",
            REPRESENTATIVE_PHONE,
            self.polis,
        )
        self.clinic.execute(
            "INSERT INTO patients_patientphone (patient_id, number, kind, note)"
            " SELECT id, %s, 'home', '' FROM patients_patient WHERE polis_number = %s",
            SECOND_PHONE,
            self.polis,
        )

    def books(self):
        """With a token; twice; with a body that is wrong in several ways."""
        token = self.clinic.token(self.polis)
        slots = self.clinic.call("GET", "/schedule", params={"channel": "Internet", "free": "true"}).json()["items"]
        slot = slots[-1]["guid"]
        for body in ({"slot": slot}, {"slot": slot}, {"slot": self.family}, {"patient": self.person}):
            self.clinic.call("POST", "/appointments", token=token, json=body)
        self.clinic.call("POST", "/appointments", token=token, content=f'{{"family": "{self.family}"')
        self.clinic.call("GET", "/appointments", token=token[:-2])
        patient = {name: self.person[name] for name in ("family", "name", "patronymic", "phone")}
        patient["polis"] = {"number": self.polis}
        patient["identityDocument"] = {
            "series": self.person["document_series"],
            "number": self.person["document_number"],
        }
        body = {"slot": slot, "patient": patient, "snils": self.person["snils"]}
        self.clinic.call("POST", "/dir/appointments", json=body)
        return token

    def is_refused(self):
        """A login that is a name, a secret that is none."""
        base = self.clinic.demo["base_url"]
        self.clinic.http.get(f"{base}/lpu", auth=(self.family, self.polis))

    def comes_to_the_desk(self):
        """An employee logs in, looks for the patient, and mistypes a login."""
        site = self.clinic.demo["base_url"].removesuffix("/api")
        with httpx.Client(base_url=site, follow_redirects=True, timeout=30) as desk:
            for login, password in ((self.family, self.polis), ("registrar", "registratura-demo")):
                desk.get("/admin/login/")
                token = desk.cookies["csrftoken"]
                given = {"username": login, "password": password, "csrfmiddlewaretoken": token}
                answer = desk.post("/admin/login/", data=given, headers={"Referer": site})
            assert answer.status_code == 200
            headers = {"X-CSRFToken": desk.cookies["csrftoken"], "Referer": site}
            names = " ".join(self.person[name] for name in ("family", "name", "patronymic"))
            for text in (self.family, names, self.person["document_number"], self.person["phone"]):
                found = desk.post("/admin/desk/find/", data={"text": text}, headers=headers)
                assert self.family in found.text, text
            for text in (REPRESENTATIVE, REPRESENTATIVE_PHONE, SECOND_PHONE):
                desk.post("/admin/desk/find/", data={"text": text}, headers=headers)

    def meets_a_broken_database(self, token):
        """A table is away: requests and tasks fail with what they hold in their hands."""
        for table in ("appointments_appointment", "patients_cardupload"):
            self.clinic.execute(f"ALTER TABLE {table} RENAME TO away")
            try:
                answer = self.clinic.call("GET", "/appointments", token=token)
                assert answer.status_code == (500 if table == "appointments_appointment" else 200)
                time.sleep(5)  # beat asks every 2 s
            finally:
                self.clinic.execute(f"ALTER TABLE away RENAME TO {table}")

    def is_rejected(self):
        """The MIP rejects the card, in words that name the patient; then it does not let us in."""
        for mode, phone in (("reject", "79990000001"), ("unauthorized", "79990000002")):
            self.clinic.sandbox("POST", "/faults", json={"mode": mode})
            self.clinic.execute("UPDATE patients_patient SET phone = %s WHERE polis_number = %s", phone, self.polis)
            until(functools.partial(self.attempts, mode), f"nothing was sent while the MIP is to {mode}")
        self.clinic.sandbox("POST", "/faults", json={"mode": "ok"})

    def attempts(self, mode):
        outcome = {"reject": "rejected", "unauthorized": "credentials"}[mode]
        return self.clinic.rows("SELECT 1 FROM patients_uploadattempt WHERE outcome = %s LIMIT 1", outcome)


def test_logs_name_nobody(watched):
    trouble = Trouble(watched)
    trouble.has_a_representative()
    before = of_patients(watched.running)
    token = trouble.books()
    trouble.is_refused()
    trouble.comes_to_the_desk()
    trouble.meets_a_broken_database(token)
    trouble.is_rejected()
    time.sleep(1)  # the last lines are on their way
    demo = watched.demo
    secrets = {token, demo["secret"], demo["token_secret"], "registratura-demo", "mip-demo-password"}
    personal, logs = before | of_patients(watched.running) | secrets, logs_of(watched.running)

    said = "".join(logs.values())
    for line in ('"GET /api/lpu', "/admin/desk/find/", "UndefinedTable", "did not take a card", "refuses our login"):
        assert line in said, f"the run was to make somebody say {line}"
    assert told_of(personal, logs) == {}
    # and the look itself finds what it looks for, as it stands, as a URL has it and as JSON may; not within a word
    assert leaks(f"{said} {trouble.family}", personal) == {trouble.family}
    for value in trouble.told() | {REPRESENTATIVE, "Агриппина", REPRESENTATIVE_PHONE, "74950001122", SECOND_PHONE}:
        for form in (value, value.lower(), f"x?of={urllib.parse.quote(value)}", json.dumps(value), f"«{value}»"):
            assert value in leaks(form, personal), form
    assert leaks(f"x{trouble.person['name']} {trouble.person['document_number']}0", personal) == set()


def test_lines_are_json_with_what_they_belong_to(watched):
    folder = watched.running.data_dir / "log"
    watched.call("GET", "/appointments/00000000-0000-4000-8000-000000000000", headers={"X-Request-Id": "my-own"})
    web, worker = (lines_of(folder / f"{name}.log") for name in ("web", "worker"))
    assert "my-own" in {line.get("request_id") for line in web}
    assert {"patients.sweep_uploads"} <= {line.get("task") for line in worker}
    cards = {str(guid) for (guid,) in watched.rows("SELECT guid FROM patients_patient")}
    told = [line for line in worker if "did not take a card" in line["message"]]
    assert told
    assert {line["card"] for line in told} <= cards
    assert all(line["task_id"] for line in told)


def lines_of(path):
    """The lines of ours in a log; greetings and the web server's own are text."""
    return [json.loads(line) for line in path.read_text().splitlines() if line[:1] == "{"]
