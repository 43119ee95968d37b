"""Two at once on real connections; each with a twin without its guard, which must go wrong."""

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from appointments.models import Appointment
from directions import locks
from directions.exceptions import DirectionCancelled, DirectionInUse
from directions.info import DirectionInfo, SenderInfo
from directions.models import Direction, DirectionCounter
from directions.services import issuing, numbers, paper, receiving
from lmis.actors import Actor
from lmis.models import Lpu
from lmis.services import directory
from patients.locks import lock_identities
from tests.factories import cast
from tests.factories.directions import an_issued, appoint, row, told

NOW = dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC)
BY = Actor(label="ivanova")
pytestmark = pytest.mark.django_db(transaction=True)


class Rivals:
    """Runs one in the middle of another's transaction: `first` gets `meet`, which starts `second` and goes on as
    soon as that has ended or waits for a lock."""

    def __init__(self, second):
        self.second = second
        self.outcome = None

    def run(self, first):
        """What the first returns, and what the second did: its result or its exception."""
        with ThreadPoolExecutor(1) as self.pool:
            with transaction.atomic():
                result = first(self.meet)
            return result, self.outcome.exception() or self.outcome.result()

    def meet(self):
        ready = threading.Event()
        self.outcome = self.pool.submit(self._second, ready)
        ready.wait()
        while not self.outcome.done() and not self._waits():
            pass

    def _second(self, ready):
        try:
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            ready.set()
            return self.second()
        finally:
            connection.close()

    def _waits(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)", [self.pid])
            return cursor.fetchone()[0]


@pytest.fixture
def lpu():
    return cast.an_lpu()


@pytest.fixture
def patient(lpu):
    return cast.a_patient(lpu)


@pytest.fixture
def unlocked(monkeypatch):
    """The door stands open: the direction is read without its lock."""

    def read(pk):
        return Direction.objects.with_all_shown().get(pk=pk)

    monkeypatch.setattr(issuing, "lock_direction", read)


class TestBookingAndCancelling:
    """A booking takes the direction; the doctor takes it back before the booking is committed."""

    @pytest.fixture
    def issued(self, lpu, patient):
        return an_issued(patient=patient, lpu_to=lpu)

    @pytest.fixture
    def play(self, lpu, issued):
        doctor = cast.a_doctor(lpu)

        def book(meet):
            taken = receiving.take(
                info=told(issued),
                sender=SenderInfo(),
                patient=issued.patient,
                lpu_to=lpu,
                lpu_from=lpu,
                by="region",
                now=NOW,
            )
            meet()
            return appoint(taken, doctor)

        cancel = partial(issuing.cancel, direction=issued, reason="", by=BY, now=NOW)
        return lambda: Rivals(cancel).run(book)

    def test_the_second_sees_what_the_first_has_done(self, play, issued):
        _appointment, cancelled = play()
        assert isinstance(cancelled, DirectionInUse)
        assert row(issued)["cancelled_at"] is None

    def test_twin_without_the_lock(self, play, issued, unlocked):
        _appointment, cancelled = play()
        assert isinstance(cancelled, Direction)
        assert Appointment.objects.filter(direction=issued, direction__cancelled_at=NOW, state="booked").exists()

    def test_the_other_way_round(self, lpu, issued):
        def cancel(meet):
            issuing.cancel(direction=issued, reason="", by=BY, now=NOW)
            meet()

        def book():
            with transaction.atomic():
                return receiving.take(
                    info=told(issued),
                    sender=SenderInfo(),
                    patient=issued.patient,
                    lpu_to=lpu,
                    lpu_from=lpu,
                    by="region",
                    now=NOW,
                )

        _none, taken = Rivals(book).run(cancel)
        assert isinstance(taken, DirectionCancelled)


class TestPaperAndRegion:
    """The patient is at the desk with the paper while the region sends the same direction."""

    @pytest.fixture
    def play(self, patient):
        outside = cast.an_lpu(own=False)
        info = DirectionInfo(
            guid=uuid.uuid4(), lpu_from_guid=outside.guid, lpu_to_guid=patient.lpu.guid, number="14555"
        )

        def receive(meet=None):
            with transaction.atomic():
                lock_identities(locks.direction_keys(info.guid, info.lpu_from_guid, info.number))
                taken = receiving.take(
                    info=info,
                    sender=SenderInfo(),
                    patient=patient,
                    lpu_to=patient.lpu,
                    lpu_from=outside,
                    by="region",
                    now=NOW,
                )
                if meet:
                    meet()
                return taken

        enter = partial(paper.enter, patient=patient, lpu_from=outside.guid, number="14555", by=BY, now=NOW)
        return lambda: Rivals(enter).run(receive)

    def test_one_direction(self, play):
        play()
        assert Direction.objects.count() == 1

    def test_twin_without_the_keys(self, play, monkeypatch):
        monkeypatch.setattr(paper, "lock_identities", lambda keys: None)
        play()
        assert Direction.objects.count() == 2


class TestTwoDesks:
    """Two papers from an institution that nobody has heard of, at two desks at once."""

    NAME = "Участковая больница, Сосновка"

    @pytest.fixture
    def play(self):
        def enter(meet=None):
            with transaction.atomic():
                added = directory.find_or_add_named(name=self.NAME, by="ivanova")
                if meet:
                    meet()
                return added

        return lambda: Rivals(enter).run(enter)

    def test_one_institution(self, play):
        first, second = play()
        assert first == second
        assert Lpu.objects.filter(name=self.NAME).count() == 1

    def test_twin_without_the_lock(self, play, monkeypatch):
        monkeypatch.setattr(directory, "fetch", lambda sql, params: [])
        play()
        assert Lpu.objects.filter(name=self.NAME).count() == 2


class TestTwoFirstBookings:
    """The same unknown direction twice at once."""

    @pytest.fixture
    def play(self, patient):
        outside = cast.an_lpu(own=False)
        info = DirectionInfo(guid=uuid.uuid4(), lpu_from_guid=outside.guid, lpu_to_guid=patient.lpu.guid)

        def receive(meet=None):
            with transaction.atomic():
                lock_identities(locks.direction_keys(info.guid, info.lpu_from_guid, info.number))
                taken = receiving.take(
                    info=info,
                    sender=SenderInfo(),
                    patient=patient,
                    lpu_to=patient.lpu,
                    lpu_from=outside,
                    by="region",
                    now=NOW,
                )
                if meet:
                    meet()
                return taken

        return lambda: Rivals(receive).run(receive)

    def test_both_have_the_same(self, play):
        first, second = play()
        assert first == second

    def test_twin_without_the_keys(self, play, monkeypatch):
        """The database still refuses a second one, but the caller would get a 500."""
        monkeypatch.setattr(locks, "direction_keys", lambda *args: [])
        _first, second = play()
        assert isinstance(second, IntegrityError)


class TestNumbers:
    """Two doctors direct at once."""

    @pytest.fixture
    def play(self, lpu):
        def issue(patient, meet=None):
            with transaction.atomic():
                issued = issuing.issue(doctor=cast.a_doctor(lpu), patient=patient, lpu_to=lpu, by=BY, now=NOW)
                if meet:
                    meet()
                return issued

        first, second = cast.a_patient(lpu), cast.a_patient(lpu)
        return lambda: Rivals(partial(issue, second)).run(partial(issue, first))

    def test_get_two_numbers(self, play):
        assert [issued.number for issued in play()] == ["2026-000001", "2026-000002"]

    def test_twin_that_reads_and_writes(self, play, monkeypatch):
        def raise_unguarded(lpu, year):
            known = DirectionCounter.objects.filter(lpu=lpu, year=year).first()
            counter = known or DirectionCounter(lpu=lpu, year=year, last=0)
            counter.last += 1
            counter.save()
            return counter.last

        monkeypatch.setattr(numbers, "_raise", raise_unguarded)
        _first, second = play()
        assert isinstance(second, IntegrityError)


class TestDirectory:
    """Two directions from one LPU never heard of."""

    def play(self):
        guid = uuid.uuid4()
        find = partial(directory.find_or_add, guid=guid, by="region")

        def first(meet):
            found = find()
            meet()
            return found

        return Rivals(find).run(first)

    def test_add_it_once(self):
        first, second = self.play()
        assert first == second

    def test_twin_without_on_conflict(self, monkeypatch):
        plain = Lpu.objects.bulk_create
        monkeypatch.setattr(Lpu.objects, "bulk_create", lambda rows, **kwargs: plain(rows))
        _first, second = self.play()
        assert isinstance(second, IntegrityError)
