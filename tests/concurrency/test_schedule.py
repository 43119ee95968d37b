"""Polling while others write: no change is missed, no 304 is false; the twins number their answers naively."""

import random
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from appointments.models import Appointment, Slot
from appointments.services import booking, cancelling, schedule
from appointments.sql import load
from lmis.actors import SYSTEM
from lmis.exceptions import Refusal
from lmis.models import Doctor, Source
from lmis.services.transactions import run_write
from sandbox.central import Poller
from tests.concurrency.conftest import rivals
from tests.factories import cast
from tests.factories.schedule import see

pytestmark = pytest.mark.concurrency
SECONDS = 20
PAUSES = [0, 0.002, 0.05]  # before a commit
HONEST = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
NAIVE = {
    "the newest change seen": "(SELECT max(changed) + 1 FROM appointments_slot)",
    "the next transaction": "pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
}


@pytest.fixture(params=NAIVE.values(), ids=NAIVE)
def naive(request, monkeypatch):
    """Answers are named by what looks right and is not."""

    def naive_load(name, **parts):
        text = load(name, **parts)
        assert name != "schedule_state" or HONEST in text
        return text.replace(HONEST, request.param)

    monkeypatch.setattr(schedule, "load", naive_load)


class Late:
    """A transaction on a connection of its own that has changed a slot and waits to be let go."""

    def __init__(self, slot):
        self._changed, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=[slot])
        self._thread.start()
        assert self._changed.wait(30)

    def _run(self, slot):
        try:
            with transaction.atomic():
                Slot.objects.filter(pk=slot.pk).update(capacity=2)
                self._changed.set()
                assert self._go.wait(60)
        finally:
            connection.close()

    def commit(self):
        self._go.set()
        self._thread.join()


def after_a_late_commit(doctor):
    """What the poll tells after a transaction that began before an earlier poll and committed after it."""
    slow, quick = cast.slots(doctor, 2)
    late = Late(slow)
    try:
        Slot.objects.filter(pk=quick.pk).update(capacity=2)
        before = see()
        assert [item["capacity"] for item in before.items] == [1, 2]
        assert see(tag=before.tag).unchanged or see(since=before.revision).guids == [quick.guid]
    finally:
        late.commit()
    return slow, see(since=before.revision), see(tag=before.tag)


def test_a_long_transaction_that_commits_late_is_told(doctor):
    slow, told, again = after_a_late_commit(doctor)

    assert told.full is False
    assert slow.guid in told.guids
    assert again.unchanged is False


def test_twin_a_naive_revision_loses_it(doctor, naive):
    slow, told, again = after_a_late_commit(doctor)

    assert told.full is False
    assert slow.guid not in told.guids
    assert again.unchanged is True


def writing(count, write, seconds):
    """Let that many threads call `write(random)` again and again; yields as long as they do."""
    end = time.monotonic() + seconds

    def writer(index):
        rng = random.Random(index)
        try:
            while time.monotonic() < end:
                write(rng)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        writers = [pool.submit(writer, index) for index in range(count)]
        while not all(each.done() for each in writers):
            yield
        for each in writers:
            each.result()


def polls_behind_the_database(doctor, seconds):
    """How many polls were answered, by whether with a 304, and how many of those left out what was committed before.

    Each change makes a capacity greater by one, so that old and new can be told apart.
    """
    slots = cast.slots(doctor, 12)

    def write(rng):
        time.sleep(rng.random() / 4)
        with transaction.atomic():
            Slot.objects.filter(pk=rng.choice(slots).pk).update(capacity=F("capacity") + 1)
            time.sleep(rng.choice(PAUSES))

    polls, behind = Counter(), Counter()
    belief, tag, revision = {}, "", None
    for _ in writing(4, write, seconds):
        committed = dict(Slot.objects.values_list("guid", "capacity"))
        seen = see(tag=tag, since=revision)
        if not seen.unchanged:
            belief = ({} if seen.full else belief) | dict(zip(seen.guids, seen.items, strict=True))
            tag, revision = seen.tag, seen.revision
        polls[seen.unchanged] += 1
        behind[seen.unchanged] += any(belief[guid]["capacity"] < capacity for guid, capacity in committed.items())
    return polls, behind


def test_no_304_is_false_and_no_change_missed(doctor):
    polls, behind = polls_behind_the_database(doctor, seconds=8)

    assert not any(behind.values()), (polls, behind)
    assert polls[True] > 0
    assert polls[False] > 0


def test_twin_naive_tags_give_false_304s(doctor, naive):
    polls, behind = polls_behind_the_database(doctor, seconds=8)

    assert behind[True] > 0, (polls, behind)


def eight_writers(region, doctor, seconds):
    """Booking and cancelling that long, with a transaction that commits long after later ones.

    The poller who polled meanwhile, a fresh one, the polls' outcomes, and the slot of the late transaction.
    """
    slots = cast.slots(doctor, 30)
    patients = [cast.a_patient(doctor.lpu) for _ in range(8)]
    poller = poller_of(region)
    outcomes = Counter()

    def write(rng):
        run_write(lambda: book_or_cancel(rng.choice(slots), rng.choice(patients)))

    slow = cast.a_slot(doctor, hours=72)
    late, letting_go = Late(slow), time.monotonic() + seconds / 2
    try:
        for _ in writing(8, write, seconds):
            outcome = poller.poll()
            assert not outcome.error
            outcomes[outcome.schedule, outcome.full] += 1
            if late and time.monotonic() > letting_go:
                late = late.commit()
    finally:
        if late:
            late.commit()

    assert poller.poll().full in (False, None)
    fresh = poller_of(region)
    fresh.poll()
    assert fresh.last.full is True
    return poller, fresh, outcomes, str(slow.guid)


def test_a_pollers_cache_equals_the_database_after_eight_writers(region, doctor):
    poller, fresh, outcomes, _ = eight_writers(region, doctor, SECONDS)

    assert poller.belief.slots == fresh.belief.slots
    assert shown(fresh) == in_database()
    assert outcomes[200, True] == 1
    assert outcomes[200, False] > 10
    assert Appointment.objects.filter(state="cancelled").count() > 10


def test_twin_a_pollers_cache_differs_where_answers_are_named_naively(region, doctor, naive):
    poller, fresh, _, slow = eight_writers(region, doctor, SECONDS / 2)

    assert (poller.belief.slots[slow]["capacity"], fresh.belief.slots[slow]["capacity"]) == (1, 2)
    assert shown(fresh) == in_database()


def polls_that_contradict(doctor, seconds):
    """Like `polls_behind_the_database`, for eight who book and cancel, so that places come and go.

    A slot counts when nothing was booked or cancelled in it between what was read just before and just after the poll.
    """
    slots = cast.slots(doctor, 12)
    patients = [cast.a_patient(doctor.lpu) for _ in range(8)]

    def write(rng):
        time.sleep(rng.random() / 4)
        run_write(lambda: (book_or_cancel(rng.choice(slots), rng.choice(patients)), time.sleep(rng.choice(PAUSES))))

    polls, wrong = Counter(), Counter()
    belief, tag, revision = {}, "", None
    for _ in writing(8, write, seconds):
        before = history()
        seen = see(tag=tag, since=revision)
        if not seen.unchanged:
            belief = ({} if seen.full else belief) | dict(zip(seen.guids, seen.items, strict=True))
            tag, revision = seen.tag, seen.revision
        quiet = before.items() & history().items()
        polls[seen.unchanged] += 1
        wrong[seen.unchanged] += any(belief[guid]["free"] != 1 - made + ended for guid, (made, ended) in quiet)
    return polls, wrong


def history():
    """How often each slot was booked, and how often cancelled: both only rise."""
    ended = Count("appointments", filter=Q(appointments__state="cancelled"))
    found = Slot.objects.annotate(made=Count("appointments"), ended=ended)
    return {guid: (made, ended) for guid, made, ended in found.values_list("guid", "made", "ended")}


def test_no_304_is_false_while_eight_book_and_cancel(doctor):
    polls, wrong = polls_that_contradict(doctor, seconds=8)

    assert not any(wrong.values()), (polls, wrong)
    assert polls[True] > 0
    assert polls[False] > 0
    assert Appointment.objects.filter(state="cancelled").exists()


def test_twin_naive_tags_are_contradicted_by_those_who_book_and_cancel(doctor, naive):
    polls, wrong = polls_that_contradict(doctor, seconds=8)

    assert wrong[True] > 0, (polls, wrong)


def poller_of(region):
    """The region's poller, over the whole stack but the socket."""
    client = httpx.Client(transport=httpx.WSGITransport(app=WSGIHandler()))
    return Poller("http://127.0.0.1/api", region.client.login, region.secret, client=client)


def book_or_cancel(slot, patient):
    """Book the slot for the patient, or cancel what he has there; a refusal is no harm."""
    now = timezone.now()
    mine = Appointment.objects.filter(patient=patient)
    held = mine.filter(slot=slot, state="booked").first()
    try:
        if held:
            cancelling.cancel(guid=held.guid, among=mine, reason="", by=SYSTEM, now=now)
        else:
            booking.book(
                slot_guid=slot.guid,
                patient=patient,
                source=Source.INTERNET,
                channels={Source.INTERNET},
                by=SYSTEM,
                now=now,
            )
    except Refusal:
        transaction.set_rollback(True)


def shown(poller):
    """Free places by slot, as the poller believes."""
    return {uuid.UUID(guid): slot["free"] for guid, slot in poller.belief.slots.items()}


def in_database():
    """The same, counted from the appointments themselves."""
    held = Count("appointments", filter=~Q(appointments__state="cancelled"))
    return {slot.guid: slot.capacity - slot.held for slot in Slot.objects.annotate(held=held)}


def test_hiding_all_doctors_while_slots_are_made(doctor):
    """The poller never ends with a place that is not to be booked."""
    before = see()
    colleagues = [cast.a_doctor(doctor.lpu) for _ in range(6)]
    rivals(
        12,
        lambda i: (
            cast.slots(colleagues[i], 5)
            if i < 6
            else Doctor.objects.filter(pk=colleagues[i - 6].pk).update(is_published=False)
        ),
    )

    told = see(since=before.revision)

    assert told.full is False
    assert {item["status"] for item in told.items} <= {"Unavailable"}
