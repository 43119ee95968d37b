"""The demo's data: what design §3 promises to scripts, and that it can be loaded twice, half-way, and for two LPUs."""

import contextlib
import datetime as dt
import io
import json
import re
import stat
from collections import Counter
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from appointments.demo import access, bookings, cast, clinic, referrals
from appointments.demo.load import DemoRefusedError, load
from appointments.demo.names import ERAS, FAMILIES, patronymic, surname
from appointments.demo.people import people
from appointments.models import Appointment, CallTask, ScheduleTemplate, Slot, WaitingEntry
from appointments.services import booking, head_page, integrity
from directions.info import DirectionInfo
from directions.models import Direction
from lmis.actors import SYSTEM
from lmis.models import ApiClient, Department, Doctor, Lpu, Room, Source
from lmis.models.api_client import Scope
from lmis.services import clients, credentials
from patients.info import PatientInfo, Polis
from patients.models import CardUpload, Patient
from patients.validators import snils_check_digits, validate_snils

# On the module, also for those who only look: pytest-django sets up the databases that marked tests name.
pytestmark = pytest.mark.django_db

NOW = timezone.now()
ELSEWHERE = UUID("5a5a5a5a-0000-4000-8000-000000000002")
BOTH = [Source.INTERNET, Source.DOCTOR_OTHER_LPU]


@contextlib.contextmanager
def rolled_back(blocker):
    """A database in which what happens is undone, though services open durable transactions in it."""
    block = transaction.atomic()
    block._from_testcase = True
    with blocker.unblock(), block:
        yield
        transaction.set_rollback(True)


def guids(model):
    return set(model.objects.values_list("guid", flat=True))


@pytest.fixture(scope="module")
def elsewhere(django_db_setup, django_db_blocker):
    """What the demo of another LPU looks like: persons and guids."""
    with rolled_back(django_db_blocker):
        load(lpu_guid=ELSEWHERE, now=NOW)
        return {
            "people": persons(),
            "guids": guids(Patient) | guids(Doctor) | guids(Slot) | guids(Appointment) | guids(Direction),
            "lpus": guids(Lpu),
            "own": Lpu.objects.own().get().short_name,
        }


@pytest.fixture(scope="module")
def demo(elsewhere, django_db_blocker):
    """The usual demo, loaded once for all that only look."""
    with rolled_back(django_db_blocker):
        yield load(lpu_guid=None, now=NOW)


def persons():
    columns = ("family", "name", "patronymic", "birth_date", "snils", "polis_series", "polis_number")
    return sorted(Patient.objects.values_list(*columns))


# --- people --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "woman"),
    [("Гусев", "Гусева"), ("Никольский", "Никольская"), ("Лисицын", "Лисицына"), ("Шевченко", "Шевченко")],
)
def test_surname_follows_sex(stem, woman):
    assert (surname(stem, "M"), surname(stem, "F")) == (stem, woman)


@pytest.mark.parametrize(
    ("father", "son", "daughter"),
    [
        ("Иван", "Иванович", "Ивановна"),
        ("Василий", "Васильевич", "Васильевна"),
        ("Сергей", "Сергеевич", "Сергеевна"),
        ("Игорь", "Игоревич", "Игоревна"),
        ("Илья", "Ильич", "Ильинична"),
        ("Лев", "Львович", "Львовна"),
        ("Никита", "Никитич", "Никитична"),
        ("Дмитрий", "Дмитриевич", "Дмитриевна"),
    ],
)
def test_patronymic_follows_father_and_sex(father, son, daughter):
    assert (patronymic(father, "M"), patronymic(father, "F")) == (son, daughter)


def test_endings_agree_with_sex():
    """Every man's and every woman's name ends as it should; surnames that do not change belong to both."""
    men = {patronymic(father, "M")[-2:] for era in ERAS for father in era.male}
    women = {patronymic(father, "F")[-2:] for era in ERAS for father in era.male}
    assert (men, women) == ({"ич"}, {"на"})
    for info in people():
        assert info.patronymic.endswith("ич" if info.sex == "M" else "на")
        unchanging = info.family in FAMILIES and surname(info.family, "F") == info.family
        assert unchanging or info.family.endswith(("а", "ая")) == (info.sex == "F")


def test_papers_are_well_formed_and_nobody_elses():
    everybody = people()
    single = [info.polis.number for info in everybody if info.polis.number and not info.polis.series]
    old = [info.polis for info in everybody if info.polis.series]
    documents = [(info.identity_document.series, info.identity_document.number) for info in everybody]
    snils = [info.snils for info in everybody if info.snils]
    assert len(everybody) == 300
    assert all(len(number) == 16 and number.isdigit() for number in single)
    assert len(set(single)) == len(single) > 250
    assert len(old) >= 10
    assert sum(not info.polis.number for info in everybody) >= 10
    assert len(set(documents)) == 300
    assert len(set(snils)) == len(snils) > 250
    assert all(snils_check_digits(number) == number[9:] for number in snils)
    for number in snils:
        validate_snils(number)


def test_the_regions_example_is_of_nobody_here():
    """Its polis and document must make a new card, with names blank (issue 2)."""
    for info in people():
        assert info.polis.number != "1234567812345678"
        assert info.identity_document.number != "567812"


# --- what is there -------------------------------------------------------------------------------------


def test_house(demo):
    assert Lpu.objects.own().get().guid == demo.lpu_guid == cast.LPUS[0].guid
    assert Lpu.objects.filter(is_own=False, is_confirmed=True).count() == 3
    assert Doctor.objects.published().count() == 20
    assert len(set(Doctor.objects.values_list("speciality__name", flat=True))) == 8
    assert Department.objects.count() == 5
    assert all(room.floor for room in Room.objects.all())
    assert "СНИЛС" in Lpu.objects.own().get().ticket_note  # so that the demo's tickets say what to bring


def test_no_code_from_memory(demo):
    """One post has a checked code; specialities have none."""
    therapist = Doctor.objects.get(family="Соколова")
    assert (therapist.position.oid, therapist.position.code) == ("1.2.643.5.1.13.13.11.1002", "109")
    coded = Doctor.objects.exclude(speciality__code="", position__code="")
    assert set(coded.values_list("position__name", flat=True)) == {"врач-терапевт"}


def test_cards_wait_for_their_upload(demo):
    assert Patient.objects.filter(lpu__guid=demo.lpu_guid).count() == 300
    assert CardUpload.objects.filter(state="waiting").count() == 300


def test_schedule_varies(demo):
    minutes = set(ScheduleTemplate.objects.values_list("slot_minutes", flat=True))
    assert {14, 15, 18, 22} <= minutes
    assert {"any", "odd", "even"} == set(ScheduleTemplate.objects.values_list("parity", flat=True))
    assert Slot.objects.filter(capacity__gt=1, room_label=cast.VACCINATION_ROOM).exists()
    assert Slot.objects.filter(channels__contains=["DoctorOtherLPU"]).exclude(channels__contains=["Internet"]).exists()
    assert Slot.objects.filter(channels__contains=["Doctor"]).exclude(channels__contains=["Internet"]).exists()


def test_channels_are_written_as_the_templates_screen_writes_them(demo):
    """Else a look at an untouched template would say that all its places change."""
    for template in ScheduleTemplate.objects.all():
        for channels in (template.channels, template.release_channels):
            assert channels == [one for one in Source.values if one in channels]


def test_two_weeks_of_slots(demo):
    today = NOW.astimezone(Lpu.objects.own().get().tz).date()
    days = set(Slot.objects.values_list("day", flat=True))
    assert min(days) >= today - dt.timedelta(weeks=4)
    workdays = {day for day in (today + dt.timedelta(days=n) for n in range(1, 15)) if day.isoweekday() < 6}
    assert workdays <= days


def test_free_places_today(demo):
    now = NOW
    free = Slot.objects.free(now).filter(capacity=1, channels__contains=BOTH, begin__lt=now + dt.timedelta(days=13))
    assert free.count() >= 150


def test_free_places_whatever_day_it_is(demo):
    """From the templates alone: twelve whole days, less the New Year holidays and all that the demo books itself."""
    templates = list(ScheduleTemplate.objects.filter(capacity=1, channels__contains=BOTH))
    spent = bookings.COUNT + referrals.ISSUED + referrals.RECEIVED
    start = min(template.valid_from for template in templates)
    per_day = {
        day: 0 if (day.month, day.day) <= (1, 8) else sum(_places(t) for t in templates if t.applies_on(day))
        for day in (start + dt.timedelta(days=n) for n in range(400))
    }
    for first in list(per_day)[:-13]:
        window = [per_day[first + dt.timedelta(days=n)] for n in range(1, 13)]
        assert sum(window) - spent >= 150, first


def _places(template):
    length = dt.datetime.combine(dt.date.min, template.end) - dt.datetime.combine(dt.date.min, template.begin)
    return length // dt.timedelta(minutes=template.slot_minutes)


def test_visits(demo):
    states = Counter(Appointment.objects.values_list("state", flat=True))
    assert states["booked"] >= 100
    assert states["cancelled"] >= 5
    assert len(set(Appointment.objects.values_list("source", flat=True))) >= 5
    children = Appointment.objects.filter(slot__doctor__speciality__name=cast.PAEDIATRICS)
    assert children.exists()
    assert not children.filter(patient__birth_date__lt=dt.date(2006, 1, 1)).exists()
    women = Appointment.objects.filter(slot__doctor__speciality__name=cast.GYNAECOLOGY, direction=None)
    assert set(women.values_list("patient__sex", flat=True)) <= {"F"}


def test_the_week_before_is_there_for_the_head(demo):
    lpu = Lpu.objects.own().get()
    today = NOW.astimezone(lpu.tz).date()
    doctors = Doctor.objects.filter(lpu=lpu).order_by().values("pk")
    page = head_page.read(lpu=lpu, now=NOW, doctors=doctors, waiting=WaitingEntry.objects.of_lpu(lpu))
    assert len(page.loads) == 20
    percents = [load.percent for load in page.loads]
    assert percents[0] > 80 > 70 > percents[-1] > 40
    assert all(0 < load.missed < load.visited for load in page.loads)
    past = Appointment.objects.filter(slot__day__lt=today)
    assert not past.filter(slot__capacity__gt=1).exists()
    left = past.filter(state="booked")
    assert left.count() == 2
    assert {visit.slot.doctor.user.username for visit in left} == {"doctor"}


def test_the_doctor_with_an_account_works_today_whatever_day_it_is(demo):
    doctor = Doctor.objects.get(user__username="doctor")
    day = NOW.astimezone(doctor.lpu.tz).date()
    places = doctor.slots.in_schedule().filter(day=day)
    visits = Appointment.objects.filter(slot__in=places)
    assert places.count() >= 20
    assert 10 <= visits.count() < places.count()
    assert not visits.filter(slot__end__lte=NOW, state="booked").exists()
    assert not visits.filter(slot__begin__gt=NOW).exclude(state__in=["booked", "cancelled"]).exists()


def test_directions_both_ways(demo):
    own = Lpu.objects.own().get()
    issued = Direction.objects.issued_here()
    assert issued.filter(lpu_to=own).count() >= 3
    assert set(issued.exclude(lpu_to=own).values_list("lpu_to", flat=True)) == set(
        Lpu.objects.filter(is_own=False).values_list("pk", flat=True)
    )
    received = Direction.objects.filter(origin="received", lpu_to=own)
    assert received.count() == Appointment.objects.filter(direction__in=received).count() == referrals.RECEIVED
    assert Direction.objects.filter(origin="desk").count() == referrals.PAPER
    progress = set(issued.with_progress(NOW).values_list("progress", flat=True))
    assert progress == {"issued", "booked", "done", "cancelled", "expired"}


def test_all_promises_hold(demo):
    assert integrity.report() == []


# --- the sample ----------------------------------------------------------------------------------------


def test_sample_can_be_booked(demo):
    """The way a script does it: the patient by polis, the direction by guid, any place open to both."""
    direction = Direction.objects.issued_here().get(guid=demo.direction_guid)
    assert direction.number == demo.direction_number
    assert direction.patient.polis_number == demo.polis
    assert Patient.objects.filter(polis_number=demo.polis).count() == 1
    assert not direction.patient.appointments.exists()
    slot = Slot.objects.free(NOW).filter(channels__contains=BOTH).order_by("-begin").first()
    made = booking.book_by_direction(
        booking=booking.DirectionBooking(
            slot_guid=slot.guid,
            patient=PatientInfo(polis=Polis(number=demo.polis)),
            sender=referrals.SenderInfo(),
            direction=DirectionInfo(
                guid=demo.direction_guid, lpu_from_guid=direction.lpu_from.guid, lpu_to_guid=direction.lpu_to.guid
            ),
        ),
        source=Source.INTERNET,
        by=SYSTEM,
        now=NOW,
    )
    assert made.direction_id == direction.pk
    assert made.patient_id == direction.patient_id


# --- access --------------------------------------------------------------------------------------------


def _opens(told):
    return credentials.check(login=told.login, secret=told.secret.encode(), now=NOW)


def test_client(demo):
    client = _opens(demo.access)
    assert (client.source, set(client.scopes)) == (Source.INTERNET, set(Scope.values))


def test_employees(demo, django_user_model):
    admin = django_user_model.objects.get(username=demo.access.admin_user)
    assert admin.is_superuser
    assert admin.check_password(demo.access.admin_password)
    for name in ("registrar", "doctor", "head", "operator", "administrator"):
        user = django_user_model.objects.get(username=name)
        assert user.is_staff
        assert not user.is_superuser
        assert [group.name for group in user.groups.all()] == [name]
        assert re.fullmatch(r"71\d{9}", user.profile.phone)
    assert Doctor.objects.get(user__username="doctor")


def test_told_secret_works_after_any_change(demo, settings):
    """Two other secrets, a revoked one, another key of the installation: what is told at the next start opens."""
    client = ApiClient.objects.get(login=demo.access.login)
    clients.rotate(client=client, by=SYSTEM)
    clients.revoke_secret(secret=client.secrets.get(place=1), by=SYSTEM)
    assert _opens(demo.access) is None
    clients.rotate(client=client, by=SYSTEM)
    assert _opens(access.ensure(NOW))
    settings.SECRET_KEY = "another-key-of-the-installation"
    told = access.ensure(NOW)
    assert told.secret != demo.access.secret
    assert _opens(told)


def test_told_password_works_after_a_change(demo, django_user_model):
    admin = django_user_model.objects.get(username=demo.access.admin_user)
    admin.set_password("something-else-entirely")
    admin.save()
    told = access.ensure(NOW)
    admin.refresh_from_db()
    assert admin.check_password(told.admin_password)


# --- again, half-way, elsewhere ------------------------------------------------------------------------

COUNTED = (Lpu, Doctor, Patient, ScheduleTemplate, Slot, Appointment, Direction, ApiClient)


def test_second_load_changes_nothing(demo):
    before = [list(model.objects.order_by("pk").values()) for model in COUNTED]
    assert load(lpu_guid=demo.lpu_guid, now=NOW) == demo
    assert [list(model.objects.order_by("pk").values()) for model in COUNTED] == before


def test_later_load_fills_the_horizon(demo):
    """Three days later, whatever weekday that is: the schedule goes on, visits and directions stay as they are."""
    last = Slot.objects.latest("day").day
    visits, papers = guids(Appointment), guids(Direction)
    assert load(lpu_guid=None, now=NOW + dt.timedelta(days=3)) == demo
    assert Slot.objects.latest("day").day > last
    assert guids(Appointment) == visits
    assert guids(Direction) == papers


def test_killed_half_way_is_finished_next_time(demo, monkeypatch):
    """Nothing stays of the step that was under way; the next load makes it whole, with the same guids."""
    visits, papers = guids(Appointment), guids(Direction)
    for model in (CallTask, WaitingEntry, Appointment, Direction):
        model.objects.all().delete()

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(referrals.Referrals, "_sample", killed)
        with pytest.raises(KeyboardInterrupt):
            load(lpu_guid=None, now=NOW)
    assert not Appointment.objects.exists()
    again = load(lpu_guid=None, now=NOW)
    assert again.direction_guid == demo.direction_guid
    assert guids(Appointment) == visits
    assert guids(Direction) == papers


def test_demo_of_another_lpu_is_refused(demo):
    with pytest.raises(DemoRefusedError, match=str(demo.lpu_guid)):
        load(lpu_guid=ELSEWHERE, now=NOW)


def test_same_people_other_guids_elsewhere(demo, elsewhere):
    assert elsewhere["people"] == persons()
    here = guids(Patient) | guids(Doctor) | guids(Slot) | guids(Appointment) | guids(Direction)
    assert not elsewhere["guids"] & here


def test_two_demos_know_each_other(demo, elsewhere):
    """One started with any guid knows the usual one; the usual one knows three that others may be started with."""
    assert elsewhere["own"] == "Областная больница"
    assert demo.lpu_guid in elsewhere["lpus"]
    assert {lpu.guid for lpu in cast.LPUS} == guids(Lpu)


# --- the command ---------------------------------------------------------------------------------------


def test_command_tells_what_opens_the_demo(demo, tmp_path):
    out = tmp_path / "demo-data.json"
    call_command("load_demo", "--lpu-guid", str(demo.lpu_guid), "--out", str(out), stdout=io.StringIO())
    told = json.loads(out.read_text())
    assert told == demo.as_json()
    assert set(told) == {"login", "secret", "admin_user", "admin_password", "lpu_guid", "sample"}
    assert set(told["sample"]) == {"polis", "direction_guid", "direction_number"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_command_refuses_a_database_in_use(demo, tmp_path):
    Doctor.objects.filter(family="Соколова").update(guid=ELSEWHERE)
    with pytest.raises(CommandError):
        call_command("load_demo", "--out", str(tmp_path / "out.json"), stdout=io.StringIO())
    assert not (tmp_path / "out.json").exists()
    assert Lpu.objects.count() == 4
    assert clinic.people.people() is people()
