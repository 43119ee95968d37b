"""Beat's clock, with Celery's own heap and file, on the real broker."""

import contextlib
import datetime as dt
import time

import pytest
from celery import Celery
from django.conf import settings
from kombu import Connection

from lmis.ops.beat import Scheduler

QUEUE = "test-beat"
HOURS = dt.timedelta(hours=3)


@pytest.fixture
def queue():
    with Connection(settings.CELERY_BROKER_URL) as connection:
        found = connection.SimpleQueue(QUEUE)
        found.clear()
        yield found
        found.clear()
        found.close()


@pytest.fixture
def app():
    found = Celery("test", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    found.conf.update(task_default_queue=QUEUE, timezone="Europe/Moscow", task_ignore_result=True)
    found.conf.beat_schedule = {
        "often": {"task": "often", "schedule": 0.2},
        "hourly": {"task": "hourly", "schedule": 3600.0},
    }
    return found


@pytest.fixture
def a_beat(app, tmp_path):
    """Beats without a sign of life, one after another, on one file."""
    made = []

    def make():
        scheduler = Scheduler(app, lazy=True, schedule_filename=str(tmp_path / "schedule"))
        scheduler.setup_schedule()
        made.append(scheduler)
        return scheduler

    yield make
    for scheduler in made:
        scheduler._store.close()


def run_ahead(scheduler):
    """As if it had worked while the clock was three hours ahead."""
    for entry in scheduler.schedule.values():
        entry.last_run_at = entry.default_now() + HOURS
    scheduler.populate_heap()
    scheduler.old_schedulers = dict(scheduler.schedule)


def told(scheduler, queue, seconds=5.0):
    """The tasks that were asked for after a few turns."""
    until, found = time.monotonic() + seconds, []
    while time.monotonic() < until and len(found) < 2:
        time.sleep(min(max(scheduler.tick(), 0.0), 0.1))
        with contextlib.suppress(queue.Empty):
            message = queue.get_nowait()
            message.ack()
            found.append(message.headers["task"])
    return found


def test_a_clock_that_is_set_back_does_not_stop_it(a_beat, queue):
    scheduler = a_beat()
    run_ahead(scheduler)
    assert told(scheduler, queue) == ["often", "often"]


def test_it_starts_from_a_file_that_was_written_ahead(a_beat, queue):
    before = a_beat()
    run_ahead(before)
    before.sync()
    before._store.close()
    scheduler = a_beat()
    entry = scheduler.schedule["often"]
    assert entry.last_run_at > entry.default_now()
    assert told(scheduler, queue) == ["often", "often"]


def test_a_clock_that_goes_on_changes_nothing(a_beat, queue, caplog):
    scheduler = a_beat()
    last = scheduler.schedule["hourly"].last_run_at
    assert told(scheduler, queue) == ["often", "often"]
    assert scheduler.schedule["hourly"].last_run_at == last
    assert "set back" not in caplog.text


def test_what_is_done_seldom_is_done_an_interval_later(a_beat, queue):
    scheduler = a_beat()
    run_ahead(scheduler)
    scheduler.tick()
    hourly = scheduler.schedule["hourly"]
    assert hourly.last_run_at <= hourly.default_now()
    assert not hourly.is_due().is_due
