"""A doctor who leaves: not while patients are booked; and who has left all the same can be settled."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext

from appointments.services import cancelling
from appointments.services.leaving import VisitsAhead
from lmis.actors import SYSTEM
from lmis.models import Doctor
from lmis.services import leaving
from tests.factories import cast
from tests.factories.schedule import an_exception
from tests.factories.staff import an_employee, page, refused
from tests.factories.waiting import booked

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    return cast.a_doctor()


def leave(doctor, now=None):
    leaving.leave(doctor=doctor, now=now or timezone.now())


def cancel(visit):
    own = visit._meta.model.objects.all()
    cancelling.cancel(guid=visit.guid, among=own, reason="", by=SYSTEM, now=timezone.now())


class TestService:
    def test_not_before_every_patient_is_settled(self, doctor):
        visits = [booked(slot) for slot in cast.slots(doctor, 2)]
        booked(cast.a_slot(cast.a_doctor(doctor.lpu)))
        with refused(VisitsAhead) as caught:
            leave(doctor)
        assert caught.value.count == 2
        assert Doctor.objects.get(pk=doctor.pk).is_active
        for visit in visits:
            cancel(visit)
        leave(doctor)
        assert not Doctor.objects.get(pk=doctor.pk).is_active

    def test_what_is_over_does_not_hold(self, doctor):
        visit = booked(cast.a_slot(doctor))
        leave(doctor, now=visit.slot.end)
        assert not Doctor.objects.get(pk=doctor.pk).is_active


class TestAdmin:
    @pytest.fixture
    def boss(self, client):
        client.force_login(an_employee("administrator"))
        return client

    def untick(self, boss, doctor, **changes):
        values = {name: getattr(doctor, f"{name}_id") or "" for name in ("lpu", "position", "speciality", "department")}
        values |= {name: getattr(doctor, name) for name in ("family", "name", "patronymic")} | {"is_published": "on"}
        return boss.post(page("lmis.doctor", "change", doctor.pk), values | changes)

    def test_is_told_how_many_and_where_to_settle_them(self, boss, doctor):
        booked(cast.a_slot(doctor))
        text = self.untick(boss, doctor, family="Новая").content.decode()
        assert escape(VisitsAhead(1).said) in text
        assert f'href="{reverse("screens:absence")}"' in text.split(escape(VisitsAhead(1).said))[1][:100]
        found = Doctor.objects.get(pk=doctor.pk)
        assert (found.is_active, found.family) == (True, doctor.family)

    def test_may_otherwise(self, boss, doctor):
        assert self.untick(boss, doctor, family="Новая").status_code == 302
        found = Doctor.objects.get(pk=doctor.pk)
        assert (found.is_active, found.family) == (False, "Новая")


class TestLeftAllTheSame:
    """By a program, or before this was asked."""

    @pytest.fixture
    def head(self, client):
        client.force_login(an_employee("head"))
        return client

    @pytest.fixture
    def gone(self, doctor):
        Doctor.objects.filter(pk=doctor.pk).update(is_active=False)
        return doctor

    def offered(self, head, form):
        return set(head.get(reverse("screens:absence")).context[form].fields["doctor"].queryset)

    def test_the_time_can_be_closed_while_patients_are_booked(self, head, doctor, request):
        visit = booked(cast.a_slot(doctor))
        gone = request.getfixturevalue("gone")
        cast.a_doctor(doctor.lpu, is_active=False)
        assert self.offered(head, "absence_form") == {gone}
        assert self.offered(head, "extra_form") == set()
        form = head.get(reverse("screens:absence")).context["absence_form"]
        assert escape(gettext("%(doctor)s (works here no more)") % {"doctor": gone}) in str(form["doctor"])
        cancel(visit)
        assert self.offered(head, "absence_form") == set()

    def test_what_was_decided_stays_to_be_read(self, head, gone):
        now = timezone.now()
        absence = an_exception("absence", now, now + dt.timedelta(days=1), doctor=gone)
        assert list(head.get(reverse("screens:absence")).context["ahead"]) == [absence]
        assert head.get(reverse("screens:absence_one", args=[absence.pk])).status_code == 200
