"""Contract §2.4: the database itself refuses, whatever path a write takes."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from appointments.models import Appointment, ScheduleException, Slot
from appointments.services import integrity
from directions.models import Direction
from lmis.models import Room
from lmis.rows import constraint_of
from tests.factories import cast
from tests.factories.schedule import an_exception

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot():
    return cast.a_slot(cast.a_doctor())


def hold(slot, patient=None, **fields):
    """An appointment written past every service."""
    patient = patient or cast.a_patient(slot.doctor.lpu)
    number = f"{slot.ordinal}-{fields.get('seat', 1)}"
    values = {"slot": slot, "patient": patient, "number": number, "source": "Internet"} | fields
    return Appointment.objects.create(**values)


def refused_by(name, write):
    """The write fails by this constraint and changes nothing."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    assert constraint_of(caught.value) == name
    assert integrity.report() == []


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def test_a_second_appointment_does_not_fit_into_one_place(slot):
    hold(slot)
    refused_by("slot_never_over_capacity", lambda: hold(slot, seat=2))


def test_bulk_create_does_not_go_round_the_capacity(slot):
    patients = [cast.a_patient(slot.doctor.lpu) for _ in range(2)]
    both = [
        Appointment(slot=slot, patient=patient, number="01", source="Internet", seat=seat)
        for seat, patient in enumerate(patients, 1)
    ]
    refused_by("slot_never_over_capacity", lambda: Appointment.objects.bulk_create(both))


def test_plain_sql_cannot_lower_the_capacity_under_what_is_taken(slot):
    Slot.objects.filter(pk=slot.pk).update(capacity=2)
    hold(slot)
    hold(slot, seat=2)
    refused_by(
        "slot_never_over_capacity",
        lambda: sql("UPDATE appointments_slot SET capacity = 1 WHERE id = %s", slot.pk),
    )


def test_a_stale_save_does_not_bring_a_taken_place_back(slot):
    stale = Slot.objects.get(pk=slot.pk)
    hold(slot)
    stale.block_reason = "ремонт"
    stale.save()
    slot.refresh_from_db()
    assert (slot.booked, slot.block_reason) == (1, "ремонт")
    refused_by("slot_never_over_capacity", lambda: hold(slot, seat=2))


def test_a_stale_save_does_not_bring_a_place_beyond_the_plan_back(slot):
    first = hold(slot)
    hold(slot, seat=2, over_plan=True)
    stale = Slot.objects.get(pk=slot.pk)
    assert (stale.booked, stale.overbooked) == (2, 1)
    Appointment.objects.filter(pk=first.pk).update(state="cancelled", cancelled_at=timezone.now())
    stale.save()
    slot.refresh_from_db()
    assert (slot.booked, slot.overbooked) == (1, 0)


@pytest.mark.parametrize("column", ["booked", "overbooked"])
def test_an_update_does_not_write_the_counters(slot, column):
    hold(slot)
    Slot.objects.filter(pk=slot.pk).update(**{column: 0})
    sql(f"UPDATE appointments_slot SET {column} = 7")
    slot.refresh_from_db()
    assert (slot.booked, slot.overbooked) == (1, 0)


def test_an_insert_does_not_write_the_counters():
    slot = cast.a_slot(cast.a_doctor(), booked=1, overbooked=3)
    slot.refresh_from_db()
    assert (slot.booked, slot.overbooked) == (0, 0)


@pytest.mark.parametrize("state", ["visited", "missed", "booked"])
def test_every_state_but_cancelled_holds_the_place(slot, state):
    appointment = hold(slot)
    Appointment.objects.filter(pk=appointment.pk).update(state=state)
    refused_by("slot_never_over_capacity", lambda: hold(slot, seat=2))


def test_cancelling_frees_the_place_and_undoing_takes_it_again(slot):
    appointment = hold(slot)
    held = Appointment.objects.filter(pk=appointment.pk)
    held.update(state="cancelled", cancelled_at=timezone.now())
    slot.refresh_from_db()
    assert slot.booked == 0
    held.update(state="booked", cancelled_at=None)
    slot.refresh_from_db()
    assert slot.booked == 1


def test_undoing_a_cancellation_is_refused_when_the_place_is_gone(slot):
    appointment = hold(slot)
    held = Appointment.objects.filter(pk=appointment.pk)
    held.update(state="cancelled", cancelled_at=timezone.now())
    hold(slot, seat=2)
    refused_by("slot_never_over_capacity", lambda: held.update(state="booked", cancelled_at=None))


def test_moving_by_an_update_keeps_both_counters(slot):
    other = cast.a_slot(slot.doctor, hours=30)
    appointment = hold(slot)
    Appointment.objects.filter(pk=appointment.pk).update(slot=other)
    assert [Slot.objects.get(pk=s.pk).booked for s in (slot, other)] == [0, 1]


def test_deleting_an_appointment_frees_the_place(slot):
    hold(slot).delete()
    slot.refresh_from_db()
    assert slot.booked == 0


def test_appointments_are_not_truncated(slot):
    hold(slot)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    refused_by("appointment_no_truncate", lambda: sql("TRUNCATE appointments_appointment CASCADE"))
    refused_by("appointment_no_truncate", lambda: sql("TRUNCATE appointments_slot CASCADE"))


@pytest.mark.parametrize("table", ["patients_patient", "directions_direction", "lmis_doctor"])
def test_nor_by_truncating_what_they_hang_on(slot, table):
    hold(slot)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    refused_by("appointment_no_truncate", lambda: sql(f"TRUNCATE {table} CASCADE"))


def by_sql(thing, **values):
    columns = ", ".join(f"{thing._meta.get_field(name).column} = %s" for name in values)
    plain = [getattr(value, "pk", value) for value in values.values()]
    sql(f"UPDATE {thing._meta.db_table} SET {columns} WHERE id = %s", *plain, thing.pk)


def by_update(thing, **values):
    type(thing).objects.filter(pk=thing.pk).update(**values)


def by_stale_save(thing, **values):
    """`thing` was read before anything else of the test happened."""
    for name, value in values.items():
        setattr(thing, name, value)
    thing.save()


@pytest.mark.parametrize("write", [by_sql, by_update, by_stale_save])
class TestEveryWay:
    """What an INSERT is refused, no UPDATE brings about either."""

    @pytest.fixture
    def roomy(self, slot):
        Slot.objects.filter(pk=slot.pk).update(capacity=5)
        return Slot.objects.get(pk=slot.pk)

    def cancelled(self, slot, **fields):
        return hold(slot, state="cancelled", cancelled_at=timezone.now(), **fields)

    def test_more_than_the_capacity(self, slot, write):
        gone = self.cancelled(slot)
        hold(slot, seat=2)
        change = {"state": "booked", "cancelled_at": None}
        refused_by("slot_never_over_capacity", lambda: write(gone, **change))

    def test_a_seat_twice(self, roomy, write):
        gone = self.cancelled(roomy)
        hold(roomy)
        refused_by("appointment_seat_held_once", lambda: write(gone, state="booked", cancelled_at=None))

    def test_a_patient_twice_in_a_slot(self, roomy, write):
        gone = self.cancelled(roomy)
        hold(roomy, patient=gone.patient, seat=2)
        refused_by("appointment_patient_once_a_slot", lambda: write(gone, state="booked", cancelled_at=None))

    def test_a_patient_twice_in_a_slot_by_moving(self, roomy, write):
        elsewhere = hold(cast.a_slot(roomy.doctor, hours=30))
        hold(roomy, patient=elsewhere.patient, seat=2)
        refused_by("appointment_patient_once_a_slot", lambda: write(elsewhere, slot=roomy))

    def test_a_direction_twice(self, slot, write):
        patient = cast.a_patient(slot.doctor.lpu)
        direction = Direction.objects.create(lpu_from=cast.an_lpu(own=False), lpu_to=slot.doctor.lpu, patient=patient)
        missed = hold(slot, patient=patient, direction=direction, state="missed")
        hold(cast.a_slot(slot.doctor, hours=30), patient=patient, direction=direction)
        refused_by("appointment_direction_once", lambda: write(missed, state="visited"))

    def test_slots_over_each_other(self, slot, write):
        away = cast.a_slot(slot.doctor, begin=slot.begin, end=slot.end, withdrawn="staff")
        refused_by("slot_no_overlap", lambda: write(away, withdrawn=""))

    def test_another_time_for_what_was_published(self, slot, write):
        refused_by("slot_published_is_fixed", lambda: write(slot, begin=slot.begin - dt.timedelta(minutes=1)))


def test_a_published_slot_is_not_deleted_by_sql_or_by_many(slot):
    refused_by("slot_published_is_kept", lambda: sql("DELETE FROM appointments_slot"))
    refused_by("slot_published_is_kept", lambda: Slot.objects.all().delete())


def test_one_seat_has_one_holder(slot):
    Slot.objects.filter(pk=slot.pk).update(capacity=2)
    hold(slot)
    refused_by("appointment_seat_held_once", lambda: hold(slot))


def test_a_patient_holds_a_slot_once(slot):
    Slot.objects.filter(pk=slot.pk).update(capacity=2)
    first = hold(slot)
    refused_by("appointment_patient_once_a_slot", lambda: hold(slot, patient=first.patient, seat=2))


@pytest.mark.parametrize(("state", "again"), [("booked", False), ("visited", False), ("missed", True)])
def test_a_direction_has_one_live_appointment(slot, state, again):
    patient = cast.a_patient(slot.doctor.lpu)
    direction = Direction.objects.create(lpu_from=cast.an_lpu(own=False), lpu_to=slot.doctor.lpu, patient=patient)
    hold(slot, patient=patient, direction=direction, state=state)
    other = cast.a_slot(slot.doctor, hours=30)

    def second():
        hold(other, patient=patient, direction=direction)

    if again:
        second()
    else:
        refused_by("appointment_direction_once", second)


def test_slots_of_one_doctor_do_not_overlap_unless_withdrawn(slot):
    later = dt.timedelta(minutes=5)

    def overlapping(**fields):
        return cast.a_slot(slot.doctor, begin=slot.begin + later, end=slot.end + later, **fields)

    refused_by("slot_no_overlap", overlapping)
    overlapping(withdrawn="staff")
    cast.a_slot(slot.doctor, begin=slot.end, end=slot.end + later)
    cast.a_slot(cast.a_doctor(slot.doctor.lpu), begin=slot.begin, end=slot.end)


def test_the_number_of_a_day_is_given_once(slot):
    refused_by("slot_ordinal_once_a_day", lambda: cast.a_slot(slot.doctor, hours=24.25, ordinal=slot.ordinal))


@pytest.mark.parametrize(("ordinal", "numbers"), [(109, 1), (99, 2)])
def test_the_numbers_of_a_live_queue_are_nobody_elses_that_day(ordinal, numbers):
    queue = cast.a_slot(cast.a_doctor(), is_queue=True, ordinal=100, numbers=10)
    place = {"begin": queue.end, "end": queue.end + dt.timedelta(minutes=15), "day": queue.day}

    def beside(**fields):
        return cast.a_slot(queue.doctor, is_queue=True, **place | fields)

    refused_by("slot_numbers_are_its_own", lambda: beside(ordinal=ordinal, numbers=numbers))
    assert Slot.objects.count() == 1
    beside(ordinal=110, numbers=numbers)


def test_a_published_slot_keeps_its_time_doctor_and_guid(slot):
    other = cast.a_doctor(slot.doctor.lpu)
    for change in (
        "begin = begin + interval '1 minute'",
        '"end" = "end" + interval \'1 minute\'',
        f"doctor_id = {other.pk}",
        "guid = gen_random_uuid()",
        "ordinal = 4711",
    ):
        refused_by("slot_published_is_fixed", lambda change=change: sql(f"UPDATE appointments_slot SET {change}"))


def test_a_slot_that_was_ever_published_is_never_deleted(slot):
    slot.doctor.is_published = False
    slot.doctor.save()
    refused_by("slot_published_is_kept", slot.delete)


def test_a_slot_of_a_doctor_never_shown_may_go():
    hidden = cast.a_slot(cast.a_doctor(is_published=False))
    hidden.delete()
    assert not Slot.objects.exists()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("slot_capacity", {"capacity": 0}),
        ("slot_ends_after_begin", {"minutes": 0}),
        ("slot_withdrawn_known", {"withdrawn": "cat"}),
        ("slot_channels_known", {"channels": ["Telepathy"]}),
    ],
)
def test_a_slot_makes_sense(name, change):
    doctor = cast.a_doctor()
    refused_by(name, lambda: cast.a_slot(doctor, **change))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("appointment_state_known", {"state": "lost"}),
        ("appointment_source_known", {"source": "Fax"}),
        ("appointment_cancelled_has_time", {"state": "cancelled"}),
        ("appointment_cancelled_has_time", {"cancelled_at": timezone.now()}),
        ("appointment_seat", {"seat": 0}),
    ],
)
def test_an_appointment_makes_sense(slot, name, change):
    refused_by(name, lambda: hold(slot, **change))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exception_ends_after_begin", {"minutes": 0}),
        ("exception_of_doctor_or_holiday", {"kind": "holiday"}),
        ("exception_of_doctor_or_holiday", {"kind": "strike"}),
        ("exception_of_doctor_or_holiday", {"doctor": None}),
        ("exception_of_doctor_or_holiday", {"of_lpu": True}),
        ("exception_slot_minutes", {"slot_minutes": 0}),
        ("exception_slot_minutes", {"slot_minutes": 24 * 60 + 1}),
        ("exception_capacity", {"capacity": 0}),
        ("exception_channels_known", {"channels": ["Telepathy"]}),
    ],
)
@pytest.mark.parametrize("kind", ["absence", "extra"])
def test_an_exception_makes_sense(slot, kind, name, change):
    begin = slot.begin + dt.timedelta(days=1)
    change = {"kind": kind, "doctor": slot.doctor, "minutes": 60} | change
    end = begin + dt.timedelta(minutes=change.pop("minutes"))
    lpu = slot.doctor.lpu if change.pop("of_lpu", False) else None
    refused_by(name, lambda: an_exception(begin=begin, end=end, lpu=lpu, **change))
    assert not ScheduleException.objects.exists()


def test_what_a_slot_shows_is_stamped_again():
    doctor = cast.a_doctor()
    slot = cast.a_slot(doctor)
    doctor.room = Room.objects.create(lpu=doctor.lpu, number="12")
    doctor.save()
    slot.refresh_from_db()
    assert (slot.room_label, slot.visible) == ("12", True)
    Room.objects.update(number="12а")
    doctor.is_published = False
    doctor.save()
    slot.refresh_from_db()
    assert (slot.room_label, slot.visible, slot.published) == ("12а", False, True)


def test_the_report_finds_what_is_broken(slot):
    hold(slot)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE appointments_slot SET booked = 0")
        cursor.execute("DELETE FROM patients_cardupload")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert {finding.check for finding in integrity.report()} == {"slot_counter", "card_without_upload"}
