"""One of everything that a list or a screen can show, with Russian names; several times over where that is asked."""

import datetime as dt
import secrets
from unittest.mock import patch

from django.utils import timezone

from appointments.models import Appointment
from lmis.actors import Actor
from lmis.models import (
    BusyType,
    CodeMapping,
    Department,
    Dictionary,
    DictionaryCode,
    Doctor,
    FailedLogin,
    IdempotencyRecord,
    Room,
)
from lmis.services import clients
from patients.models import MipGate
from tests.factories import cast
from tests.factories.directions import a_direction, appoint
from tests.factories.schedule import a_template, an_exception
from tests.factories.waiting import a_call, an_entry

OLGA = Actor("Ольга")


def a_clinic(number: int = 1) -> Doctor:
    """An LPU with a doctor, a pattern, a booked place, who waits and who is to be called; the doctor."""
    lpu = cast.an_lpu(name=f"Поликлиника № {number}", short_name=f"П{number}")
    doctor = cast.a_doctor(
        lpu,
        department=Department.objects.create(lpu=lpu, name="терапевтическое"),
        room=Room.objects.create(lpu=lpu, number="12"),
    )
    a_day_of(doctor)
    _kept(number)
    _dictionaries(number)
    return doctor


def a_day_of(doctor: Doctor) -> None:
    """A place booked by direction, an absence, a pattern, an entry of the waiting list, a call."""
    far = cast.an_lpu(own=False, name="Больница № 2", short_name="Б2")
    patient = cast.a_patient(doctor.lpu, disability={})  # where Pygments is installed, unfold writes nothing as "null"
    slot = cast.a_slot(doctor)
    a_template(doctor)
    an_exception("absence", slot.begin + dt.timedelta(days=1), slot.end + dt.timedelta(days=1), doctor=doctor)
    appoint(a_direction(patient=patient, lpu_from=far), doctor, slot=slot)
    an_entry(doctor, patient=patient, by=OLGA)
    a_call(Appointment.objects.get(slot=slot))


def _kept(number: int) -> None:
    """What programs leave behind them."""
    with patch.object(
        secrets, "token_urlsafe", lambda size: str(number).rjust(43, "1")
    ):  # the end of a random one may look like a word
        clients.create(login=f"портал{number}", name="портал", source="Internet", scopes=[], networks=[], by=OLGA)
    FailedLogin.objects.create(login=f"чужой{number}", address="10.1.2.3", minute=timezone.now())
    IdempotencyRecord.objects.create(
        principal="портал", key=str(number), fingerprint=b"1", status=201, body=b"{}", created_at=timezone.now()
    )
    MipGate.objects.get_or_create()


def _dictionaries(number: int) -> None:
    now = timezone.now()
    BusyType.objects.create(name=f"приём {number}")
    dictionary = Dictionary.objects.create(
        oid=f"1.2.643.{number}", source="Минздрав", checked_on=now.date(), loaded_at=now, loaded_by="Ольга"
    )
    DictionaryCode.objects.create(dictionary=dictionary, code="1", name="терапия")
    CodeMapping.objects.create(
        region="Область", kind="speciality", region_code=str(number), oid=f"1.2.643.{number}", code="1", source="письмо"
    )
