"""Who may do what: every act by a real POST, as each group.

Who may, changes something. Who may not, gets 403, and nothing in any table has changed.
"""

import datetime as dt
import uuid

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment, ScheduleException
from appointments.services import patterns
from lmis.models import Source, Speciality
from patients.models import LikelyDuplicate
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued
from tests.factories.patients import a_card
from tests.factories.staff import an_employee, page
from tests.factories.waiting import a_call, an_entry

pytestmark = pytest.mark.django_db
WHO = {"r": "registrar", "d": "doctor", "h": "head", "o": "operator", "a": "administrator"}
OPEN = [Source.REGISTRY, Source.CALL_CENTER, Source.DOCTOR, Source.INTERNET]


class World:
    """A clinic in which everything can be done: the doctor of the group has the place, the patient and the visit."""

    def __init__(self, client, letter):
        self.client, self.user = client, an_employee(WHO[letter])
        self.lpu, self.outside = cast.an_lpu(), cast.an_lpu(own=False)
        self.doctor = cast.a_doctor(self.lpu, user=self.user)
        self.patient = a_card(self.lpu)
        self.free = cast.a_slot(self.doctor, hours=5, channels=OPEN)
        self.full = cast.a_slot(self.doctor, hours=6, channels=OPEN)
        self.book(self.full, cast.a_patient(self.lpu))
        self.visit = self.book(cast.a_slot(self.doctor, hours=7, channels=OPEN), self.patient, user=self.user)
        client.force_login(self.user)

    def book(self, slot, patient, **fields):
        """An appointment, just made."""
        number = f"{cast.next_number():04d}"
        return Appointment.objects.create(slot=slot, patient=patient, number=number, seat=1, **fields)

    def past(self):
        """A visit that should have happened."""
        return self.book(cast.a_slot(self.doctor, hours=-2, channels=OPEN), self.patient)

    def post(self, screen, args=(), /, **sent):
        """To a screen."""
        return self.client.post(reverse(f"screens:{screen}", args=args), sent, headers={"HX-Request": "true"})

    def list_post(self, model, verb, *args, **sent):
        """To a list of the site."""
        return self.client.post(page(model, verb, *args), sent)

    def at_desk(self, verb, **sent):
        """With the patient chosen."""
        return self.post(f"desk_{verb}", patient=self.patient.guid, token=uuid.uuid4(), **sent)


def tomorrow():
    return timezone.localdate() + dt.timedelta(days=1)


def move_at_desk(w):
    return w.at_desk("book", slot=w.free.guid, moving=w.visit.guid)


def grid_move(w):
    return w.post("grid_move", [w.visit.guid], to=w.free.guid)


def grid_act(name):
    """An act of the grid on the visit, or on one that is over."""

    def act(w):
        visit = w.past() if name in ("visited", "missed") else w.visit
        return lambda: w.post("grid_act", [visit.guid, name], reason="проба")

    return act


def day_act(w):
    visit = w.past()
    return lambda: w.post("day_act", [visit.guid, "visited"])


def taken_back(w):
    visit = w.past()
    Appointment.objects.filter(pk=visit.pk).update(state="visited")
    return lambda: w.post("grid_act", [visit.guid, "undo"])


def overbook_at_desk(w):
    return w.at_desk("book", slot=w.full.guid, over_reason="острая боль")


def overbook_on_grid(w):
    return w.post("grid_book", [w.full.guid], card=w.patient.guid, reason="острая боль")


def paper(w):
    typed = {"paper_lpu": "Больница", "paper_number": "7", "paper_diagnosis": "I10", "paper_day": timezone.localdate()}
    return w.at_desk("book", slot=w.free.guid, direction="paper", **typed)


def issue(w):
    speciality = Speciality.objects.create(name="хирургия")
    form = {"patient": w.patient.guid, "doctor": w.doctor.pk, "lpu_to": w.outside.pk, "speciality": speciality.pk}
    diagnosis = {"diagnosis_code": "I10", "diagnosis_name": "гипертензия", "reason": "консультация"}
    return lambda: w.post("issue_direction", **form, **diagnosis, valid_until=tomorrow() + dt.timedelta(days=30))


def cancel_direction(w):
    issued = an_issued(patient=w.patient, doctor=w.doctor)
    return lambda: w.post("cancel_direction", [issued.guid], reason="ошибка")


def cancel_incoming(w):
    received = a_direction(patient=w.patient)
    return lambda: w.post("cancel_direction", [received.guid], reason="ошибка")


def outcome(w):
    issued = an_issued(patient=w.patient, doctor=w.doctor)
    return lambda: w.post("direction_outcome", [issued.guid], outcome="done")


def new_card(w):
    return w.post("desk_card_save", family="Новикова", name="Ольга", birth_date="01.02.1990", polis_number="7" * 16)


def inline(prefix):
    return {f"{prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}


def card_in_the_list(w):
    form = {"lpu": w.lpu.pk, "family": "Новикова", "birth_date": "1990-02-01", "polis_number": "7" * 16}
    return w.list_post("patients.patient", "add", **form, **inline("phones"))


def card_changed(w):
    form = {"family": w.patient.family, "name": "Другая", "birth_date": "1990-02-01", "seen_version": w.patient.version}
    form |= {"card_number": w.patient.card_number, "polis_number": w.patient.polis_number}
    return w.list_post("patients.patient", "change", w.patient.pk, **form, **inline("phones"), **inline("upload"))


def template(w):
    row = {"weekdays": ["1"], "parity": "any", "valid_from": "2020-01-01", "begin": "09:00", "end": "10:00"}
    row |= {"slot_minutes": "15", "capacity": "1", "repeat_after": "1", "to_Registry": "open"}
    read = patterns.version(patterns.current(doctor=w.doctor, today=timezone.localdate()))
    rows = {f"rows-0-{name}": value for name, value in row.items()}
    return w.post("pattern_save", [w.doctor.guid], version=read, **rows)


def absence(w):
    return w.post(
        "absence_new",
        close="1",
        **{"absence-doctor": w.doctor.pk, "absence-first": tomorrow(), "absence-reason": "болезнь"},
    )


def extra_hours(w):
    times = {"extra-first": tomorrow(), "extra-first_time": "20:00", "extra-last_time": "21:00"}
    what = {
        "extra-slot_minutes": "15",
        "extra-capacity": "1",
        "extra-channels": ["Registry"],
        "extra-reason": "очередь",
    }
    return w.post("absence_extra", make="1", **{"extra-doctor": w.doctor.pk}, **times, **what)


def an_absence(w):
    begin = timezone.now() + dt.timedelta(hours=4)
    times = {"begin": begin, "end": begin + dt.timedelta(hours=8)}
    return ScheduleException.objects.create(kind="absence", doctor=w.doctor, reason="болезнь", channels=[], **times)


def decide(w):
    one = an_absence(w)
    return lambda: w.post("absence_decide", [one.pk], **{f"choice-{w.visit.guid}": "cancel"})


def absence_back(w):
    one = an_absence(w)
    return lambda: w.post("absence_back", [one.pk])


def closing(w):
    times = {"begin_0": tomorrow(), "begin_1": "00:00", "end_0": tomorrow(), "end_1": "23:00"}
    return w.list_post("appointments.scheduleexception", "add", lpu=w.lpu.pk, reason="авария", **times)


def wait(w):
    return w.at_desk("waiting", speciality=w.doctor.speciality_id, phone="79001112233")


def waiting_booked(w):
    entry = an_entry(w.doctor, patient=cast.a_patient(w.lpu))
    return lambda: w.post("waiting_book", entry=entry.guid, slot=w.free.guid)


def served_on_grid(w):
    entry = an_entry(w.doctor, patient=cast.a_patient(w.lpu))
    return lambda: w.post("grid_serve", [w.free.guid], entry=entry.guid)


def waiting_closed(w):
    entry = an_entry(w.doctor, patient=cast.a_patient(w.lpu))
    return lambda: w.post("waiting_close", entry=entry.guid, reason="передумал")


def called(w):
    task = a_call(w.visit)
    return lambda: w.post("call_record", call=task.guid, outcome="reached")


def pair(w):
    one, other = (cast.a_patient(w.lpu, family="Двойная") for _ in range(2))
    return LikelyDuplicate.objects.create(one=one, other=other, why=[])


def merge(w):
    two = pair(w)
    return lambda: w.post("merge_pair", into=two.one_id, duplicate=two.other_id)


def different(w):
    two = pair(w)
    return lambda: w.post("merge_different", [two.pk])


def imported(w):
    file = SimpleUploadedFile("cards.csv", "Фамилия;Дата рождения\r\nНовикова;01.02.1990\r\n".encode())
    return w.post("imports", file=file, lpu=w.lpu.pk)


def exported(w):
    """What is noted is noted while the file is written."""
    response = w.post("export", kind="csv")
    return _read(response)


def journal_exported(w):
    """Likewise."""
    return _read(w.post("journal_export", first=timezone.localdate(), last=timezone.localdate()))


def _read(response):
    if response.status_code == 200:
        b"".join(response.streaming_content)
    return response


def api_client(w):
    form = {"login": "portal", "name": "портал", "source": "Internet", "scopes": ["schedule"], "networks": ""}
    return w.list_post("lmis.apiclient", "add", **form, expires_at_0="", expires_at_1="")


def api_secret(w):
    client = cast.Region().client
    return lambda: w.list_post("lmis.apiclient", "rotate", client.pk, confirmed="1")


def merge_lpus(w):
    other = cast.an_lpu(own=False)
    return lambda: w.list_post("lmis.lpu", "merge", w.outside.pk, confirmed="1", into=other.pk)


def colleague(w):
    form = {"last_name": "Новикова", "first_name": "Ольга", "username": "", "phone": "", "email": ""}
    return w.list_post("auth.user", "add", **form, groups=[Group.objects.get(name="registrar").pk])


# An act: who may. A function of the world does it, or prepares it and gives what does it.
TABLE = {
    "book at the desk": ("ra", lambda w: w.at_desk("book", slot=w.free.guid)),
    "book on the grid": ("rdha", lambda w: w.post("grid_book", [w.free.guid], card=w.patient.guid)),
    "move at the desk": ("ra", move_at_desk),
    "move on the grid": ("rdha", grid_move),
    "cancel at the desk": ("ra", lambda w: w.at_desk("cancel", appointment=w.visit.guid, reason="проба")),
    "cancel on the grid": ("rdha", grid_act("cancel")),
    "undo a mistake at the desk": ("ra", lambda w: w.at_desk("mistake", appointment=w.visit.guid)),
    "undo a mistake on the grid": ("rdha", grid_act("mistake")),
    "mark as seen": ("rdha", grid_act("visited")),
    "mark as missed": ("rdha", grid_act("missed")),
    "take a mark back": ("rdha", taken_back),
    "mark on the doctor's day": ("d", day_act),
    "overbook at the desk": ("a", overbook_at_desk),
    "overbook on the grid": ("ha", overbook_on_grid),
    "block a place": ("ha", lambda w: w.post("grid_block", [w.free.guid], reason="ремонт")),
    "issue a direction": ("da", issue),
    "enter a paper direction": ("ra", paper),
    "cancel a direction of ours": ("rda", cancel_direction),
    "cancel an incoming direction": ("ra", cancel_incoming),
    "record what came of a direction": ("rda", outcome),
    "new card at the desk": ("ra", new_card),
    "new card in the list": ("ra", card_in_the_list),
    "change a card": ("ra", card_changed),
    "edit a template": ("ha", template),
    "enter an absence": ("ha", absence),
    "enter extra hours": ("ha", extra_hours),
    "decide about a patient of an absence": ("ha", decide),
    "take an absence back": ("ha", absence_back),
    "close an LPU": ("ha", closing),
    "put on the waiting list": ("ra", wait),
    "book from the waiting list": ("rha", waiting_booked),
    "book from the waiting list on the grid": ("rha", served_on_grid),
    "take off the waiting list": ("rha", waiting_closed),
    "outcome of a call": ("rha", called),
    "merge cards": ("a", merge),
    "say that two cards are two persons": ("a", different),
    "import cards": ("a", imported),
    "export cards": ("a", exported),
    "export the journal": ("ha", journal_exported),
    "pause the exchange": ("oa", lambda w: w.post("exchange_act", ["pause"], reason="проба", minutes=5)),
    "set the pace of the exchange": ("oa", lambda w: w.post("exchange_act", ["pace"], rate=7, parallel=2)),
    "merge LPUs": ("a", merge_lpus),
    "make an API client": ("a", api_client),
    "make a secret": ("a", api_secret),
    "enter an employee": ("a", colleague),
}
ASIDE = {"sessions.session", "lmis.epoch"}


def everything():
    """All rows of all tables, to compare."""
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in ASIDE
    }


@pytest.mark.parametrize("letter", WHO)
@pytest.mark.parametrize("name", TABLE)
def test_who_may_does_it_and_who_may_not_changes_nothing(client, name, letter):
    allowed, act = TABLE[name]
    world = World(client, letter)
    before = everything()
    done = act(world)
    if callable(done):  # it has only prepared something
        before = everything()
        done = done()
    after = everything()
    changed = {label for label in after if before[label] != after[label]}
    if letter in allowed:
        assert done.status_code < 400, done.content.decode()[:2000]
        assert changed - {"lmis.AccessRecord"} or name.startswith("export"), done.content.decode()[:2000]
        assert changed
    else:
        assert (done.status_code, changed) == (403, set())


class TestButtons:
    """Somebody from whom one right was taken sees the screen without the button, and is refused all the same."""

    def page_of(self, name, w):
        """The part of a screen on which the act is offered."""
        get, post = w.client.get, w.post
        place = reverse("screens:grid_place", args=[w.visit.slot.guid])
        return {
            "desk": lambda: w.at_desk("patient"),
            "places": lambda: w.at_desk("places", doctor=w.doctor.guid),
            "found": lambda: post("desk_find", text="щщщ"),
            "grid": lambda: get(place),
            "free": lambda: get(reverse("screens:grid_place", args=[w.free.guid])),
            "waiting": lambda: get(reverse("screens:waiting")),
            "day": lambda: get(reverse("screens:day")),
            "card": lambda: get(page("patients.patient", "change", w.patient.pk)),
            "cards": lambda: get(page("patients.patient")),
        }[name]().content.decode()

    # group, right, on which page, what is not on it without the right
    OFFERED = (
        ("r", "lmis.move_appointments", "desk", 'data-act="KeyM"'),
        ("r", "lmis.cancel_appointments", "desk", "desk_cancel"),
        ("r", "patients.add_patient", "found", "desk_card"),
        ("r", "lmis.book_appointments", "places", "desk_book"),
        ("h", "lmis.move_appointments", "grid", "grid/visit/{visit}/move/"),
        ("h", "lmis.cancel_appointments", "grid", "grid/visit/{visit}/cancel/"),
        ("h", "lmis.undo_mistake", "grid", "grid/visit/{visit}/mistake/"),
        ("h", "lmis.book_appointments", "free", "grid/place/{free}/cards/"),
        ("h", "appointments.change_slot", "free", "grid/place/{free}/block/"),
        ("r", "lmis.book_appointments", "waiting", "waiting/places/"),
        ("d", "lmis.issue_directions", "day", "directions/issue/"),
        ("d", "lmis.book_appointments", "day", "/repeat/"),
        ("a", "lmis.view_journal", "card", "/journal/"),
        ("a", "lmis.import_cards", "cards", "/admin/imports/"),
        ("a", "lmis.export_cards", "cards", "/admin/export/"),
        ("a", "lmis.merge_cards", "cards", "/admin/merge/"),
    )

    @pytest.mark.parametrize(("letter", "right", "where", "mark"), OFFERED)
    def test_without_the_right_there_is_no_button(self, client, letter, right, where, mark):
        w = World(client, letter)
        an_entry(w.doctor, patient=cast.a_patient(w.lpu))
        if letter == "d":
            w.book(cast.a_slot(w.doctor, begin=timezone.now(), end=timezone.now() + dt.timedelta(minutes=9)), w.patient)
        mark = mark.format(visit=w.visit.guid, free=w.free.guid)
        mark = mark if "/" in mark or "-" in mark else f'"{reverse(f"screens:{mark}")}"'
        assert mark in self.page_of(where, w)
        app, codename = right.split(".")
        chosen = Permission.objects.get(content_type__app_label=app, codename=codename)
        w.user.groups.get().permissions.remove(chosen)
        assert mark not in self.page_of(where, w)


class TestNewCard:
    """One right for it, on the list and at the desk; at the desk one must work there besides."""

    @pytest.mark.parametrize("part", ["desk_card", "desk_card_check", "desk_card_save"])
    @pytest.mark.parametrize("right", ["lmis.use_desk", "patients.add_patient"])
    def test_each_of_the_two_is_needed(self, client, part, right):
        w = World(client, "r")
        form = {
            "family": w.patient.family,
            "name": w.patient.name,
            "birth_date": "29.02.1980",
            "polis_number": "7" * 16,
        }
        app, codename = right.split(".")
        chosen = Permission.objects.get(content_type__app_label=app, codename=codename)
        w.user.groups.get().permissions.remove(chosen)
        before = everything()
        answer = w.post(part, **form)
        assert answer.status_code == 403
        assert w.patient.family not in answer.content.decode()
        assert everything() == before
