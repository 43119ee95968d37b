"""The journal's screen: who changed what, who saw which card."""

import csv
import datetime as dt
import io
import re

import pytest
from auditlog.context import set_actor
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import capfirst

from appointments.models import Appointment
from appointments.services import journal_search
from directions.models import Direction
from lmis.actors import Actor
from lmis.models import AccessRecord, Room
from lmis.services import access
from lmis.services.journal_reading import Kind, Place, Question, read
from lmis.services.journal_words import ACTIONS, Words
from lmis.templatetags.journal import screen_title
from patients.models import Patient
from patients.services import cards
from patients.services.phones import Phone
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.staff import an_employee, page
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
URL = "/admin/journal/"


@pytest.fixture
def lpu():
    """Ours."""
    return cast.an_lpu()


@pytest.fixture
def anna():
    """A registrar whose doings are looked at."""
    return an_employee("registrar", last_name="Кузнецова", first_name="Анна")


@pytest.fixture
def card(lpu, anna):
    """Made by Anna."""
    with set_actor(anna):
        return cast.a_patient(lpu, family="Водолазкин", name="Лев", birth_date=dt.date(1980, 3, 8))


@pytest.fixture
def boss(client):
    """An administrator in front of the journal."""
    client.force_login(an_employee("administrator"))
    return client


def asked(**fields):
    """What the form sends for today."""
    today = timezone.localdate().isoformat()
    return {"first": today, "last": today, "user": "", "kind": "", **fields}


def lines_of(response):
    """(action, kind, about) of the lines that are shown."""
    assert response.status_code == 200, response.context["form"].errors
    return [(line.action, line.kind, line.about) for line in response.context["lines"]]


def book(card, anna, **fields):
    """An appointment made by Anna."""
    with set_actor(anna):
        slot = cast.a_slot(cast.a_doctor(card.lpu, family="Иванова"))
        return Appointment.objects.create(slot=slot, patient=card, number="07", **fields)


def opened(user, card, what="opened"):
    """That employee saw the card."""
    access.note(by=Actor.of_user(user), what=what, cards=[card.guid], screen="desk")


class TestScreen:
    def test_it_begins_with_the_last_week_of_everybody(self, boss, anna, card):
        opened(anna, card)
        shown = lines_of(boss.get(URL))
        assert ("открыто", "карта", str(card)) in shown or len(shown) >= 2
        assert [about for _action, _kind, about in shown].count(str(card)) == 2

    def test_who_and_when_and_where(self, boss, anna, card):
        opened(anna, card)
        line = boss.get(URL).context["lines"][0]
        assert (line.who, line.login, line.screen) == ("Кузнецова Анна", anna.username, "desk")
        assert timezone.now() - line.when < dt.timedelta(minutes=1)

    def test_by_employee(self, boss, anna, card):
        opened(an_employee("doctor"), card)
        opened(anna, card)
        Room.objects.create(lpu=card.lpu, number="1")
        response = boss.post(URL, asked(user=anna.pk))
        assert {line.login for line in response.context["lines"]} == {anna.username}
        assert len(response.context["lines"]) == 2  # made the card, opened it

    def test_by_kind(self, boss, anna, card):
        opened(anna, card)
        opened(anna, card, what="printed")
        book(card, anna)
        everything = len(lines_of(boss.post(URL, asked())))
        seen = len(lines_of(boss.post(URL, asked(kind="seen"))))
        changed = len(lines_of(boss.post(URL, asked(kind="changes"))))
        assert (seen, seen + changed) == (2, everything)
        assert len(lines_of(boss.post(URL, asked(kind="seen:printed")))) == 1
        assert len(lines_of(boss.post(URL, asked(kind="changes:appointments.appointment")))) == 1

    def test_by_period(self, boss, anna, card):
        LogEntry.objects.update(timestamp=timezone.now() - dt.timedelta(days=3))
        assert not lines_of(boss.post(URL, asked()))
        first = (timezone.localdate() - dt.timedelta(days=4)).isoformat()
        assert lines_of(boss.post(URL, asked(first=first)))

    def test_what_is_wrong_with_the_question_is_told(self, boss):
        today, tomorrow = timezone.localdate(), timezone.localdate() + dt.timedelta(days=1)
        for bad in (
            {"first": tomorrow, "last": today},
            {"first": "soon"},
            {"kind": "changes:lmis.nothing"},
            {"user": "0"},
            {"card": "x"},
            {"after": "x"},
        ):
            response = boss.post(URL, asked(**bad))
            assert response.status_code == 422, bad
            assert response.context["form"].errors


class TestOfOnePatient:
    def test_the_card_its_appointments_directions_and_whoever_saw_it(self, boss, anna, card, lpu):
        other = cast.a_patient(lpu)
        book(card, anna)
        book(other, anna)
        a_direction(patient=card)
        opened(anna, card)
        opened(anna, other)
        response = boss.post(URL, asked(card=card.guid))
        kinds = {kind for _action, kind, _about in lines_of(response)}
        names = {str(model._meta.verbose_name) for model in (Patient, Appointment, Direction)}
        assert names <= kinds
        assert other.family not in response.content.decode()
        assert response.context["patient"] == card

    def test_what_was_merged_into_the_card_belongs_to_it(self, boss, anna, card, lpu):
        twin = cast.a_patient(lpu)
        opened(anna, twin)
        Patient.objects.filter(pk=twin.pk).update(state="merged", merged_into=card)
        for guid in (card.guid, twin.guid):
            response = boss.post(URL, asked(card=guid, kind="seen", user=anna.pk))
            assert len(lines_of(response)) == 1
            assert response.context["patient"] == card

    def test_reading_about_a_patient_is_itself_written_down(self, boss, card):
        boss.post(URL, asked(card=card.guid))
        record = AccessRecord.objects.get()
        assert (record.card, record.what, record.screen) == (card.guid, "opened", "journal")

    def test_namesakes_are_told_apart(self, boss, lpu):
        cards = cast.namesakes(lpu)
        found = boss.post(reverse("screens:journal_patients"), {"text": cards[0].family}).content.decode()
        for card in cards:
            assert card.told_apart in found
            assert card.told_apart in boss.post(URL, asked(card=card.guid)).content.decode()

    def test_the_patient_is_found_by_post_and_that_is_written_down(self, boss, card):
        response = boss.post(reverse("screens:journal_patients"), {"text": "водолаз"})
        assert response.context["patients"] == [card]
        assert AccessRecord.objects.get().what == "found"
        assert boss.get(reverse("screens:journal_patients"), {"text": "водолаз"}).status_code == 405

    def test_nobody_found_is_said(self, boss):
        response = boss.post(reverse("screens:journal_patients"), {"text": "щщщ"})
        assert response.status_code == 200
        assert not response.context["patients"]

    def test_a_link_from_the_card_asks_for_a_year(self, boss, anna, card):
        opened(anna, card)
        LogEntry.objects.update(timestamp=timezone.now() - dt.timedelta(days=300))
        response = boss.post(URL, {"card": str(card.guid)})
        assert len(lines_of(response)) >= 2

    def test_the_page_of_a_card_leads_to_who_saw_it(self, boss, anna, card, lpu):
        opened(anna, card)
        opened(anna, cast.a_patient(lpu))
        text = boss.get(page("patients.patient", "change", card.pk)).content.decode()
        link = page("patients.patient", "journal", card.pk)
        assert f'href="{link}"' in text
        there = boss.get(link)["Location"]
        assert there == f"{URL}?card={card.guid}"
        response = boss.get(there)
        assert response.context["patient"] == card
        shown = {(line.who, line.about) for line in response.context["lines"]}
        assert ("Кузнецова Анна", str(card)) in shown
        assert {about for _who, about in shown} == {str(card)}
        assert response.context["form"]["kind"].value() == "seen"
        assert "no-store" in response["Cache-Control"]

    def test_whoever_may_not_read_the_journal_is_not_led_there(self, client, card):
        client.force_login(an_employee("registrar"))
        link = page("patients.patient", "journal", card.pk)
        assert link not in client.get(page("patients.patient", "change", card.pk)).content.decode()
        assert client.get(link).status_code == 403
        assert client.get(f"{URL}?card={card.guid}").status_code == 403

    def test_who_reads_the_journal_but_sees_no_cards_asks_for_none(self, client, card):
        user = an_employee("operator")
        user.user_permissions.add(Permission.objects.get(codename="view_journal"))
        client.force_login(user)
        assert client.get(URL).status_code == 200
        assert client.get(f"{URL}?card={card.guid}").status_code == 403

    @pytest.mark.parametrize("guid", ["x", "Водолазкин"])
    def test_no_card_at_all(self, boss, guid):
        assert boss.get(URL, {"card": guid}).status_code == 422


class TestScreens:
    @pytest.mark.parametrize(
        ("name", "title"),
        [("desk", "Booking desk"), ("patient", ""), ("ticket", "Ticket"), ("gone", "Gone")],
    )
    def test_a_screen_is_told_by_what_people_call_it(self, name, title):
        with translation.override("en"):
            assert screen_title(name) == (capfirst(Patient._meta.verbose_name_plural) if name == "patient" else title)

    def test_whatever_notes_a_card_has_a_name_for_people(self):
        """In Russian, where nobody would know the name of a model or of an address."""
        noted = ("appointment", "calltask", "direction", "incomingdirection", "patient", "waitingentry")
        noted += ("day", "day_sheet", "desk", "grid", "issue_direction", "journal", "merge_pair", "print_direction")
        noted += ("absence", "calls", "directions", "export", "merge", "patients", "ticket", "waiting")
        with translation.override("ru"):
            raw = [name for name in noted if re.search("[a-z]", screen_title(name))]
        assert not raw


class TestWords:
    def test_russian_words_fit_whoever_did_it(self):
        """Neither what was done nor whose name a field holds is told by a verb in the masculine."""
        fields = {known for model in journal_search.journalled().values() for known in model._meta.concrete_fields}
        with translation.override("en"):
            whose = [known for known in fields if str(known.verbose_name).endswith(" by")]
        with translation.override("ru"):
            told = [*map(str, ACTIONS.values()), *map(str, AccessRecord.What.labels)]
            told += [str(known.verbose_name) for known in whose]
        assert len(told) > 12
        assert not [words for words in told if re.match(r"\w+[аеёиуы]л(ся)?\b", words)]

    def test_a_change_is_told_with_labels_dates_and_names(self, boss, anna, card):
        appointment = book(card, anna)
        with set_actor(anna):
            appointment.state, appointment.cancelled_at = "cancelled", timezone.now()
            appointment.cancel_reason = "заболел"
            appointment.save()
        with translation.override("ru"):
            line = boss.post(URL, asked(kind="changes:appointments.appointment")).context["lines"][0]
            changes = {name: (before, after) for name, before, after in line.changes}
            label = dict(Appointment.State.choices)
            assert changes["Состояние"] == (str(label["booked"]), str(label["cancelled"]))
            assert ("", "заболел") in changes.values()
            assert line.about.startswith("№ 07, ")
            assert "Водолазкин" in line.about
        assert "booked" not in str(line.changes)
        assert "None" not in str(line.changes)

    def test_further_phones_are_told_to_whoever_sees_cards_and_hidden_from_the_others(self, client, card, anna):
        cards.change(
            card=card, values={}, further_phones=[Phone("79001112233", "mobile", "сын")], by=Actor.of_user(anna)
        )
        entry = LogEntry.objects.latest("pk")
        (seen,) = Words([entry], shows_people=True).lines()
        (hidden,) = Words([entry], shows_people=False).lines()
        assert [(before, after) for _name, before, after in seen.changes] == [("", "79001112233 сын")]
        assert "79001112233" not in str(hidden)
        assert len(hidden.changes) == 1

    def test_a_reference_is_told_by_its_name(self, boss, anna, card):
        line = boss.post(URL, asked(kind="changes:patients.patient")).context["lines"][0]
        assert str(card.lpu) in {after for _field, _before, after in line.changes}

    def test_a_thing_that_is_gone_keeps_the_name_it_had(self, boss, lpu):
        Room.objects.create(lpu=lpu, number="404-б").delete()
        abouts = [about for _action, _kind, about in lines_of(boss.post(URL, asked(kind="changes:lmis.room")))]
        assert abouts == ["404-б", "404-б"]

    def test_no_json_and_no_code(self, boss, anna, card):
        from tests.factories.schedule import a_template

        a_template(cast.a_doctor(card.lpu))
        html = boss.post(URL, asked()).content.decode()
        for raw in ("DoctorOtherLPU", "INTERNET", "[&#x27;", "{&quot;", "&#x27;]"):
            assert raw not in html


class TestWhoMaySeeCards:
    """One with the right to the journal and none to cards reads that something was done, and not to whom."""

    @pytest.fixture
    def auditor(self, client):
        user = an_employee()
        user.user_permissions.add(Permission.objects.get(codename="view_journal"))
        client.force_login(user)
        return client

    def test_names_and_values_are_hidden(self, auditor, anna, card):
        card.family = "Соловьёв"
        card.phone = "79001112233"
        card.save()
        book(card, anna, over_reason="острая боль", over_plan=True)
        a_direction(patient=card)
        opened(anna, card)
        html = auditor.post(URL, asked()).content.decode()
        for secret in (
            "Водолазкин",
            "Соловьёв",
            "79001112233",
            "1980",
            "острая боль",
            "гипертензия",
            card.polis_number,
        ):
            assert secret not in html
        assert "Кузнецова" in html
        assert "№ 07" in html

    def test_what_is_gone_is_not_named(self, auditor, card):
        card.delete()
        assert "Водолазкин" not in auditor.post(URL, asked()).content.decode()

    def test_asking_about_a_patient_is_refused(self, auditor, card):
        assert auditor.post(URL, asked(card=card.guid)).status_code == 403
        assert auditor.post(reverse("screens:journal_patients"), {"text": "водолаз"}).status_code == 403
        assert b'id="journal-text"' not in auditor.get(URL).content
        assert not AccessRecord.objects.exists()

    def test_nor_in_the_file(self, auditor, anna, card):
        opened(anna, card)
        told = b"".join(auditor.post(reverse("screens:journal_export"), asked()).streaming_content).decode()
        assert "Кузнецова" in told
        assert "Водолазкин" not in told
        assert not AccessRecord.objects.filter(what="exported").exists()


class TestPaging:
    def test_no_entry_is_left_out_or_shown_twice_also_at_one_instant(self, anna, card, lpu):
        for number in range(7):
            Room.objects.create(lpu=lpu, number=str(number))
        for _ in range(4):
            opened(anna, card, what="printed")
        now = timezone.now()
        LogEntry.objects.update(timestamp=now)
        AccessRecord.objects.bulk_create(
            AccessRecord(at=now, user=anna, what="opened", card=card.guid, lpu=lpu, screen="x") for _ in range(5)
        )
        question = Question(begin=now - dt.timedelta(days=1), end=now + dt.timedelta(days=1))
        whole, end = read(question, limit=1000)
        assert end is None
        paged, place = [], None
        while True:
            part, place = read(question, place, limit=3)
            paged += part
            if place is None:
                break
            place = Place.parse(str(place))
        assert [(type(one), one.pk) for one in paged] == [(type(one), one.pk) for one in whole]
        assert len(whole) == LogEntry.objects.count() + AccessRecord.objects.count()

    def test_the_next_page_of_the_screen(self, boss, lpu):
        for number in range(60):
            Room.objects.create(lpu=lpu, number=str(number))
        first = boss.post(URL, asked(kind="changes:lmis.room"))
        assert len(first.context["lines"]) == 50
        after = str(first.context["following"])
        second = boss.post(URL, asked(kind="changes:lmis.room", after=after), headers={"hx-request": "true"})
        assert len(second.context["lines"]) == 10
        assert second.context["following"] is None

    def test_only_what_is_asked_for_is_read(self, lpu):
        now = timezone.now()
        with statements() as found:
            read(Question(begin=now, end=now, kind=Kind(changes=False)))
        assert len(found) == 1, listed(found)


class TestExport:
    def test_a_table_with_every_entry(self, boss, anna, card):
        opened(anna, card)
        response = boss.post(reverse("screens:journal_export"), asked(kind="seen"))
        text = b"".join(response.streaming_content).decode()
        assert text.startswith("\ufeff")
        head, row = csv.reader(io.StringIO(text[1:]), delimiter=";")
        assert len(head) == len(row) == 8
        assert row[1:3] == ["Кузнецова Анна", anna.username]
        assert row[5] == str(card)
        assert "attachment" in response["Content-Disposition"]
        assert "no-store" in response["Cache-Control"]

    def test_more_than_a_chunk(self, boss, lpu, monkeypatch):
        monkeypatch.setattr("lmis.services.journal_export.CHUNK", 4)
        for number in range(9):
            Room.objects.create(lpu=lpu, number=str(number))
        response = boss.post(reverse("screens:journal_export"), asked(kind="changes:lmis.room"))
        assert b"".join(response.streaming_content).decode().count("\r\n") == 10

    def test_the_export_is_an_entry_and_its_cards_are_noted(self, boss, anna, card):
        opened(anna, card)
        b"".join(boss.post(reverse("screens:journal_export"), asked()).streaming_content)
        entry = LogEntry.objects.get(action=LogEntry.Action.ACCESS)
        assert entry.additional_data["begin"] < entry.additional_data["end"]
        assert AccessRecord.objects.filter(what="exported", card=card.guid).count() == 1
        assert any(line.login == entry.actor.username for line in boss.post(URL, asked()).context["lines"])

    def test_a_name_is_no_formula(self, boss, lpu):
        cast.a_patient(lpu, family="=HYPERLINK(1)")
        text = b"".join(boss.post(reverse("screens:journal_export"), asked()).streaming_content).decode()
        assert ";=HYPERLINK" not in text
        assert "'=HYPERLINK" in text

    def test_by_post_alone_and_with_the_right(self, boss, client):
        assert boss.get(reverse("screens:journal_export")).status_code == 403
        client.force_login(an_employee("registrar"))
        assert client.post(reverse("screens:journal_export"), asked()).status_code == 403


class TestStatements:
    def test_the_same_for_few_and_for_many(self, boss, lpu, anna):
        """Session, user, rights 2, employees, changes, seen, and one for each model that the page names."""

        def fill():
            one = cast.a_patient(lpu)
            book(one, anna)
            opened(anna, one)

        fill()
        boss.post(URL, asked())  # content types come into their cache
        with statements() as few:
            boss.post(URL, asked())
        for _ in range(3):
            fill()
        with statements() as many:
            boss.post(URL, asked())
        assert len(many) == len(few), listed(many)

    def test_a_page_of_words_asks_once_a_model(self, lpu):
        for number in range(3):
            Room.objects.create(lpu=lpu, number=str(number))
        entries = list(LogEntry.objects.filter(content_type__model="room").select_related("actor", "content_type"))
        with statements() as found:
            Words(entries, shows_people=True).lines()
        assert len(found) == 2, listed(found)  # the rooms, their LPU
