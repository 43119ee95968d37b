"""Loading the demo's data: in steps, each of which is there as a whole or not at all, so that a killed load is finished
by the next one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from auditlog.context import disable_auditlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _

from appointments.demo import access, bookings, cast, clinic, desk, past, people, referrals, timetable, today
from appointments.demo.guids import guid_of
from appointments.services import generation
from directions.models import Direction
from lmis.actors import SYSTEM, Actor
from lmis.models import ApiClient, Doctor, Lpu, Source
from patients.models import Patient

_DOOR = 0x6C6D6973_64656D6F  # "lmisdemo"
_SPARED = 100  # the first patients are the directions' business and get no other bookings


class DemoRefusedError(Exception):
    """The database is not one to load the demo into; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the demo tells those who want to come in; `sample` is a patient here with a direction issued here."""

    access: access.Access
    lpu_guid: UUID
    polis: str
    direction_guid: UUID
    direction_number: str

    def as_json(self) -> dict[str, object]:
        """As `demo.json` has it (design §3)."""
        return {
            "login": self.access.login,
            "secret": self.access.secret,
            "admin_user": self.access.admin_user,
            "admin_password": self.access.admin_password,
            "lpu_guid": str(self.lpu_guid),
            "sample": {
                "polis": self.polis,
                "direction_guid": str(self.direction_guid),
                "direction_number": self.direction_number,
            },
        }


def load(*, lpu_guid: UUID | None, now: dt.datetime, say: Callable[[str], None] = lambda _line: None) -> Loaded:
    """Bring the demo's data up to what it should be at `now`; what is there already stays as it is.

    In: `lpu_guid` of the own LPU, None for the one that is loaded or else the usual one; `say` is told the progress.
    Raises DemoRefusedError when the database holds other data, or the demo of another LPU, or a step failed.
    """
    # The journal is for what people do: some hundred entries by nobody would only hide that.
    with disable_auditlog():
        lpu, told = _clinic(lpu_guid, now, say)
        _slots(lpu, now, say)
        sample = _visits(lpu, now, say)
    return Loaded(told, lpu.guid, sample.patient.polis_number, sample.guid, sample.number)


def _clinic(wanted: UUID | None, now: dt.datetime, say: Callable[[str], None]) -> tuple[Lpu, access.Access]:
    """The own LPU with people, cards and templates, and what opens it."""
    with transaction.atomic():
        _one_at_a_time()
        loaded = _loaded()
        if loaded is not None:
            if wanted not in (None, loaded.guid):
                raise DemoRefusedError(
                    _("This is the demo of the LPU %(guid)s. Leave --lpu-guid out, or start afresh with --reset.")
                    % {"guid": loaded.guid}
                )
            return loaded, access.ensure(now)
        if Lpu.objects.exists() or Doctor.objects.exists() or Patient.objects.exists():
            raise DemoRefusedError(
                _("The database holds data that is not the demo's. Give the demo an empty database.")
            )
        say(_("Clinic, doctors and 300 patients …"))
        lpu = clinic.build(wanted or cast.LPUS[0].guid)
        doctors = list(_doctors(lpu))
        timetable.write(lpu, doctors, _today(lpu, now))
        told = access.ensure(now)
        access.add_employees(doctors[0])
    return lpu, told


def _slots(lpu: Lpu, now: dt.datetime, say: Callable[[str], None]) -> None:
    """The horizon full from today on; generation commits in batches of its own and may be repeated."""
    say(_("Schedule …"))
    until = _today(lpu, now) + dt.timedelta(days=settings.SCHEDULE_HORIZON_DAYS)

    def guid_for(doctor: Doctor, begin: dt.datetime, end: dt.datetime) -> UUID:
        return guid_of(lpu.guid, "slot", doctor.guid, begin.astimezone(dt.UTC), end.astimezone(dt.UTC))

    if referrals.sample_of(lpu) is None:  # once: later, what is past is what people have made of it
        past.open_weeks(lpu, now, guid_for)
    today.open_day(lpu, _doctors(lpu)[0], now, guid_for)
    report = generation.generate(until=until, by=SYSTEM, now=now, guid_for=guid_for)
    if report.failed:
        raise DemoRefusedError(_("Some of the schedule could not be made; the log says why. Start again to finish it."))


def _visits(lpu: Lpu, now: dt.datetime, say: Callable[[str], None]) -> Direction:
    """Appointments and directions; the sample direction is written last and so tells that all of it is there."""
    with transaction.atomic():
        _one_at_a_time()
        sample = referrals.sample_of(lpu)
        if sample is None:
            say(_("Appointments and directions …"))
            patients = list(Patient.objects.filter(guid__in=_patient_guids(lpu)).order_by("card_number"))
            bookings.make(lpu, patients[_SPARED:], _actors(), now)
            past.fill(lpu, _doctors(lpu), patients[_SPARED:], _actors(), now)
            today.fill(lpu, _doctors(lpu)[0], patients[_SPARED:], _actors(), now)
            others = list(Lpu.objects.filter(is_own=False).order_by("pk"))
            referrals.Referrals(lpu, others, list(_doctors(lpu)), patients, now).write()
            desk.write(lpu, list(_doctors(lpu)), patients[_SPARED:], now)
            sample = referrals.sample_of(lpu)
            assert sample is not None
    return sample


def _one_at_a_time() -> None:
    """Two loads at once would both find nothing and make everything twice: the second waits, then looks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DOOR])


def _loaded() -> Lpu | None:
    """The own LPU of a demo that is here: the one whose first doctor bears the demo's guid."""
    firsts = {guid_of(lpu.guid, "doctor", 0): lpu for lpu in Lpu.objects.own()}
    found = Doctor.objects.filter(guid__in=firsts).values_list("guid", flat=True).first()
    return firsts[found] if found else None


def _doctors(lpu: Lpu) -> list[Doctor]:
    """In the order of the cast."""
    order = [guid_of(lpu.guid, "doctor", number) for number in range(sum(len(f.doctors) for f in cast.FIELDS))]
    found = {doctor.guid: doctor for doctor in Doctor.objects.with_titles().filter(guid__in=order)}
    return [found[guid] for guid in order]


def _patient_guids(lpu: Lpu) -> list[UUID]:
    return [guid_of(lpu.guid, "patient", number) for number in range(len(people.people()))]


def _actors() -> dict[str, Actor]:
    """Who books through which channel."""
    users = {user.get_username(): user for user in User.objects.filter(username__in=["registrar", "doctor"])}
    actors = {Source.INTERNET: Actor.of_client(ApiClient.objects.get(login=access.CLIENT_LOGIN))}
    if "registrar" in users:
        actors |= dict.fromkeys((Source.REGISTRY, Source.CALL_CENTER), Actor.of_user(users["registrar"]))
    if "doctor" in users:
        actors[Source.DOCTOR] = Actor.of_user(users["doctor"])
    return {str(source): actor for source, actor in actors.items()}


def _today(lpu: Lpu, now: dt.datetime) -> dt.date:
    return now.astimezone(lpu.tz).date()
