"""How the preview of a merge tells an appointment."""

import pytest
from django.utils import translation

from appointments.services import merging
from lmis.models import Speciality
from tests.factories import cast
from tests.factories.waiting import booked

pytestmark = pytest.mark.django_db


def test_the_speciality_is_told_once():
    doctor = cast.a_doctor(family="Родина", speciality=Speciality.objects.create(name="Педиатрия"))
    visit = booked(cast.a_slot(doctor))
    with translation.override("en"):
        ((line, pk),) = merging.shown(visit.patient)
    assert pk == visit.pk
    assert line.count("Педиатрия") == 1
    assert f"{doctor.short_name}, Педиатрия, ticket" in line
