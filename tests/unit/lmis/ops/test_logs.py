"""Log lines: what they say, and what they keep to themselves."""

import copy
import io
import json
import logging
import logging.config
import os
import subprocess
import sys

import pytest
from celery import Celery
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from lmis.api.middleware import RequestIdMiddleware

SECRET = "Петров 1234567890123456"


@pytest.fixture
def lines(request):
    """What is written, in the format of the test's mark, on a handler as the settings make it."""
    form = getattr(request, "param", "json")
    given = copy.deepcopy(settings.LOGGING)  # configuring takes it apart
    maker = logging.config.DictConfigurator({**given, "handlers": {}, "loggers": {}, "root": {}})
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(maker.configure_formatter(given["formatters"][form]))
    handler.addFilter(maker.configure_filter(given["filters"]["context"]))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: stream.getvalue().rstrip("\n").split("\n")
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def logger():
    return logging.getLogger("lmis.tests")


def broken():
    raise ValueError(SECRET)


def last(lines):
    return json.loads(lines()[-1])


class TestJson:
    def test_a_line(self, lines, logger):
        logger.warning("%d cards", 3)
        line = last(lines)
        assert (line["level"], line["logger"], line["message"]) == ("WARNING", "lmis.tests", "3 cards")
        assert line["time"].endswith("Z")
        assert line.keys() == {"time", "level", "logger", "message", "process"}

    def test_a_card(self, lines, logger):
        logger.info("x", extra={"card": "abc"})
        assert last(lines)["card"] == "abc"

    def test_the_request_and_none_outside(self, lines, logger):
        def view(request):
            logger.info("in")
            return HttpResponse()

        RequestIdMiddleware(view)(RequestFactory().get("/", HTTP_X_REQUEST_ID="abc"))
        assert last(lines)["request_id"] == "abc"
        logger.info("out")
        assert "request_id" not in last(lines)

    def test_a_message_of_several_lines_is_one(self, lines, logger):
        logger.info("a\nb \u2028 ё")
        assert len(lines()) == 1
        assert last(lines)["message"] == "a\nb \u2028 ё"

    def test_half_a_letter(self, lines, logger):
        logger.info("a \ud83d b")
        assert "a " in last(lines)["message"]


@pytest.mark.parametrize("lines", ["json", "text"], indirect=True)
class TestWhatIsNotSaid:
    def test_an_exception_keeps_its_words_to_itself(self, lines, logger):
        try:
            broken()
        except ValueError:
            logger.exception("it failed")
        text = "\n".join(lines())
        assert "it failed" in text
        assert "ValueError" in text
        assert "broken" in text  # where it came from
        assert "Петров" not in text

    def test_a_task_too(self, lines):
        app = Celery("tests", set_as_current=False, task_always_eager=True)

        @app.task(name="tests.broken")
        def task(**kwargs):
            logging.getLogger("lmis.tests").info("at work")
            broken()

        task.apply(kwargs={"family": SECRET}, task_id="task-1")
        text = "\n".join(lines())
        assert "tests.broken" in text
        assert "ValueError" in text
        assert "Петров" not in text
        assert any("at work" in line and "task-1" in line for line in lines())


def test_a_task_s_lines_name_it(lines):
    app = Celery("tests", set_as_current=False)

    @app.task(name="tests.whole")
    def task():
        logging.getLogger("lmis.tests").info("at work")

    task.apply(task_id="task-2")
    line = next(json.loads(line) for line in lines() if "at work" in line)
    assert (line["task"], line["task_id"]) == ("tests.whole", "task-2")


def test_formats_are_two():
    told = [sys.executable, "manage.py", "check"]
    env = {**os.environ, "LOG_FORMAT": "xml"}
    done = subprocess.run(told, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert "LOG_FORMAT must be text or json." in done.stderr
