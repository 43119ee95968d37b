"""Every model has a list in the staff's site, or a reason to have none; lists can be narrowed, histories only read."""

import datetime as dt

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry as AdminEntry
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils import timezone

from appointments.models import ScheduleException, ScheduleTemplate, Slot, WaitNorm
from lmis.admin_site import Site
from lmis.models import (
    BusyType,
    CodeMapping,
    Department,
    Dictionary,
    DictionaryCode,
    FailedLogin,
    IdempotencyRecord,
    Position,
    Room,
    Speciality,
)
from patients.models import MipGate, Patient
from tests.factories import cast, directions, waiting
from tests.factories.staff import an_employee, page

OURS = ("lmis", "patients", "directions", "appointments")
SCREEN_OF_IMPORTS = "the screen of the imports shows it"
SCREEN_OF_EXCHANGE = "the screen of the exchange shows it"
NO_LIST = {
    "lmis.LpuAlias": "made by merging; the page of the LPU that stayed answers to it",
    "lmis.AccessRecord": "the journal's screen shows it, and notes who reads it",
    "lmis.Alarm": SCREEN_OF_EXCHANGE,
    "lmis.AlarmNotice": "an outbox that the sweep empties",
    "lmis.AlarmQuiet": SCREEN_OF_EXCHANGE,
    "lmis.AlarmRound": "one row that the checks keep for themselves",
    "lmis.ApiSecret": "part of the client's page, digests never shown",
    "lmis.HolidayWork": "part of the day's page in the calendar",
    "lmis.EmployeeProfile": "part of the employee's page",
    "lmis.Heartbeat": SCREEN_OF_EXCHANGE,
    "lmis.NightWork": "a row that each nightly work keeps for itself",
    "lmis.StaffRight": "has neither table nor rows",
    "lmis.RequestHour": "the screen of the requests from outside shows it",
    "lmis.RequestTotal": "for the metrics only",
    "patients.UploadAttempt": SCREEN_OF_EXCHANGE,
    "patients.UploadMinute": SCREEN_OF_EXCHANGE,
    "patients.UploadTotal": "for the metrics only",
    "patients.Backfill": SCREEN_OF_EXCHANGE,
    "patients.LikelyDuplicate": "the screen of the duplicates shows it",
    "patients.ExchangeSettings": SCREEN_OF_EXCHANGE,
    "patients.ExchangePause": SCREEN_OF_EXCHANGE,
    "patients.ExchangeMark": SCREEN_OF_EXCHANGE,
    "patients.ExchangeFigures": SCREEN_OF_EXCHANGE,
    "patients.Reconciliation": SCREEN_OF_EXCHANGE,
    "patients.ReconciliationFinding": SCREEN_OF_EXCHANGE,
    "patients.MipHolding": "staging of a run, gone with it",
    "patients.CardImport": SCREEN_OF_IMPORTS,
    "patients.CardImportChunk": "staging of an import",
    "patients.CardImportRow": SCREEN_OF_IMPORTS,
    "patients.PatientPhone": "part of the card's page",
    "directions.DirectionCounter": "written by the numbering alone",
    "appointments.AbsenceDecision": "the page of the absence shows it",
    "appointments.CallAttempt": "part of the call's page",
}
ONE_ROW = {"lmis.Epoch", "patients.MipGate"}
LISTS = dict(admin.site._registry)
LABELS = {model._meta.label: model for model in LISTS}
IMPERSONAL = {("appointments.Appointment", "number")}  # a ticket's: it says nothing without the day and the doctor
LOOKUPS = {"exact", "iexact", "startswith", "istartswith", "search"}


def narrowed(model_admin):
    """Whether there is a way to find a row."""
    return bool(model_admin.list_filter or model_admin.search_fields)


def searched(model, path):
    """(model, field) for each step of a field of `search_fields`."""
    steps = []
    for part in path.lstrip("^=@").split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            assert part in LOOKUPS, path
            break
        steps.append((model, part))
        model = field.related_model or model
    return steps


def is_about_a_patient(model):
    """A card, or anything that points to one."""
    return model is Patient or any(field.related_model is Patient for field in model._meta.concrete_fields)


class TestLists:
    def test_the_site_is_ours(self):
        assert isinstance(admin.site, Site)

    def test_each_model_has_a_list_or_a_reason(self):
        ours = {model._meta.label for app in OURS for model in apps.get_app_config(app).get_models()}
        concrete = {label for label in ours if not apps.get_model(label)._meta.proxy}
        assert concrete - set(LABELS) == set(NO_LIST)

    @pytest.mark.parametrize("label", LABELS)
    def test_each_list_can_be_narrowed(self, label):
        assert narrowed(LISTS[LABELS[label]]) == (label not in ONE_ROW)

    @pytest.mark.parametrize("label", LABELS)
    def test_a_search_says_what_it_looks_at_unless_by_the_columns_own_names(self, label):
        model_admin = LISTS[LABELS[label]]
        far = [path for path in model_admin.search_fields if "__" in path.removesuffix("__exact")]
        assert not far or model_admin.search_help_text

    @pytest.mark.parametrize("label", LABELS)
    def test_no_search_puts_what_a_patient_is_into_the_url(self, label):
        for path in LISTS[LABELS[label]].search_fields:
            for model, field in searched(LABELS[label], path):
                assert not is_about_a_patient(model) or (model._meta.label, field) in IMPERSONAL, path

    def test_such_a_search_would_be_seen(self):
        through = searched(LABELS["appointments.Appointment"], "patient__family__istartswith")
        assert [is_about_a_patient(model) for model, _ in through] == [True, True]
        assert is_about_a_patient(LABELS["directions.Direction"])
        assert not is_about_a_patient(Slot)


@pytest.fixture
def boss(client):
    """Who may see every list."""
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.django_db
class TestSearch:
    def found(self, boss, model, words):
        return set(boss.get(page(model), {"q": words}).context["cl"].result_list)

    def test_slots_by_surname_speciality_and_room(self, boss):
        first, second = (Speciality.objects.create(name=name) for name in ("кардиология", "офтальмология"))
        room = Room.objects.create(lpu=cast.an_lpu(), number="305а")
        doctor = cast.a_doctor(family="Громова", room=room, speciality=first)  # no number of the run, which may be 305
        other = cast.a_doctor(lpu=doctor.lpu, family="Ветрова", speciality=second)
        mine, theirs = cast.a_slot(doctor), cast.a_slot(other)
        for words in ("громова", doctor.speciality.name, "305", "305А Громова"):
            assert self.found(boss, "appointments.slot", words) == {mine}, words
        assert self.found(boss, "appointments.slot", other.speciality.name) == {theirs}
        assert self.found(boss, "appointments.slot", "05") == set()  # a room is asked for by its beginning

    def test_norms_by_speciality_and_position(self, boss):
        WaitNorm.objects.all().delete()
        eyes, head = Speciality.objects.create(name="офтальмология"), Position.objects.create(name="заведующий")
        by_eyes = WaitNorm.objects.create(speciality=eyes, hours=5)
        by_head = WaitNorm.objects.create(position=head, hours=6)
        by_words = WaitNorm.objects.create(position_begins="врач-терапевт", hours=7)
        assert self.found(boss, "appointments.waitnorm", "Офтальм") == {by_eyes}
        assert self.found(boss, "appointments.waitnorm", "завед") == {by_head}
        assert self.found(boss, "appointments.waitnorm", "терапевт") == {by_words}


def one_of_each():
    """A row in every list that migrations leave empty."""
    lpu = cast.an_lpu()
    Room.objects.create(lpu=lpu, number="101")
    Department.objects.create(lpu=lpu, name="хирургия")
    BusyType.objects.create(name="приём", code="1")
    doctor = cast.a_doctor(lpu)
    cast.Region()
    appointment = waiting.booked(cast.a_slot(doctor))
    waiting.a_call(appointment)
    waiting.an_entry(doctor)
    directions.a_direction(patient=appointment.patient)
    now, day = timezone.now(), dt.date(2026, 1, 1)
    ScheduleTemplate.objects.create(doctor=doctor, weekday=1, begin=dt.time(9), end=dt.time(10), valid_from=day)
    ScheduleException.objects.create(kind="absence", doctor=doctor, begin=now, end=now + dt.timedelta(days=1))
    FailedLogin.objects.create(login="x", address="10.0.0.1", minute=now)
    IdempotencyRecord.objects.create(principal="portal", key="k", fingerprint=b"f" * 32, status=201, created_at=now)
    CodeMapping.objects.create(region="77", kind="speciality", region_code="1", oid="1.2", code="2")
    loaded = Dictionary.objects.create(oid="1.2.3", version="1", checked_on=day, loaded_at=now)
    DictionaryCode.objects.create(dictionary=loaded, version="1", code="1", name="один")
    MipGate.objects.create()


def row_of(model: type[Model]):
    """One that is in the list, and all its columns."""
    shown = LISTS[model].model._default_manager
    return shown.filter(pk=shown.values_list("pk").first()[0])


@pytest.mark.django_db
class TestHistories:
    def test_are_read_and_never_written(self, boss):
        an_employee("registrar")
        one_of_each()
        for model in LISTS:
            row = row_of(model)
            before, label = row.values().get(), model._meta.label_lower
            url = page(label, "history", before[model._meta.pk.attname])
            assert boss.get(url).status_code == 200, label
            boss.post(url, {"post": "yes", "_save": "1", **dict.fromkeys(before, "")})
            assert row.values().get() == before, label
        assert not AdminEntry.objects.exists()

    def test_nobody_who_may_not_see_the_thing_sees_its_history(self, client):
        one_of_each()
        client.force_login(an_employee())
        for model in LISTS:
            url = page(model._meta.label_lower, "history", row_of(model).get().pk)
            assert client.get(url).status_code in (403, 404), model  # of a card it is not even said that there is one
