"""Rivals for places. Each promise has a twin without its guard, which must break it: only then is green believable."""

import collections
import contextlib
import threading

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from appointments import locks
from appointments.models import Appointment, Slot
from appointments.services import booking, cancelling, integrity
from lmis.actors import SYSTEM
from lmis.exceptions import Refusal, Unavailable
from lmis.models import Doctor, Source
from lmis.rows import fetch
from lmis.services import transactions
from lmis.services.transactions import run_write
from patients.models import Patient
from patients.services import cards
from tests.concurrency.conftest import elsewhere, meeting_after, rivals, without
from tests.factories import cast

pytestmark = pytest.mark.concurrency
CHANNELS = {Source.INTERNET}


@pytest.fixture(autouse=True)
def _patient_locks(monkeypatch):
    """Fifty threads of one interpreter take turns: whoever holds the lock waits for the work of all the others.

    With the limits that we ship, and web processes of our own, tests/integration/test_two_clinics.py has fifty callers
    after one place; that a wait ends with 503 is tested beside `run_write`.
    """
    patient = transactions._SETTINGS.replace(transactions.LOCK_TIMEOUT, "30s")
    assert patient != transactions._SETTINGS
    monkeypatch.setattr(transactions, "_SETTINGS", patient)


def answers(responses):
    """How often which status and code."""
    return collections.Counter((r.status_code, r.json().get("message_code", "")) for r in responses)


def book_at_once(region, slots, patients):
    """All patients book at once, each the slot at the same index (or the only one)."""
    callers = [region.http(patient) for patient in patients]
    bodies = [{"slot": str(slots[index % len(slots)].guid)} for index in range(len(patients))]
    return rivals(len(patients), lambda i: callers[i].post("/api/appointments", bodies[i], format="json"))


def patients_of(doctor, count):
    return [cast.a_patient(doctor.lpu) for _ in range(count)]


def unlocked_slots(guids, **_kwargs):
    """What `locks.lock_slots` would be without its lock."""
    return {slot.guid: slot for slot in Slot.objects.select_related("doctor__lpu").filter(guid__in=guids)}


def test_fifty_callers_after_one_place(region, doctor):
    slot = cast.a_slot(doctor)
    got = answers(book_at_once(region, [slot], patients_of(doctor, 50)))
    assert got == {(201, ""): 1, (409, "slot_taken"): 49}
    assert integrity.report() == []


@pytest.mark.parametrize("capacity", [1, 3])
def test_twin_without_lock_and_constraint_more_get_a_place_than_there_are(region, doctor, monkeypatch, capacity):
    slot = cast.a_slot(doctor, capacity=capacity)
    patients = patients_of(doctor, 20)
    monkeypatch.setattr(locks, "lock_slots", meeting_after(unlocked_slots, 20))
    with (
        without("appointments_slot", "slot_never_over_capacity"),
        without("appointments_appointment", "appointment_seat_held_once"),
    ):
        got = answers(book_at_once(region, [slot], patients))
        assert got[201, ""] > capacity


def test_without_the_lock_alone_the_database_still_refuses(region, doctor, monkeypatch):
    slot = cast.a_slot(doctor)
    monkeypatch.setattr(locks, "lock_slots", meeting_after(unlocked_slots, 20))
    got = answers(book_at_once(region, [slot], patients_of(doctor, 20)))
    assert got == {(201, ""): 1, (409, "slot_taken"): 19}
    assert integrity.report() == []


def test_twenty_callers_of_a_slot_for_three(region, doctor):
    slot = cast.a_slot(doctor, capacity=3)
    got = answers(book_at_once(region, [slot], patients_of(doctor, 20)))
    assert got == {(201, ""): 3, (409, "slot_taken"): 17}
    numbers = sorted(Appointment.objects.values_list("number", flat=True))
    assert numbers == [slot.number_of(seat) for seat in (1, 2, 3)]


def test_fifty_callers_of_fifty_slots_of_one_doctor(region, doctor):
    got = answers(book_at_once(region, cast.slots(doctor, 50), patients_of(doctor, 50)))
    assert got == {(201, ""): 50}


def all_hold_their_slot_at_once(region, doctor, monkeypatch, count=50):
    """Whether so many have each locked a slot of one doctor before any of them has written; and their answers."""
    everybody, met = threading.Barrier(count, timeout=15), []

    def insert(appointment, original=booking.insert):
        with contextlib.suppress(threading.BrokenBarrierError):
            everybody.wait()
            met.append(True)
        original(appointment)

    monkeypatch.setattr(booking, "insert", insert)
    got = answers(book_at_once(region, cast.slots(doctor, count), patients_of(doctor, count)))
    return len(met) == count, got


def test_fifty_callers_of_fifty_slots_do_not_wait_for_each_other(region, doctor, monkeypatch):
    assert all_hold_their_slot_at_once(region, doctor, monkeypatch) == (True, {(201, ""): 50})


def test_twin_with_a_lock_on_the_doctor_they_do(region, doctor, monkeypatch):
    def with_the_doctor(guids, original=locks.lock_slots, **options):
        Doctor.objects.select_for_update(no_key=True).get(pk=doctor.pk)
        return original(guids, **options)

    monkeypatch.setattr(locks, "lock_slots", with_the_doctor)
    met, _got = all_hold_their_slot_at_once(region, doctor, monkeypatch, count=5)
    assert not met


def test_twenty_bookings_by_one_direction(region, doctor):
    slots = cast.slots(doctor, 20)
    first = cast.a_direction_request(slots[0], doctor.lpu)
    bodies = [first | {"slot": str(slot.guid)} for slot in slots]
    got = answers(rivals(20, lambda i: region.http().post("/api/dir/appointments", bodies[i], format="json")))
    assert got == {(201, ""): 1, (409, "direction_already_booked"): 19}
    assert integrity.report() == []


def test_twin_without_advisory_lock_and_index_one_direction_books_twice(region, doctor, monkeypatch):
    slots = cast.slots(doctor, 20)
    first = cast.a_direction_request(slots[0], doctor.lpu)
    known = cast.a_slot(doctor, hours=200)
    made = region.http().post("/api/dir/appointments", first | {"slot": str(known.guid)}, format="json").json()
    region.http().delete(f"/api/dir/appointments/{made['guid']}")
    bodies = [first | {"slot": str(slot.guid)} for slot in slots]
    monkeypatch.setattr(booking, "lock_identities", lambda keys: None)
    monkeypatch.setattr(booking, "_refuse_second", meeting_after(booking._refuse_second, 20))
    monkeypatch.setattr("directions.querysets.DirectionQuerySet.select_for_update", lambda self, **kwargs: self)
    with without("appointments_appointment", "appointment_direction_once"):
        got = answers(rivals(20, lambda i: region.http().post("/api/dir/appointments", bodies[i], format="json")))
        assert got[201, ""] > 1


def bookings_of_an_unknown(region, doctor, count=20):
    """First bookings of one unknown person by different directions on different slots, all at once."""
    slots = cast.slots(doctor, count)
    person = cast.a_direction_request(slots[0], doctor.lpu)["patient"]
    bodies = [cast.a_direction_request(slot, doctor.lpu) | {"patient": person} for slot in slots]

    def persistent(index):
        """As the contract tells a caller: 503 with `Retry-After` means nothing happened, ask again."""
        for _attempt in range(20):
            response = region.http().post("/api/dir/appointments", bodies[index], format="json")
            if response.status_code != 503:
                break
            assert response["Retry-After"]
        return response

    return answers(rivals(count, persistent))


def test_twenty_first_bookings_of_an_unknown_patient_make_one_card(region, doctor):
    assert bookings_of_an_unknown(region, doctor) == {(201, ""): 20}
    assert Patient.objects.count() == 1


def test_twin_without_the_identity_lock_they_make_several_cards(region, doctor, monkeypatch):
    monkeypatch.setattr(booking, "lock_identities", lambda keys: None)
    monkeypatch.setattr(cards, "_candidates", meeting_after(cards._candidates, 20))
    bookings_of_an_unknown(region, doctor)
    assert Patient.objects.count() > 1


def attempt(work):
    """One durable write; refusals are part of the game, anything else is not."""
    try:
        return run_write(work)
    except Unavailable:
        raise
    except Refusal as refusal:
        return refusal.code
    finally:
        connection.ensure_connection()


def book_in(slot, patient, now):
    """The appointment, or the refusal."""
    return attempt(
        lambda: booking.book(
            slot_guid=slot.guid, patient=patient, source=Source.INTERNET, channels=CHANNELS, by=SYSTEM, now=now
        )
    )


def wrong_counters_meanwhile(doctor, rounds):
    """Eight book and cancel, so many rounds each; what somebody found who looked at the counters all the time.

    By turns in a slot with a place for each of them and in one with a single place, where many are refused: such a turn
    is no round.
    """
    slots = [cast.a_slot(doctor, capacity=8), cast.a_slot(doctor, hours=30)]
    patients = patients_of(doctor, 8)
    now = timezone.now()

    def book_and_cancel(index, slot):
        """Whether there was a place."""
        made = book_in(slot, patients[index], now)
        if not isinstance(made, Appointment):
            return False
        everybody = Appointment.objects.all()
        attempt(lambda: cancelling.cancel(guid=made.guid, among=everybody, reason="", by=SYSTEM, now=now))
        return True

    def all_rounds(index):
        left, turn = rounds, index
        while left:
            left -= book_and_cancel(index, slots[turn % 2])
            turn += 1
            assert turn < index + 20 * rounds, "one has hardly ever got a place"

    over, looked, wrong = threading.Event(), [], []

    def look():
        while not over.is_set():
            looked.append(True)
            wrong.extend(fetch(integrity.CHECKS["slot_counter"], []))

    with elsewhere() as submit:
        looking = submit(look)
        try:
            rivals(8, all_rounds)
        finally:
            over.set()
        looking.result()
    assert len(looked) > 8
    return wrong


def test_a_thousand_rounds_of_booking_and_cancelling_keep_the_counter(doctor):
    assert wrong_counters_meanwhile(doctor, rounds=125) == []
    assert integrity.report() == []
    assert set(Slot.objects.values_list("booked", flat=True)) == {0}
    assert collections.Counter(Appointment.objects.values_list("state", flat=True)) == {"cancelled": 1000}
    made = {slot.capacity: slot.made for slot in Slot.objects.annotate(made=Count("appointments"))}
    assert made[8] > made[1] > 0, "nobody competed"


def test_twin_without_the_trigger_the_counter_is_wrong_at_once(doctor):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE '%appointment_counts%' AND NOT tgisinternal")
        [[trigger]] = cursor.fetchall()
        cursor.execute(f"ALTER TABLE appointments_appointment DISABLE TRIGGER {trigger}")
        try:
            with without("appointments_appointment", "appointment_seat_held_once"):
                assert wrong_counters_meanwhile(doctor, rounds=5)
        finally:
            cursor.execute(f"ALTER TABLE appointments_appointment ENABLE TRIGGER {trigger}")


def dance(doctor, turns=40):
    """Four move back and forth between two slots, in opposite directions, while others book and cancel there."""
    slots = [cast.a_slot(doctor, capacity=6), cast.a_slot(doctor, hours=30, capacity=6)]
    patients = patients_of(doctor, 8)
    now = timezone.now()
    everybody = Appointment.objects.all()

    def book(index, slot):
        return book_in(slot, patients[index], now)

    def move(index):
        made = book(index, slots[index % 2])
        for turn in range(turns):
            target = slots[(index + turn + 1) % 2]
            attempt(
                lambda target=target: cancelling.move(
                    guid=made.guid, among=everybody, to_slot_guid=target.guid, channels=CHANNELS, by=SYSTEM, now=now
                )
            )

    def come_and_go(index):
        for turn in range(turns):
            made = book(index, slots[(index + turn) % 2])
            if isinstance(made, Appointment):
                attempt(
                    lambda made=made: cancelling.cancel(guid=made.guid, among=everybody, reason="", by=SYSTEM, now=now)
                )

    rivals(8, lambda index: move(index) if index < 4 else come_and_go(index))


def deadlocks():
    """How many deadlocks PostgreSQL has broken in this database, as of now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_moves_in_opposite_directions_do_not_deadlock(doctor):
    before = deadlocks()
    dance(doctor)
    assert deadlocks() == before
    assert integrity.report() == []


def test_twin_with_locks_in_the_order_asked_for_deadlocks(doctor, monkeypatch):
    meeting = threading.Barrier(2, timeout=0.5)

    def in_the_order_asked_for(guids, **_kwargs):
        found = {}
        for guid in guids:
            row = Slot.objects.select_related("doctor__lpu").select_for_update(of=("self",), no_key=True)
            found[guid] = row.get(guid=guid)
            if len(guids) > 1 and len(found) == 1:
                with_the_other(meeting)
        return found

    monkeypatch.setattr(locks, "lock_slots", in_the_order_asked_for)
    before = deadlocks()
    slots = [cast.a_slot(doctor, capacity=6), cast.a_slot(doctor, hours=30, capacity=6)]
    now = timezone.now()
    made = [
        run_write(
            lambda slot=slot: booking.book(
                slot_guid=slot.guid,
                patient=cast.a_patient(doctor.lpu),
                source=Source.INTERNET,
                channels=CHANNELS,
                by=SYSTEM,
                now=now,
            )
        )
        for slot in slots
    ]

    def move(index):
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '100ms'")
        try:
            return run_write(
                lambda: cancelling.move(
                    guid=made[index].guid,
                    among=Appointment.objects.all(),
                    to_slot_guid=slots[1 - index].guid,
                    channels=CHANNELS,
                    by=SYSTEM,
                    now=now,
                ),
                retries=0,
            )
        except Unavailable as refusal:
            return refusal

    rivals(2, move)
    assert deadlocks() > before


def with_the_other(meeting):
    """Wait until both hold their first lock."""
    try:
        meeting.wait()
    except threading.BrokenBarrierError:
        meeting.reset()
