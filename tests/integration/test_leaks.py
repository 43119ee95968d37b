"""Whatever demo runs in this folder, a name in its logs fails the run."""

import re
from pathlib import Path

import pytest

from tests.demo import Demo
from tests.factories.cast import an_lpu
from tests.factories.patients import a_card
from tests.integration.leaks import discreet

pytestmark = pytest.mark.django_db(transaction=True)
OURS = ("web", "worker", "beat", "postgres", "redis", "web.old")


class Written(Demo):
    """A demo of which there are only the logs, written by the test, and the database, which is that of the tests."""

    def start(self):
        (self.data_dir / "log").mkdir()
        for name in (*OURS, "sandbox"):
            self.log(name).write_text("a quiet day\n")
        return self

    def clear_away(self):
        """Nothing runs."""

    def log(self, name):
        return self.data_dir / "log" / f"{name}.log"


@pytest.fixture
def demo(private_env, tmp_path):
    a_card(an_lpu(), family="Ёлкина-Пригожая", polis_number="9876543210987654")
    return Written(tmp_path, env=private_env)


@pytest.mark.parametrize("name", OURS)
def test_a_name_in_any_log_of_ours_is_found_at_the_end(demo, name):
    with pytest.raises(AssertionError, match=f"name patients: {{'{name}.log'"), discreet(demo):
        demo.log(name).write_text("GET /?polis=9876543210987654\n")


def test_a_quiet_demo_is_let_go_whatever_the_region_says(demo):
    with discreet(demo):
        demo.log("sandbox").write_text("Ёлкина-Пригожая\n")


def test_what_was_said_while_it_ended_counts(demo):
    demo.clear_away = lambda: demo.log("worker").write_text("Ёлкина-Пригожая\n")
    with pytest.raises(AssertionError, match=r"worker\.log"), discreet(demo):
        pass


def test_a_demo_without_logs_proves_nothing(demo):
    with pytest.raises(AssertionError), discreet(demo):
        demo.log("worker").unlink()


def test_every_demo_of_this_folder_is_listened_to():
    texts = {file.name: file.read_text() for file in Path(__file__).parent.glob("*.py")}
    started = {name: re.findall(r"(\w*)\(?\bDemo\(", text) for name, text in texts.items()}
    assert {name: how for name, how in started.items() if how} == {
        "conftest.py": ["discreet"],
        "test_demo.py": ["discreet", "discreet"],
    }
