"""The call list: whom to ring next, and what comes of the calls."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.models import Appointment, CallAttempt, CallTask
from appointments.services import calls, cancelling
from appointments.services.calls import AlreadyTold, CallNotFound
from lmis.actors import Actor
from tests.factories import cast
from tests.factories.staff import an_employee, refused
from tests.factories.waiting import a_call, booked

pytestmark = pytest.mark.django_db
ALL = CallTask.objects.all()


@pytest.fixture
def by():
    return Actor.of_user(an_employee("registrar"))


@pytest.fixture
def doctor():
    return cast.a_doctor()


def moved_call(doctor, by, hours=24):
    """An appointment moved by the clinic, and the call about it."""
    old, new = cast.a_slot(doctor, hours=hours), cast.a_slot(doctor, hours=hours + 200)
    made = booked(old)
    cancelling.move(
        guid=made.guid,
        among=Appointment.objects.all(),
        to_slot_guid=new.guid,
        channels=new.channels,
        by=by,
        now=timezone.now(),
    )
    made.refresh_from_db()
    return a_call(made, old_slot=old, new_slot=new, what="moved")


def record(task, outcome, by, **kwargs):
    values = {"guid": task.guid, "outcome": outcome, "by": by, "now": timezone.now(), "among": ALL} | kwargs
    return calls.record(**values)


class TestOrder:
    def test_whose_time_comes_first_unless_just_rung_in_vain(self, doctor, by):
        late, soon, tried = [a_call(booked(cast.a_slot(doctor, hours=hours))) for hours in (48, 24, 12)]
        record(tried, "no_answer", by)
        now = timezone.now()
        assert list(CallTask.objects.open().next_first(now)) == [soon, late, tried]
        assert next(iter(CallTask.objects.open().next_first(now + calls.AGAIN_AFTER))) == tried

    def test_of_own_doctors_only(self, doctor):
        mine = a_call(booked(cast.a_slot(doctor)))
        a_call(booked(cast.a_slot(cast.a_doctor())))
        own = type(doctor).objects.filter(pk=doctor.pk)
        assert list(CallTask.objects.of_doctors(own)) == [mine]
        assert CallTask.objects.of_doctors(None).count() == 2


class TestOutcomes:
    def test_reached(self, doctor, by):
        task = moved_call(doctor, by)
        record(task, "reached", by, note="придёт")
        task.refresh_from_db()
        assert (task.state, task.done_at is not None) == ("done", True)
        attempt = task.attempts.get()
        assert (attempt.outcome, attempt.note, attempt.by, attempt.user) == ("reached", "придёт", by.label, by.user)

    def test_no_answer_stays_in_the_list(self, doctor, by):
        task, now = moved_call(doctor, by), timezone.now()
        for _attempt in range(2):
            record(task, "no_answer", by, now=now)
        task.refresh_from_db()
        assert (task.state, task.call_after) == ("open", now + calls.AGAIN_AFTER)
        assert task.attempts.count() == 2

    @pytest.mark.parametrize("give_back", [True, False])
    def test_refused_gives_the_place_back_when_one_may(self, doctor, by, give_back):
        task = moved_call(doctor, by)
        assert record(task, "refused", by, give_back=give_back).given_back == give_back
        task.refresh_from_db()
        task.appointment.refresh_from_db()
        task.new_slot.refresh_from_db()
        assert task.state == "done"
        assert task.appointment.state == ("cancelled" if give_back else "booked")
        assert task.new_slot.booked == (0 if give_back else 1)

    def test_refused_after_a_cancelling_has_nothing_to_give_back(self, doctor, by):
        made = booked(cast.a_slot(doctor))
        cancelling.cancel(guid=made.guid, among=Appointment.objects.all(), reason="", by=by, now=timezone.now())
        task = a_call(made)
        assert not record(task, "refused", by, give_back=True).given_back

    def test_one_of_two_colleagues(self, doctor, by):
        task = moved_call(doctor, by)
        record(task, "reached", by)
        with refused(AlreadyTold):
            record(task, "refused", by, give_back=True)
        task.appointment.refresh_from_db()
        assert (task.appointment.state, CallAttempt.objects.count()) == ("booked", 1)

    def test_not_of_somebody_elses_doctor(self, doctor, by):
        task = moved_call(doctor, by)
        with refused(CallNotFound):
            record(task, "reached", by, among=CallTask.objects.of_doctors(type(doctor).objects.none()))
        assert not CallAttempt.objects.exists()

    def test_an_outcome_that_there_is_not(self, doctor, by):
        with pytest.raises(ValueError, match="not an outcome"):
            record(moved_call(doctor, by), "sleeping", by)


class TestNothingToTell:
    def test_once_the_patient_has_cancelled_or_is_back(self, doctor, by):
        task = moved_call(doctor, by)
        assert not calls.has_nothing_to_tell(task)
        cancelling.move(
            guid=task.appointment.guid,
            among=Appointment.objects.all(),
            to_slot_guid=task.old_slot.guid,
            channels=task.old_slot.channels,
            by=by,
            now=timezone.now(),
        )
        assert calls.has_nothing_to_tell(CallTask.objects.get(pk=task.pk))

    def test_not_when_the_clinic_cancelled(self, doctor, by):
        assert not calls.has_nothing_to_tell(a_call(booked(cast.a_slot(doctor))))


class TestPromises:
    """What the database refuses whoever asks."""

    @pytest.mark.parametrize(
        ("constraint", "change"),
        [
            ("call_what_and_where", {"what": "moved"}),
            ("call_what_and_where", {"what": "forgotten"}),
            ("call_done_has_time", {"state": "done"}),
            ("call_done_has_time", {"done_at": timezone.now()}),
            ("call_done_has_time", {"state": "lost"}),
        ],
    )
    def test_checks(self, doctor, constraint, change):
        task = a_call(booked(cast.a_slot(doctor)))
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            CallTask.objects.filter(pk=task.pk).update(**change)

    def test_one_open_call_an_appointment(self, doctor):
        made = booked(cast.a_slot(doctor))
        a_call(made)
        with pytest.raises(IntegrityError, match="call_once_open"), transaction.atomic():
            a_call(made)
        CallTask.objects.update(state="done", done_at=timezone.now())
        a_call(made)

    def test_outcomes(self, doctor):
        task = a_call(booked(cast.a_slot(doctor)))
        with pytest.raises(IntegrityError, match="call_outcome_known"), transaction.atomic():
            CallAttempt.objects.create(task=task, outcome="sleeping", at=timezone.now() + dt.timedelta())
