"""The small cast of the booking tests: one clinic, Dr Ivanova, some patients, the central service."""

import base64
import datetime as dt
import itertools
import threading
import uuid

import jwt
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from appointments.models import Slot
from lmis.actors import SYSTEM
from lmis.models import Doctor, Lpu, Position, Source, Speciality
from lmis.services import clients
from patients.models import Patient

_count = itertools.count(1)
_lock = threading.Lock()
OPEN = [Source.INTERNET, Source.DOCTOR_OTHER_LPU, Source.REGISTRY]


def next_number():
    """Unique in the test run, also between threads."""
    with _lock:
        return next(_count)


def an_lpu(*, own=True, **fields):
    """An LPU, one of ours unless said otherwise."""
    number = next_number()
    return Lpu.objects.create(**{"name": f"Clinic {number}", "short_name": f"C{number}", "is_own": own} | fields)


def a_doctor(lpu=None, *, speciality=None, **fields):
    """A published doctor with a speciality of their own."""
    number = next_number()
    return Doctor.objects.create(
        **{
            "lpu": lpu or an_lpu(),
            "family": f"Иванова{number}",
            "name": "Анна",
            "position": Position.objects.create(name="врач"),
            "speciality": speciality or Speciality.objects.create(name=f"терапия {number}"),
        }
        | fields
    )


def a_slot(doctor, *, hours=24, minutes=15, **fields):
    """A slot that begins in so many hours (from the full minute), open to everybody who matters here."""
    soon = timezone.now().replace(second=0, microsecond=0) + dt.timedelta(hours=hours)
    begin = fields.pop("begin", soon)
    day = begin.astimezone(doctor.lpu.tz).date()
    values = {
        "doctor": doctor,
        "begin": begin,
        "end": begin + dt.timedelta(minutes=minutes),
        "day": day,
        "ordinal": next_number(),
        "capacity": 1,
        "channels": OPEN,
    } | fields
    return Slot.objects.create(**values)


def slots(doctor, count, **fields):
    """So many slots of one doctor, one behind the other."""
    return [a_slot(doctor, hours=24 + index / 4, **fields) for index in range(count)]


def a_patient(lpu, **fields):
    """A card with a polis of its own."""
    number = next_number()
    return Patient.objects.create(
        **{
            "lpu": lpu,
            "family": f"Петров{number}",
            "name": "Пётр",
            "polis_number": f"{number:016d}",
            "card_number": str(number),
        }
        | fields
    )


def namesakes(lpu):
    """Two cards of one name: told apart by birth date, district and polis."""
    same = {"family": "Кузнецова", "name": "Анна"}
    return [
        a_patient(lpu, birth_date=dt.date(year, 3, 1), district=district, **same)
        for year, district in ((1956, "7"), (1984, "12"))
    ]


class Region:
    """The central service: a client of ours with every scope, and the issuer of patient tokens."""

    def __init__(self, **fields):
        values = {"source": Source.INTERNET, "scopes": ["schedule", "appointments", "directions"], "networks": []}
        login = f"region{next_number()}"
        self.client, self.secret = clients.create(login=login, name="central service", by=SYSTEM, **values | fields)

    @property
    def basic(self):
        """The Authorization header."""
        return "Basic " + base64.b64encode(f"{self.client.login}:{self.secret}".encode()).decode()

    def http(self, patient=None, **headers):
        """A caller over the whole stack; with a patient it carries the patient's token."""
        extra = {"HTTP_AUTHORIZATION": self.basic, **headers}
        if patient is not None:
            extra["HTTP_X_PATIENT_TOKEN"] = token_of(patient)
        return APIClient(**extra)


def token_of(*patients, **claims):
    """A patient token as the region issues it."""
    body = {"mkabs": [str(patient.guid) for patient in patients], "exp": timezone.now() + dt.timedelta(hours=1)}
    return jwt.encode(body | claims, settings.PATIENT_TOKEN["KEY"], algorithm="HS256")


def a_direction_request(slot, lpu_to, *, lpu_from=None, **changes):
    """What contract A takes: the region's own example, with our guids and a person of one's own."""
    number = next_number()
    body = {
        "slot": str(slot.guid),
        "patient": {
            "family": "Сидорова",
            "name": "Мария",
            "patronymic": "",
            "polis": {"series": "", "number": f"{9_000_000_000_000_000 + number}", "type": {"code": "3", "name": " "}},
            "phone": "71234569898",
            "identityDocument": {
                "series": "1234",
                "number": f"{number:06d}",
                "type": {"code": "3", "name": " "},
            },
            "address": ". ",
            "disability": None,
        },
        "docSender": {"guid": str(uuid.uuid4()), "family": "Шишкин", "position": {"code": "777", "name": " "}},
        "direction": {
            "guid": str(uuid.uuid4()),
            "number": f"14555-{number}",
            "reason": " ",
            "speciality": {"code": "1234", "name": " "},
            "lpuFromGuid": str(lpu_from.guid if lpu_from else uuid.uuid4()),
            "lpuToGuid": str(lpu_to.guid),
            "dateDirection": "2021-04-21T03:00:00+03:00",
            "diagnosis": {"code": "A01.0", "name": " "},
        },
    }
    return body | changes
