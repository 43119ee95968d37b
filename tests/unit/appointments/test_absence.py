"""A doctor's absence: closing the period, substitution, moving, cancelling, keeping; killed, and gone on with."""

import datetime as dt

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.exceptions import SlotExpired, SlotTaken, SlotUnavailable
from appointments.models import AbsenceDecision, Appointment, CallTask, ScheduleException, Slot
from appointments.services import (
    absence_run,
    absence_targets,
    absences,
    booking,
    cancelling,
    generation,
    substitution,
    waiting,
)
from appointments.services.absences import AbsenceOverlaps, Decided, DecisionsPending
from lmis.actors import Actor
from lmis.exceptions import ValidationFailed
from lmis.models import Room, Source
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.schedule import a_slot_at, a_template, an_exception, at
from tests.factories.staff import an_employee, refused
from tests.factories.waiting import an_entry, booked
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db(transaction=True)  # each patient has a transaction of its own
Choice = AbsenceDecision.Choice
DAY = dt.date(2031, 3, 3)  # a Monday
NOW = dt.datetime(2031, 3, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def by():
    return Actor.of_user(an_employee("head"))


@pytest.fixture
def doctor():
    return cast.a_doctor()


@pytest.fixture
def colleague(doctor):
    return cast.a_doctor(doctor.lpu, speciality=doctor.speciality)


def on(doctor, time, day=DAY, **fields):
    return a_slot_at(doctor, at(doctor.lpu, day, time), **fields)


def close(doctor, by, first=DAY, last=DAY, reason="болезнь", now=NOW):
    begin, end = at(doctor.lpu, first, "00:00"), at(doctor.lpu, last + dt.timedelta(days=1), "00:00")
    return absences.close_period(doctor=doctor, begin=begin, end=end, reason=reason, by=by, now=now)


def left(absence, now=NOW):
    return list(absences.affected(absence, now))


def carried_out(absence, by, *decisions, now=NOW, **kwargs):
    absences.decide(absence=absence, decisions=decisions, by=by, now=now)
    return absence_run.carry_out(absence=absence, by=by, now=now, **kwargs)


def state():
    """All that an absence could change."""
    tables = (ScheduleException, Slot, Appointment, AbsenceDecision, CallTask)
    return [list(table.objects.order_by("pk").values()) for table in tables]


class TestClosing:
    def test_free_and_taken_places_alike_cannot_be_booked_any_more(self, doctor, by):
        free, taken, shared = on(doctor, "09:00"), on(doctor, "09:15"), on(doctor, "09:30", capacity=2)
        other_day = on(doctor, "09:00", DAY + dt.timedelta(days=1))
        kept = [booked(taken), booked(shared)]
        absence = close(doctor, by)
        assert left(absence) == kept
        for slot in (free, shared):
            with refused(SlotUnavailable):
                booked(slot)
        cancelling.cancel(guid=kept[0].guid, among=Appointment.objects.all(), reason="", by=by, now=NOW)
        with refused(SlotUnavailable):
            booked(taken)
        assert booked(other_day)
        assert Slot.objects.filter(is_blocked=True, block_reason="болезнь").count() == 3

    def test_hours_of_a_day(self, doctor, by):
        slots = [on(doctor, time) for time in ("08:45", "09:00", "09:15", "09:30")]
        begin, end = at(doctor.lpu, DAY, "09:10"), at(doctor.lpu, DAY, "09:30")
        absences.close_period(doctor=doctor, begin=begin, end=end, reason="совещание", by=by, now=NOW)
        closed = Slot.objects.filter(is_blocked=True).order_by("begin")
        assert list(closed) == slots[1:3]  # whatever the period touches

    def test_what_was_blocked_before_keeps_its_own_reason(self, doctor, by):
        slot = on(doctor, "09:00", is_blocked=True, block_reason="ремонт")
        close(doctor, by)
        slot.refresh_from_db()
        assert slot.block_reason == "ремонт"

    def test_the_generator_makes_nothing_there(self, doctor, by):
        now = timezone.now()
        day = (now + dt.timedelta(days=3)).date()
        a_template(doctor, begin="09:00", end="10:00", weekday=day.isoweekday())
        absences.close_period(
            doctor=doctor,
            begin=at(doctor.lpu, day, "00:00"),
            end=at(doctor.lpu, day, "09:30"),
            reason="болезнь",
            by=by,
            now=now,
        )
        generation.generate(until=day, by=by, doctors=[doctor], now=now)
        begins = [slot.begin.astimezone(doctor.lpu.tz).time().isoformat("minutes") for slot in doctor.slots.all()]
        assert begins == ["09:30", "09:45"]

    @pytest.mark.parametrize(
        "wrong", [{"reason": " "}, {"last": DAY - dt.timedelta(days=2)}, {"first": dt.date(2029, 1, 1)}]
    )
    def test_bad_input_changes_nothing(self, doctor, by, wrong):
        on(doctor, "09:00")
        before = state()
        with refused(ValidationFailed):
            close(doctor, by, **wrong)
        assert state() == before

    def test_what_is_over_is_not_closed(self, doctor, by):
        with refused(ValidationFailed):
            close(doctor, by, now=NOW + dt.timedelta(days=30))

    def test_not_twice(self, doctor, by):
        close(doctor, by)
        before = state()
        with refused(AbsenceOverlaps):
            close(doctor, by, first=DAY - dt.timedelta(days=1))
        assert state() == before
        close(doctor, by, first=DAY + dt.timedelta(days=1), last=DAY + dt.timedelta(days=2))

    def test_statements(self, doctor, by):
        for number in range(20):
            on(doctor, f"{9 + number // 4:02}:{number % 4 * 15:02}")
        ContentType.objects.get_for_model(ScheduleException)  # Django keeps it for the process
        with statements() as found:
            close(doctor, by)
        # generator's lock, overlapping absences, the absence and its entry in the journal, places, lock, close
        assert len(found) == 7, listed(found)

    def test_taken_back(self, doctor, by):
        slot, blocked = on(doctor, "09:00"), on(doctor, "09:15", is_blocked=True, block_reason="ремонт")
        absence = close(doctor, by)
        assert absences.reopen(absence=absence, by=by, now=NOW) == 1
        assert booked(slot)
        blocked.refresh_from_db()
        assert blocked.is_blocked
        assert not ScheduleException.objects.exists()

    def test_not_taken_back_while_it_is_carried_out(self, doctor, by, colleague):
        made = booked(on(doctor, "09:00"))
        absence = close(doctor, by)
        absences.decide(absence=absence, decisions=[Decided(made, Choice.CANCEL)], by=by, now=NOW)
        with refused(DecisionsPending):
            absences.reopen(absence=absence, by=by, now=NOW)


class TestSubstitution:
    def test_the_same_times_with_a_colleague(self, doctor, colleague, by):
        patient = cast.a_patient(doctor.lpu)
        direction = a_direction(patient=patient)
        slots = [on(doctor, "09:00", channels=[Source.REGISTRY]), on(doctor, "09:15")]
        made = [booked(slots[0], patient, direction=direction), booked(slots[1])]
        absence = close(doctor, by)
        decisions = [Decided(one, Choice.SUBSTITUTE, substitute=colleague) for one in made]
        assert carried_out(absence, by, *decisions) == absence_run.Progress(2, 0, 0)
        assert left(absence) == []
        for appointment, old in zip(made, slots, strict=True):
            appointment.refresh_from_db()
            new = appointment.slot
            assert new.doctor == colleague
            assert (new.begin, new.end, new.channels, new.booked) == (old.begin, old.end, old.channels, 1)
        assert made[0].direction == direction
        assert list(CallTask.objects.values_list("what", "state")) == [("substituted", "open")] * 2

    def test_a_place_of_his_own_at_the_same_time_is_used(self, doctor, colleague, by):
        made, own = booked(on(doctor, "09:00")), on(colleague, "09:00")
        absence = close(doctor, by)
        carried_out(absence, by, Decided(made, Choice.SUBSTITUTE, substitute=colleague))
        made.refresh_from_db()
        assert made.slot == own
        assert colleague.slots.count() == 1

    def test_several_patients_of_one_place_stay_together(self, doctor, colleague, by):
        old = on(doctor, "09:00", capacity=3)
        made = [booked(old) for _ in range(3)]
        absence = close(doctor, by)
        carried_out(absence, by, *[Decided(one, Choice.SUBSTITUTE, substitute=colleague) for one in made])
        slot = colleague.slots.get()
        assert (slot.capacity, slot.booked) == (3, 3)

    def fit(self, doctor, colleague, made):
        return substitution.calendar_of([colleague], [made], now=NOW).fit(made, colleague)

    def test_his_own_patients_come_first(self, doctor, colleague, by):
        made = booked(on(doctor, "09:00"))
        on(colleague, "08:50", minutes=15)
        before = state()
        assert self.fit(doctor, colleague, made).why_not == substitution.OWN_PLACE
        with refused(substitution.SubstituteBusy):
            substitution.take_over(appointment=made, substitute=colleague, by=by, now=NOW)
        assert state() == before

    def test_nor_while_he_is_away_himself_or_on_a_holiday(self, doctor, colleague):
        made = booked(on(doctor, "09:00"))
        period = at(doctor.lpu, DAY, "00:00"), at(doctor.lpu, DAY, "12:00")
        away = an_exception("absence", *period, doctor=colleague)
        assert self.fit(doctor, colleague, made).why_not == substitution.AWAY
        away.delete()
        an_exception("holiday", *period, lpu=doctor.lpu)
        assert self.fit(doctor, colleague, made).why_not == substitution.AWAY

    def test_nor_once_its_time_has_come(self, doctor, colleague, by):
        come, ahead = booked(on(doctor, "09:00")), booked(on(doctor, "09:15"))
        now = come.slot.begin
        calendar = substitution.calendar_of([colleague], [come, ahead], now=now)
        assert [fit.why_not for fit in calendar.fits([come, ahead], colleague)] == [substitution.COME, ""]
        before = state()
        with refused(SlotExpired):
            substitution.take_over(appointment=come, substitute=colleague, by=by, now=now)
        assert state() == before

    def test_in_the_absent_doctors_room_else_in_his_own_else_not(self, doctor, colleague):
        rooms = [Room.objects.create(lpu=doctor.lpu, number=number) for number in ("201", "202")]
        doctor.room, colleague.room = rooms
        doctor.save()
        colleague.save()
        made = booked(on(doctor, "09:00"))
        assert self.fit(doctor, colleague, made).room == rooms[0].pk
        on(cast.a_doctor(doctor.lpu, room=rooms[0]), "09:00")
        assert self.fit(doctor, colleague, made).room == rooms[1].pk
        on(cast.a_doctor(doctor.lpu), "09:05", room=rooms[1])
        assert self.fit(doctor, colleague, made).why_not == substitution.ROOM_TAKEN

    def test_his_places_are_given_away_no_more_often_than_they_have_room(self, doctor, colleague):
        old = on(doctor, "09:00", capacity=2)
        on(colleague, "09:00", capacity=1)
        made = [booked(old), booked(old)]
        made = list(Appointment.objects.select_related("slot__doctor__lpu").order_by("pk"))
        fits = substitution.calendar_of([colleague], made, now=NOW).fits(made, colleague)
        assert [one.why_not for one in fits] == ["", substitution.FULL]

    def test_candidates_of_the_speciality_first(self, doctor, colleague):
        surgeon = cast.a_doctor(doctor.lpu)
        cast.a_doctor(doctor.lpu, is_published=False)
        cast.a_doctor(speciality=doctor.speciality)
        assert list(substitution.candidates(doctor)) == [colleague, surgeon]

    def test_statements_do_not_grow(self, doctor, colleague):
        made = [booked(on(doctor, f"{9 + n // 4:02}:{n % 4 * 15:02}")) for n in range(8)]
        made = list(Appointment.objects.select_related("slot__doctor__lpu").order_by("pk"))
        others = list(substitution.candidates(doctor))
        with statements() as found:
            calendar = substitution.calendar_of(others, made, now=NOW)
            assert all(not one.why_not for one in calendar.fits(made, colleague))
        assert len(found) == 3, listed(found)


class TestTargets:
    def test_the_same_doctor_later_then_the_speciality(self, doctor, colleague, by):
        made = [booked(on(doctor, time)) for time in ("09:00", "09:15", "09:30")]
        later = on(doctor, "10:00", DAY + dt.timedelta(days=1))
        theirs = on(colleague, "15:00")
        on(cast.a_doctor(doctor.lpu), "15:00")  # another speciality
        on(colleague, "16:00", channels=[Source.INTERNET])  # not for the clinic to give
        absence = close(doctor, by)
        with statements() as found:
            targets = absence_targets.targets_for(absence, left(absence), NOW)
        assert targets.proposed == {made[0].pk: later, made[1].pk: theirs}
        assert len(found) == 5, listed(found)  # left: appointments, decisions; targets: own, colleagues', patients'

    def test_not_while_the_patient_is_with_somebody_else(self, doctor, colleague, by):
        patient = cast.a_patient(doctor.lpu)
        booked(on(doctor, "09:00"), patient)
        later = [on(doctor, time, DAY + dt.timedelta(days=1)) for time in ("10:00", "10:30")]
        booked(on(colleague, "10:10", DAY + dt.timedelta(days=1)), patient)
        absence = close(doctor, by)
        proposed = absence_targets.targets_for(absence, left(absence), NOW).proposed
        assert list(proposed.values()) == [later[1]]


class TestCarryingOut:
    def test_each_as_decided(self, doctor, by):
        moved, cancelled, kept, open_one = [booked(on(doctor, time)) for time in ("09:00", "09:15", "09:30", "09:45")]
        target = on(doctor, "09:00", DAY + dt.timedelta(days=7))
        absence = close(doctor, by)
        decisions = [Decided(moved, Choice.MOVE, target), Decided(cancelled, Choice.CANCEL), Decided(kept, Choice.KEEP)]
        assert carried_out(absence, by, *decisions).done == 3
        assert left(absence) == [open_one]
        for one in (moved, cancelled, kept):
            one.refresh_from_db()
        assert (moved.slot, moved.state) == (target, "booked")
        assert (cancelled.state, cancelled.cancel_reason, cancelled.cancelled_by) == ("cancelled", "болезнь", by.label)
        assert kept.state == "booked"
        told = CallTask.objects.order_by("pk").values_list("appointment", "what", "new_slot", "phone", "reason")
        assert list(told) == [
            (moved.pk, "moved", target.pk, moved.patient.phone, "болезнь"),
            (cancelled.pk, "cancelled", None, cancelled.patient.phone, "болезнь"),
        ]

    def test_whom_the_clinic_cancels_waits_again(self, doctor, by):
        patient = cast.a_patient(doctor.lpu)
        entry, visit = an_entry(doctor, patient=patient), booked(on(doctor, "09:00"), patient)
        waiting.served(patient=patient, appointment=visit, by=by, now=NOW)
        absence = close(doctor, by)
        assert carried_out(absence, by, Decided(visit, Choice.CANCEL)) == absence_run.Progress(1, 0, 0)
        entry.refresh_from_db()
        assert (entry.state, entry.appointment) == ("open", None)

    def test_whose_time_has_come_unnoticed_is_left_alone(self, doctor, colleague, by):
        made = [booked(on(doctor, time)) for time in ("09:00", "09:15", "09:30", "09:45", "11:00")]
        target = on(doctor, "09:00", DAY + dt.timedelta(days=1))
        absence, now = close(doctor, by), at(doctor.lpu, DAY, "10:00")
        decisions = [
            Decided(made[0], Choice.CANCEL),
            Decided(made[1], Choice.MOVE, target),
            Decided(made[2], Choice.SUBSTITUTE, substitute=colleague),
            Decided(made[3], Choice.KEEP),
            Decided(made[4], Choice.CANCEL),
        ]
        before = list(Appointment.objects.filter(slot__begin__lt=now).order_by("pk").values())
        assert carried_out(absence, by, *decisions, now=now) == absence_run.Progress(2, 0, 0)
        assert list(Appointment.objects.filter(slot__begin__lt=now).order_by("pk").values()) == before
        told = [one.decided[0].refusal for one in left(absence, now)]
        assert told == [absences.CAME_MEANWHILE] * 3
        assert CallTask.objects.get().appointment == made[4]

    def test_on_purpose_it_is_cancelled_or_moved(self, doctor, by):
        gone, moved = (booked(on(doctor, time)) for time in ("09:00", "09:15"))
        target = on(doctor, "09:00", DAY + dt.timedelta(days=1))
        absence, now = close(doctor, by), at(doctor.lpu, DAY, "10:00")
        decisions = [Decided(gone, Choice.CANCEL, late=True), Decided(moved, Choice.MOVE, target, late=True)]
        assert carried_out(absence, by, *decisions, now=now) == absence_run.Progress(2, 0, 0)
        assert left(absence, now) == []

    def test_a_place_lost_meanwhile_is_said_and_the_others_go_on(self, doctor, by):
        first, second = [booked(on(doctor, time)) for time in ("09:00", "09:15")]
        targets = [on(doctor, time, DAY + dt.timedelta(days=7)) for time in ("09:00", "09:15")]
        absence = close(doctor, by)
        decisions = [Decided(one, Choice.MOVE, target) for one, target in zip((first, second), targets, strict=True)]
        absences.decide(absence=absence, decisions=decisions, by=by, now=NOW)
        booked(targets[0])
        assert absence_run.carry_out(absence=absence, by=by, now=NOW) == absence_run.Progress(1, 1, 0)
        (still,) = left(absence)
        assert still == first
        assert (still.decided[0].state, still.decided[0].refusal) == ("refused", str(SlotTaken.for_staff))
        assert CallTask.objects.get().appointment == second
        assert carried_out(absence, by, Decided(first, Choice.CANCEL)).done == 1
        assert left(absence) == []

    def test_what_a_colleague_moved_meanwhile_is_left_alone(self, doctor, colleague, by):
        made = booked(on(doctor, "09:00"))
        targets = [on(colleague, time) for time in ("10:00", "11:00")]
        absence = close(doctor, by)
        absences.decide(absence=absence, decisions=[Decided(made, Choice.MOVE, targets[0])], by=by, now=NOW)
        cancelling.move(
            guid=made.guid,
            among=Appointment.objects.all(),
            to_slot_guid=targets[1].guid,
            channels={Source.REGISTRY},
            by=by,
            now=NOW,
        )
        assert absence_run.carry_out(absence=absence, by=by, now=NOW) == absence_run.Progress(0, 1, 0)
        made.refresh_from_db()
        assert made.slot == targets[1]
        assert not CallTask.objects.exists()

    def test_killed_in_the_middle_it_shows_what_is_left_and_goes_on(self, doctor, by, monkeypatch):
        made = [booked(on(doctor, time)) for time in ("09:00", "09:15", "09:30")]
        absence = close(doctor, by)
        absences.decide(absence=absence, decisions=[Decided(one, Choice.CANCEL) for one in made], by=by, now=NOW)
        enter, told = absence_run.calls.enter, []

        def dying(**kwargs):
            told.append(kwargs)
            if len(told) == 2:
                raise KeyboardInterrupt  # behind the cancelling, before the commit
            return enter(**kwargs)

        monkeypatch.setattr(absence_run.calls, "enter", dying)
        with pytest.raises(KeyboardInterrupt):
            absence_run.carry_out(absence=absence, by=by, now=NOW)
        monkeypatch.undo()
        assert left(absence) == made[1:]
        assert CallTask.objects.count() == 1
        assert absence_run.carry_out(absence=absence, by=by, now=NOW) == absence_run.Progress(2, 0, 0)
        assert left(absence) == []
        assert CallTask.objects.count() == 3

    def test_no_more_than_asked_for_at_once(self, doctor, by):
        made = [booked(on(doctor, time)) for time in ("09:00", "09:15", "09:30")]
        absence = close(doctor, by)
        progress = carried_out(absence, by, *[Decided(one, Choice.CANCEL) for one in made], limit=2)
        assert progress == absence_run.Progress(2, 0, 1)

    def test_one_place_for_two_is_refused_before_anything_is_written(self, doctor, by):
        made = [booked(on(doctor, time)) for time in ("09:00", "09:15")]
        target = on(doctor, "09:00", DAY + dt.timedelta(days=7))
        absence = close(doctor, by)
        before = state()
        with refused(ValidationFailed):
            carried_out(absence, by, *[Decided(one, Choice.MOVE, target) for one in made])
        assert state() == before

    def test_who_is_moved_twice_is_called_once_from_what_is_known(self, doctor, colleague, by):
        first = on(doctor, "09:00")
        made = booked(first)
        carried_out(close(doctor, by), by, Decided(made, Choice.SUBSTITUTE, substitute=colleague))
        absence = close(colleague, by, reason="отпуск")
        (again,) = left(absence)
        target = on(colleague, "09:00", DAY + dt.timedelta(days=7))
        carried_out(absence, by, Decided(again, Choice.MOVE, target))
        task = CallTask.objects.get()
        assert (task.old_slot, task.new_slot, task.what, task.reason) == (first, target, "moved", "отпуск")

    def test_a_kept_one_stays_kept_when_decided_again(self, doctor, by):
        made = booked(on(doctor, "09:00"))
        absence = close(doctor, by)
        carried_out(absence, by, Decided(made, Choice.KEEP))
        assert absences.decide(absence=absence, decisions=[Decided(made, Choice.CANCEL)], by=by, now=NOW) == 0
        made.refresh_from_db()
        assert made.state == "booked"

    def test_an_absence_from_the_list_of_exceptions_closes_its_places_too(self, doctor, by):
        made, free = booked(on(doctor, "09:00", capacity=2)), on(doctor, "09:15")
        absence = an_exception(
            "absence", at(doctor.lpu, DAY, "00:00"), at(doctor.lpu, DAY, "12:00"), doctor=doctor, reason="отпуск"
        )
        carried_out(absence, by, Decided(made, Choice.KEEP))
        for slot in (made.slot, free):
            with refused(SlotUnavailable):
                booked(slot)


class TestPromises:
    """What the database refuses whoever asks."""

    @pytest.mark.parametrize(
        ("constraint", "change"),
        [
            ("decision_has_its_target", {"choice": "move"}),
            ("decision_has_its_target", {"choice": "substitute"}),
            ("decision_has_its_target", {"choice": "forget"}),
            ("decision_done_has_time", {"state": "done"}),
            ("decision_done_has_time", {"done_at": NOW}),
            ("decision_done_has_time", {"state": "lost"}),
            ("decision_refusal_says_why", {"state": "refused"}),
        ],
    )
    def test_checks(self, doctor, by, constraint, change):
        made = booked(on(doctor, "09:00"))
        absence = close(doctor, by)
        absences.decide(absence=absence, decisions=[Decided(made, Choice.CANCEL)], by=by, now=NOW)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            AbsenceDecision.objects.update(**change)

    def test_once(self, doctor, by):
        made = booked(on(doctor, "09:00"))
        absence = close(doctor, by)
        absences.decide(absence=absence, decisions=[Decided(made, Choice.CANCEL)], by=by, now=NOW)
        again = AbsenceDecision.objects.get()
        again.pk = None
        with pytest.raises(IntegrityError, match="decision_once_an_absence"), transaction.atomic():
            again.save(force_insert=True)


def test_a_booking_that_slips_in_is_in_the_list(doctor, by):
    """The list is read afresh: whoever writes past the locks is there all the same."""
    absence = close(doctor, by)
    slot = on(doctor, "09:00")  # by hand, after the closing
    made = booking.book(
        slot_guid=slot.guid,
        patient=cast.a_patient(doctor.lpu),
        source=Source.REGISTRY,
        channels={Source.REGISTRY},
        by=by,
        now=NOW,
    )
    assert left(absence) == [made]
