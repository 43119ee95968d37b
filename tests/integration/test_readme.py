"""What the documents show to be typed in, typed in: letter by letter, against a running demo."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lmis.celery import app
from tests.demo import IN_ORDER, command, until
from tests.integration.conftest import clinic
from tests.integration.leaks import leaks, of_patients

ROOT = Path(__file__).resolve().parent.parent.parent
# The region's own example of an answer, field for field, and what is ours behind it.
OF_THE_REGION = ["guid", "number", "slot", "source", "createTime", "direction"]
OURS = ["state", "begin", "end", "resource"]
OF_ITS_DIRECTION = ["guid", "number", "reason", "speciality", "lpuFromGuid", "dateDirection", "diagnosis"]


@pytest.fixture(scope="module")
def demo():
    with clinic() as running:
        yield running


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """A folder that looks like the project's while `make demo` runs in it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "var").symlink_to(demo.running.data_dir)
    (folder / "tests").symlink_to(ROOT / "tests")
    return folder


def block(path, heading, language):
    """The first block of code in a language under a heading."""
    below = (ROOT / path).read_text().split(f"\n## {heading}\n")[1]
    return re.search(rf"^```{language}\n(.*?)^```", below, re.MULTILINE | re.DOTALL)[1]


def typed_in(folder):
    done = subprocess.run(
        ["sh", "-c", block("README.md", "Book something", "sh")], cwd=folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_example_of_the_region_books(demo, folder):
    """In five lines; the answer is the region's, and a second time the appointment that is there."""
    assert len(block("README.md", "Book something", "sh").splitlines()) == 5
    sent = json.loads((ROOT / "tests" / "seeds" / "direction_request.json").read_text())
    made = typed_in(folder)
    assert list(made) == OF_THE_REGION + OURS
    assert [name for name in made["direction"] if name != "lpuToGuid"] == OF_ITS_DIRECTION
    assert (made["source"], made["state"]) == ("Internet", "booked")
    assert re.fullmatch(r"\d\d+", made["number"])
    lpu = demo.demo["lpu_guid"]
    expected = {**sent["direction"], "lpuFromGuid": lpu, "lpuToGuid": lpu}
    assert made["direction"] == trimmed(expected)
    again = typed_in(folder)
    assert (again["code"], again["message_code"]) == (409, "direction_already_booked")
    assert again["details"]["appointment"] == made


def trimmed(value):
    """As the LMIS gives texts back."""
    if isinstance(value, dict):
        return {name: trimmed(inner) for name, inner in value.items()}
    return value.strip() if isinstance(value, str) else value


def test_the_cache_of_the_documentation_follows_the_schedule(demo):
    """The first call gives all, the next nothing, and after a booking that slot alone."""
    # Whatever writes keeps the revision back: nobody shall, but us.
    until(lambda: demo.rows("SELECT count(*) FROM patients_cardupload WHERE state <> 'accepted'") == [(0,)], "uploads")
    names = {}
    exec(block("docs/integration.md", "Polling the schedule", "python"), names)
    told = demo.demo
    cache = names["Cache"](told["base_url"], told["login"], told["secret"])
    assert len(cache.poll()) == len(cache.slots) > 1000
    assert cache.poll() == []
    slot = next(s for s in reversed(cache.slots.values()) if s["free"] == 1 and "Internet" in s["channels"])
    token = demo.token(told["sample"]["polis"])
    made = demo.call("POST", "/appointments", token=token, json={"slot": slot["guid"]})
    assert made.status_code == 201, made.text
    assert [(s["guid"], s["status"], s["free"]) for s in cache.poll()] == [(slot["guid"], "Booked", 0)]
    assert cache.slots[slot["guid"]]["status"] == "Booked"
    assert cache.poll() == []
    answer = demo.call("GET", "/schedule").json()
    assert answer["items"] == sorted(cache.slots.values(), key=lambda s: (s["resource"], s["begin"]))


@pytest.fixture
def asked(demo):
    """Types in what the README has to ask the workers, with the workers' settings; what they answer."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = command(env={"LMIS_DATA_DIR": str(demo.running.data_dir), "PATH": path})["env"]

    def ask(verb):
        (words,) = re.findall(rf"`(celery -A lmis inspect {verb})`", (ROOT / "README.md").read_text())

        def answered():
            done = subprocess.run(["sh", "-c", words], cwd=ROOT, env=env, capture_output=True, text=True)
            return done if done.returncode == 0 else None

        # One that starts, or is short of time, misses the second that is given.
        done = until(answered, f"nobody answers {words}")
        assert re.search(rf"->\s+demo-{demo.running.port}@\S+: ", done.stdout)
        assert "1 node online" in done.stdout
        return done.stdout

    return ask


def test_the_worker_answers_that_it_lives(asked):
    assert "OK" in asked("ping").split()


def test_the_worker_tells_what_it_can_do(asked):
    app.loader.import_default_modules()
    told = re.findall(r"^ +\* (\S+)", asked("registered"), re.MULTILINE)
    assert told == sorted(name for name in app.tasks if not name.startswith("celery."))
    assert {"patients.send_due_cards", "lmis.prune"} <= set(told)


def test_the_worker_tells_what_it_does_and_names_nobody(demo, asked):
    """While the MIP thinks for long, the sending of a card is what it does."""
    demo.sandbox("POST", "/faults", json={"mode": "slow", "delay": 8})
    try:

        def sending():
            some = "phone <> '' AND length(phone) < 18"
            demo.execute(f"UPDATE patients_patient p SET phone = phone || '1' {IN_ORDER} AND {some}")
            said = asked("active")
            return "'patients." in said and said

        said = until(sending, "the worker was never seen to work")
    finally:
        demo.sandbox("POST", "/faults", json={"mode": "ok"})
    assert re.search(r"'name': 'patients\.(send_due_cards|upload_card)'", said), said
    assert leaks(said, of_patients(demo.running)) == set()
