"""The process: how it starts, what it writes down, how it ends."""

import signal
import socket
import sqlite3
import subprocess
import sys

import httpx
import pytest

from sandbox.server import listen
from tests.unit.sandbox.region import ROOT, environment, new_card, running


def run(*arguments, **changes):
    """A start that is expected to fail: (exit status, what it said)."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(**changes), capture_output=True, text=True)
    return done.returncode, done.stderr


def end(region, sign):
    region.process.send_signal(sign)
    region.process.wait()
    return region.process.returncode


def test_it_is_alive(region):
    assert region.client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(sign):
    with running() as region:
        region.client.get("/healthz")
        assert end(region, sign) == 0
        assert region.process.stderr.read() == ""


def test_it_does_not_wait_for_slow_answers_or_a_poll_under_way(lpu):
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections and never answers
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/api"
        with running("--lmis-url", url) as region:
            region.fault("slow", delay=600)
            for method, path, body in (("PUT", "/mip/mkab/x", new_card(lpu)), ("POST", "/poll", {})):
                with pytest.raises(httpx.ReadTimeout):
                    region.client.request(method, path, json=body, timeout=0.3)
            with httpx.Client(base_url=region.url) as other:
                assert other.get("/poll").json()["polls"] == 0
                assert end(region, signal.SIGTERM) == 0


def test_cards_and_counters_outlive_a_killed_process(tmp_path, lpu):
    path = str(tmp_path / "region.sqlite3")
    card = new_card(lpu, version=3)
    with running("--db", path) as region:
        person = region.put(card).json()["personGuid"]
        region.process.kill()
        region.process.wait()
    with running("--db", path) as region:
        assert region.put(card, version=2).json() == {"personGuid": person, "version": 3}
        stats = region.stats(lpu)
    assert (stats["accepted"], stats["stale"]) == (1, 1)


def test_without_a_file_nothing_is_left_behind(tmp_path, lpu):
    with running(TMPDIR=str(tmp_path)) as region:
        region.put(new_card(lpu))
        assert list(tmp_path.iterdir())
        end(region, signal.SIGTERM)
    assert list(tmp_path.iterdir()) == []


def test_two_sandboxes_agree_on_who_somebody_is(region, lpu, other_lpu):
    card = new_card(lpu)
    by_document = new_card(lpu, polis=None)
    with running() as second:
        for sent in (card, by_document):
            there = second.put(sent, lpuGuid=other_lpu).json()
            assert there == region.put(sent).json()
        # A polis of 16 digits has no series; what stands there is noise.
        card = new_card(lpu)
        noisy = {**card["polis"], "series": "ЕП"}
        assert second.put(card, polis=noisy).json() == region.put(card).json()


def test_nothing_of_a_person_is_written_to_the_output(lpu):
    with running() as region:
        card = new_card(lpu, family="Неразглашаева")
        region.put(card)
        region.put(card, version="x")
        number = card["polis"]["number"]
        region.client.get("/mip/persons", params={"n_pol": number})
        region.token(n_pol=number)
        region.client.get("/auth/cod/token", params={"n_pol": number, "exp": "x"})
        region.client.close()
        end(region, signal.SIGTERM)
        said = region.process.stdout.read() + region.process.stderr.read()
    assert said == ""


def test_a_fault_of_its_own_is_500_in_the_envelope_and_a_line_without_data(tmp_path, lpu):
    path = tmp_path / "region.sqlite3"
    card = new_card(lpu)
    with running("--db", str(path)) as region:
        other = sqlite3.connect(path)
        other.execute("DROP TABLE cards")
        other.commit()
        other.close()
        answers = [region.put(card), region.client.get(f"/mip/mkab/{card['guid']}")]
        region.client.close()
        end(region, signal.SIGTERM)
        said = region.process.stderr.read()
    assert [answer.status_code for answer in answers] == [500, 500]
    assert {answer.json()["message_code"] for answer in answers} == {"internal_error"}
    assert said.count("OperationalError") == 2
    assert card["polis"]["number"] not in said


def test_a_port_in_use_is_said(region):
    port = region.url.rsplit(":", 1)[1]
    status, said = run("--port", port)
    assert (status, said) == (1, f"sandbox: cannot listen on 127.0.0.1:{port}: Address already in use\n")


def test_its_answers_do_not_wait_for_an_acknowledgement():
    with listen("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_a_file_that_is_not_ours_is_left_alone(tmp_path):
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE others (id INTEGER)")
    before = path.read_bytes()
    status, said = run("--db", str(path))
    assert status == 1
    assert "is not a database of this version" in said
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_used_is_said(tmp_path):
    text = tmp_path / "text"
    text.write_text("not a database, but long enough to be looked at " * 100)
    for path in (tmp_path / "missing" / "region.sqlite3", text):
        status, said = run("--db", str(path))
        assert (status, said.count("\n")) == (1, 1)
        assert said.startswith("sandbox: cannot use the database")


@pytest.mark.parametrize("name", ["SANDBOX_TOKEN_SECRET", "SANDBOX_MIP_LOGIN", "SANDBOX_MIP_PASSWORD"])
def test_a_start_without_its_secrets_is_refused(name):
    status, said = run(**{name: ""})
    assert status == 2
    assert "--" + name.removeprefix("SANDBOX_").lower().replace("_", "-") in said


@pytest.mark.parametrize("port", ["http", "-1", "65536"])
def test_a_port_that_is_no_port_is_said(port):
    status, said = run(f"--port={port}")
    assert status == 2
    assert "port must be a number" in said


def test_the_command_line_goes_before_the_environment(lpu):
    with running("--mip-login", "other", SANDBOX_MIP_LOGIN="clinic") as region:
        assert region.put(new_card(lpu)).status_code == 401


def test_it_imports_nothing_of_the_clinics_system():
    code = (
        "import sys, sandbox.__main__, sandbox.central\n"
        "apart = {'django', 'rest_framework', 'lmis', 'patients', 'directions', 'appointments'}\n"
        "print(sorted(apart & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
