"""Cards and uploads in the staff's site: written through the services only, and nothing personal in a URL."""

import datetime as dt
import re
import uuid

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from lmis import nsi
from lmis.models import AccessRecord, Dictionary, DictionaryCode, Lpu
from patients.admin import PatientAdmin
from patients.models import CardUpload, MipGate, Patient, PatientPhone
from tests.factories.cast import a_doctor, a_slot, an_lpu, next_number
from tests.factories.directions import a_direction
from tests.factories.patients import a_card, spellings
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:patients_patient_changelist", "admin:patients_patient_add"
UPLOADS, GATE = "admin:patients_cardupload_changelist", "admin:patients_mipgate_changelist"


def an_employee(client, *codenames):
    user = User.objects.create(username="olga", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="patients", codename__in=codenames))
    client.force_login(user)
    return user


@pytest.fixture
def olga(client):
    """A registrar."""
    return an_employee(client, "view_patient", "add_patient", "change_patient", "view_cardupload")


@pytest.fixture
def operator(client):
    """Minds the exchange."""
    return an_employee(client, "view_cardupload", "change_cardupload")


@pytest.fixture
def kinds():
    """Kinds of papers, loaded; one of them in two dictionaries."""
    rows = [
        (nsi.POLIS_KINDS, "", "3", "Полис единого образца"),
        (nsi.DOCUMENT_KINDS, "", "1", "Паспорт"),
        (nsi.DOCUMENT_KINDS_OF_FOMS, "7", "14", "Паспорт"),
    ]
    for oid, version, code, name in rows:
        kept = Dictionary.objects.create(
            oid=oid, version=version, source="x", checked_on="2026-01-31", loaded_at=timezone.now(), loaded_by="x"
        )
        DictionaryCode.objects.create(dictionary=kept, version=version, code=code, name=name)


def kind(card, paper):
    card.refresh_from_db()
    return tuple(getattr(card, f"{paper}_type_{part}") for part in ("code", "name", "oid", "version"))


def page_of(card):
    return reverse("admin:patients_patient_change", args=[card.pk])


def form_of(response):
    """The form's fields, and those of its inlines, as a browser would send them back."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = {form[name].html_name: form[name].value() for form in forms for name in form.fields}
    return {name: "" if value is None else str(value) for name, value in fields.items()}


def save(client, url, **changes):
    return client.post(url, form_of(client.get(url)) | changes)


def complaints(response):
    return response.context["adminform"].form.errors


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestPage:
    def test_shows_the_representative_the_polis_and_the_directions(self, client, olga, lpu):
        olga.user_permissions.add(Permission.objects.get(codename="view_direction"))
        kept = {
            "representative": "Ёлкин Пётр Ильич",
            "representative_relation": "father",
            "representative_phone": "79990001122",
            "insurer": "Заречье-Мед",
            "polis_issued_on": dt.date(2019, 5, 17),
            "no_polis_reason": "",
        }
        card = a_card(lpu, **kept)
        without = a_card(lpu, polis_number="", polis_type_code="", polis_type_name="", no_polis_reason="lost")
        direction = a_direction(patient=card)
        response = client.get(page_of(card))
        form = response.context["adminform"].form
        drawn = [name for fieldset in response.context["adminform"] for line in fieldset for name in line.fields]
        assert {*kept, "belongings"} <= set(drawn)
        assert {name: form[name].value() for name in kept} == kept
        page = response.content.decode()
        for text in ("Ёлкин Пётр Ильич", "79990001122", "Заречье-Мед", "17.05.2019"):
            assert f'value="{text}"' in page
        assert f"№ {direction.number}" in page
        assert reverse("admin:directions_direction_change", args=[direction.pk]) in page
        other = client.get(page_of(without)).content.decode()
        for name, chosen, shown in (("representative_relation", "father", page), ("no_polis_reason", "lost", other)):
            [choices] = re.findall(rf'<select name="{name}".*?</select>', shown, re.DOTALL)
            assert f'<option value="{chosen}" selected' in choices
        assert direction.number not in other


class TestList:
    def test_shows_cards_in_few_statements(self, client, olga, lpu, django_assert_max_num_queries):
        for _ in range(5):
            a_card(lpu)
        with django_assert_max_num_queries(9):
            response = client.get(reverse(LIST))
        assert "Ёлкина Анна Петровна" in response.content.decode()

    def test_has_no_search_that_would_put_a_name_into_the_url(self, client, olga, lpu, card):
        response = client.get(reverse(LIST))
        assert response.context["cl"].search_fields in ((), [])
        assert 'name="q"' not in response.content.decode()
        assert len(client.get(reverse(LIST), {"q": "Сидорова"}).context["cl"].result_list) == 1

    @pytest.mark.parametrize(
        "asked", [{"state__exact": "withdrawn"}, {"upload__state__exact": "rejected"}, {"district": "12"}]
    )
    def test_filters(self, client, olga, lpu, card, asked):
        wanted = a_card(lpu, state="withdrawn", district="12")
        CardUpload.objects.filter(pk=wanted.pk).update(state="rejected")
        assert list(client.get(reverse(LIST), asked).context["cl"].result_list) == [wanted]

    def test_pages_along_the_key_without_a_count(self, client, olga, lpu, monkeypatch):
        monkeypatch.setattr(PatientAdmin, "list_per_page", 2)
        cards = [a_card(lpu) for _ in range(5)][::-1]

        def page(query):
            with statements() as made:
                cl = client.get(reverse(LIST) + query).context["cl"]
            assert not [sql for sql in made if "COUNT(" in sql and "patients_patient" in sql], listed(made)
            assert not [sql for sql in made if "OFFSET" in sql], listed(made)
            return cl

        first = page("")
        second = page(first.older)
        third = page(second.older)
        assert [list(cl.result_list) for cl in (first, second, third)] == [cards[:2], cards[2:4], cards[4:]]
        assert (first.newer, third.older) == (None, None)
        assert list(page(third.newer).result_list) == cards[2:4]
        back = page(page(third.newer).newer)
        assert (list(back.result_list), back.newer) == (cards[:2], None)

    def test_a_filter_stays_while_paging(self, client, olga, lpu, monkeypatch):
        monkeypatch.setattr(PatientAdmin, "list_per_page", 1)
        for district in "121":
            a_card(lpu, district=district)
        first = client.get(reverse(LIST), {"district": "1"}).context["cl"]
        second = client.get(reverse(LIST) + first.older).context["cl"]
        assert [card.district for cl in (first, second) for card in cl.result_list] == ["1", "1"]
        assert second.older is None

    def test_a_list_narrowed_by_the_upload_pages_along_the_upload_too(self, client, olga, lpu, monkeypatch):
        monkeypatch.setattr(PatientAdmin, "list_per_page", 2)
        cards = [a_card(lpu) for _ in range(6)][::-1]
        CardUpload.objects.exclude(pk=cards[2].pk).update(state="rejected")

        def page(query):
            with statements() as made:
                cl = client.get(reverse(LIST) + query).context["cl"]
            return cl, next(sql for sql in made if "LIMIT 3" in sql)

        first, _sql = page("?upload__state__exact=rejected")
        second, older = page(first.older)
        back, newer = page(second.newer)
        assert [list(cl.result_list) for cl in (first, second, back)] == [cards[:2], cards[3:5], cards[:2]]
        assert f'"patients_cardupload"."patient_id" < {cards[1].pk}' in older
        assert f'"patients_cardupload"."patient_id" > {cards[3].pk}' in newer

    def test_a_row_reads_nothing_more(self, client, olga, lpu):
        counts = []
        for _more in range(2):
            a_card(lpu)
            with statements() as made:
                client.get(reverse(LIST))
            counts.append(len(made))
        assert counts[0] == counts[1], listed(made)

    @pytest.mark.parametrize("asked", ["p=x", "p=99999999999999999999", "q=1", "family=x"])
    def test_an_address_made_up_breaks_nothing(self, client, olga, card, asked):
        assert client.get(reverse(LIST) + "?" + asked).status_code in (200, 302)

    def test_a_doctor_sees_own_patients_only(self, client, lpu, card):
        user = an_employee(client, "view_patient")
        doctor = a_doctor(lpu, user=user)
        mine = a_card(lpu)
        Appointment.objects.create(slot=a_slot(doctor), patient=mine, number="01")
        assert list(client.get(reverse(LIST)).context["cl"].result_list) == [mine]
        assert client.get(page_of(mine)).status_code == 200
        assert client.get(page_of(card)).status_code == 302
        response = client.post(reverse("screens:patients"), {"text": "ёлкина"})
        assert response.context["cards"] == [mine]


class TestCard:
    def test_who_opens_it_is_written_down(self, client, olga, card):
        client.get(page_of(card))
        client.get(reverse("admin:patients_patient_history", args=[card.pk]))
        record = AccessRecord.objects.get()
        assert (record.card, record.user, record.what, record.screen) == (card.guid, olga, "opened", "patient")

    def test_what_else_there_is_of_the_patient(self, client, olga, lpu, card):
        old, alike = a_card(lpu), a_card(lpu)
        Patient.objects.filter(pk=old.pk).update(state="merged", merged_into=card)
        slot = a_slot(a_doctor(lpu))
        Appointment.objects.create(slot=slot, patient=card, number="07")
        page = client.get(page_of(card)).content.decode()
        assert old.card_number in page
        assert alike.card_number in page
        assert slot.doctor.family not in page
        olga.user_permissions.add(Permission.objects.get(codename="view_appointment"))
        assert slot.doctor.family in client.get(page_of(card)).content.decode()

    def test_few_statements_however_much_there_is(self, client, olga, lpu, card):
        olga.user_permissions.add(*Permission.objects.filter(codename__in=["view_appointment", "view_direction"]))
        doctor = a_doctor(lpu)
        counts = []
        for _ in range(2):
            for _ in range(3):
                Appointment.objects.create(slot=a_slot(doctor, hours=24 + next_number()), patient=card, number="07")
                PatientPhone.objects.create(patient=card, number=str(next_number()))
                a_card(lpu)
            with statements() as made:
                client.get(page_of(card))
            counts.append(len(made))
        assert counts[0] == counts[1] <= 22, listed(made)

    def test_own_fields_and_further_phones(self, client, olga, card):
        response = save(
            client, page_of(card), district="12", **{"phones-0-number": "+7 495 1234567", "phones-0-note": "сын"}
        )
        assert response.status_code == 302, complaints(response)
        card.refresh_from_db()
        assert card.district == "12"
        assert [(phone.number, phone.note) for phone in card.phones.all()] == [("+7 495 1234567", "сын")]
        sent = form_of(client.get(page_of(card)))
        client.post(page_of(card), sent | {"phones-0-DELETE": "on"})
        assert not card.phones.exists()

    def test_a_kind_is_chosen_from_what_is_loaded_with_its_dictionary(self, client, olga, card, kinds):
        form = client.get(page_of(card)).context["adminform"].form
        assert [group for group, _rows in form["document_kind"].field.choices[1:-1]] == [
            nsi.TITLES[nsi.DOCUMENT_KINDS],
            nsi.TITLES[nsi.DOCUMENT_KINDS_OF_FOMS],
        ]
        response = save(client, page_of(card), document_kind="F011 14", document_series="1", polis_series="х")
        assert response.status_code == 302, complaints(response)
        assert kind(card, "document") == ("14", "Паспорт", "F011", "7")
        assert form_of(client.get(page_of(card)))["document_kind"] == "F011 14"
        save(client, page_of(card), document_kind="")
        assert kind(card, "document") == ("", "", "", "")

    def test_a_kind_of_ones_own_is_of_no_dictionary(self, client, olga, card, kinds):
        save(client, page_of(card), polis_kind=f"{nsi.POLIS_KINDS} 3")
        assert kind(card, "polis") == ("3", "Полис единого образца", nsi.POLIS_KINDS, "")
        save(client, page_of(card), polis_kind="other", polis_type_code="К", polis_type_name="Карта")
        assert kind(card, "polis") == ("К", "Карта", "", "")
        assert form_of(client.get(page_of(card)))["polis_kind"] == "other"

    def test_what_is_not_touched_keeps_its_kind_and_what_is_made_up_is_refused(self, client, olga, card, kinds):
        before = kind(card, "polis"), kind(card, "document")
        assert save(client, page_of(card), district="12").status_code == 302
        assert (kind(card, "polis"), kind(card, "document")) == before
        assert "document_kind" in complaints(save(client, page_of(card), document_kind="F011 99"))

    def test_who_may_only_look_has_nothing_to_choose(self, client, card, kinds):
        an_employee(client, "view_patient")
        user = User.objects.get(username="olga")
        user.user_permissions.add(Permission.objects.get(codename="use_desk"))
        response = client.get(page_of(card))
        assert response.status_code == 200
        assert "document_kind" not in response.content.decode()

    def test_a_new_one(self, client, olga, lpu):
        response = save(
            client,
            reverse(ADD),
            family="Ёлкина",
            name="Анна",
            polis_number="1234 5678 1234 5678",
            snils="112-233-445 95",
        )
        assert response.status_code == 302, complaints(response)
        card = Patient.objects.get()
        assert (card.lpu, card.family, card.snils, card.created_by) == (lpu, "Ёлкина", "11223344595", "olga")
        assert card.polis_number == "1234567812345678"  # as the region knows it
        assert card.card_number == f"M-{card.pk:07d}"
        assert card.upload.state == "waiting"
        assert LogEntry.objects.get_for_object(card).get().actor == olga

    def test_numbers_that_were_copied_from_somewhere(self, client, olga, lpu):
        wide, *_others = spellings("1234567812345678")
        papers = {"polis_number": wide, "document_series": "45\u00a010", "document_number": "123\u200b456"}
        response = save(client, reverse(ADD), family="Ёлкина", snils="112\u2011233\u00a0445\u200b95", **papers)
        assert response.status_code == 302, complaints(response)
        card = Patient.objects.get()
        assert (card.polis_number, card.snils) == ("1234567812345678", "11223344595")
        assert (card.document_series, card.document_number) == ("45 10", "123456")

    def test_a_child_of_this_night_where_the_servers_day_has_not_begun(self, client, olga, lpu, monkeypatch):
        Lpu.objects.update(time_zone="Asia/Kamchatka")
        monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC))
        child = {"family": "Новая", "name": "Анна", "polis_number": "1234567812345678"}
        assert "birth_date" in complaints(save(client, reverse(ADD), **child, birth_date="24.11.2026"))
        response = save(client, reverse(ADD), **child, birth_date="23.11.2026")
        assert response.status_code == 302, complaints(response)

    def test_a_second_one_of_the_same_person_is_refused_and_named(self, client, olga, lpu, card):
        response = save(client, reverse(ADD), family="ЕЛКИНА", name="Анна", polis_number=card.polis_number)
        assert response.status_code == 200
        assert card.card_number in str(complaints(response))
        assert form_of(response)["family"] == "ЕЛКИНА"
        assert Patient.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("polis_number", "123"),
            ("snils", "112-233-445 96"),
            ("birth_date", "31.12.2999"),
            ("sex", "X"),
        ],
    )
    def test_what_is_malformed_is_said_at_the_field(self, client, olga, lpu, field, value):
        response = save(client, reverse(ADD), family="Ёлкина", **{field: value})
        assert list(complaints(response)) == [field]
        assert not Patient.objects.exists()

    def test_only_our_own_lpus_are_offered(self, client, olga, lpu):
        an_lpu(own=False)
        assert list(client.get(reverse(ADD)).context["adminform"].form.fields["lpu"].queryset) == [lpu]

    def test_a_taken_card_number_is_said_at_the_form(self, client, olga, lpu):
        a_card(lpu, card_number="7")
        response = save(client, reverse(ADD), family="Ёлкина", card_number="7")
        assert complaints(response)
        assert Patient.objects.count() == 1

    def test_a_change_writes_what_was_changed_and_nothing_else(self, client, olga, card):
        response = save(client, page_of(card), phone="7")
        assert response.status_code == 302, complaints(response)
        card.refresh_from_db()
        assert (card.phone, card.changed_by) == ("7", "olga")
        assert LogEntry.objects.get_for_object(card).first().changes_dict == {"phone": ["79000000000", "7"]}

    def test_what_somebody_changed_meanwhile_is_not_overwritten(self, client, olga, card):
        url = page_of(card)
        sent = form_of(client.get(url))
        Patient.objects.filter(pk=card.pk).update(address="meanwhile")
        response = client.post(url, sent | {"phone": "7"})
        assert response.status_code == 200
        assert complaints(response)
        card.refresh_from_db()
        assert (card.phone, card.address) == ("79000000000", "meanwhile")

    def test_keys_version_and_lpu_are_not_to_be_changed(self, client, olga, card):
        response = save(client, page_of(card), version="1", guid="x", state="withdrawn", lpu=str(an_lpu().pk))
        assert response.status_code == 302
        version, lpu_id = card.version, card.lpu_id
        card.refresh_from_db()
        assert (card.version, card.lpu_id, card.state) == (version, lpu_id, "active")

    def test_its_upload_is_shown(self, client, olga, card):
        CardUpload.objects.filter(pk=card.pk).update(state="rejected", error_text="Неверный СНИЛС")
        assert "Неверный СНИЛС" in client.get(page_of(card)).content.decode()

    def test_its_history(self, client, olga, card):
        assert save(client, page_of(card), phone="7").status_code == 302
        page = client.get(reverse("admin:patients_patient_history", args=[card.pk])).content.decode()
        assert "79000000000" in page

    def test_it_is_not_deleted(self, client, olga, card):
        olga.user_permissions.add(Permission.objects.get(codename="delete_patient"))
        assert client.post(reverse("admin:patients_patient_delete", args=[card.pk]), {"post": "yes"}).status_code == 403
        assert Patient.objects.exists()


class TestUploads:
    def act(self, client, url, name, *objects):
        return client.post(reverse(url), {"action": name, "_selected_action": [obj.pk for obj in objects]})

    def test_shows_numbers_and_no_names(self, client, operator, card):
        page = client.get(reverse(UPLOADS)).content.decode()
        assert card.card_number in page
        assert "Ёлкина" not in page

    def test_one_upload_is_to_look_at(self, client, operator, card):
        url = reverse("admin:patients_cardupload_change", args=[card.pk])
        assert client.get(url).status_code == 200
        assert client.post(url, {"state": "accepted"}).status_code == 403

    def test_an_accepted_one_shows_the_person_the_version_and_when(self, client, operator, card):
        person, at = uuid.uuid4(), dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
        Patient.objects.filter(pk=card.pk).update(person_guid=person)
        CardUpload.objects.filter(pk=card.pk).update(state="accepted", accepted_version=778899, accepted_at=at)
        page = client.get(reverse("admin:patients_cardupload_change", args=[card.pk])).content.decode()
        assert str(person) in page
        assert re.search(r"778.?899", page)
        assert f"{timezone.localtime(at):%H:%M}" in page

    def test_who_reads_what_the_mip_wrote_is_noted(self, client, olga, lpu):
        told, silent = (a_card(lpu) for _ in range(2))
        CardUpload.objects.filter(pk=told.pk).update(error_code="validation_error", error_text="Ёлкина: не найдена")
        for card in (told, silent):
            page = client.get(reverse("admin:patients_cardupload_change", args=[card.pk]))
            assert ("Ёлкина" in page.content.decode()) == (card == told)
        noted = AccessRecord.objects.values_list("card", "what", "screen")
        assert list(noted) == [(told.guid, "opened", "cardupload")]

    def test_who_may_not_see_cards_reads_nothing_and_is_not_noted(self, client, operator, card):
        CardUpload.objects.filter(pk=card.pk).update(error_code="validation_error", error_text="Ёлкина: не найдена")
        page = client.get(reverse("admin:patients_cardupload_change", args=[card.pk]))
        assert "Ёлкина" not in page.content.decode()
        assert not AccessRecord.objects.exists()

    def test_sending_again(self, client, operator, lpu):
        cards = [a_card(lpu) for _ in range(2)]
        CardUpload.objects.update(state="rejected")
        response = self.act(client, UPLOADS, "send_again", cards[0])
        assert re.search(r"\b1\b", said(response)[0])
        assert [CardUpload.objects.get(pk=card.pk).state for card in cards] == ["waiting", "rejected"]

    def test_sending_again_needs_the_right(self, client, olga, card):
        CardUpload.objects.update(state="rejected")
        self.act(client, UPLOADS, "send_again", card)
        assert CardUpload.objects.get(pk=card.pk).state == "rejected"

    def test_the_gate_is_tried_again(self, client, operator):
        now = timezone.now()
        gate = MipGate.objects.create(
            closed_until=now + timezone.timedelta(minutes=5), since=now, reason="unauthorized", failures=1
        )
        assert "unauthorized" in client.get(reverse(GATE)).content.decode()
        self.act(client, GATE, "try_now", gate)
        assert MipGate.objects.get().closed_until <= timezone.now()


@pytest.mark.parametrize("name", [LIST, ADD, UPLOADS, GATE])
def test_without_rights_nothing_is_shown(client, name):
    an_employee(client)
    assert client.get(reverse(name)).status_code == 403


def test_the_groups_open_what_they_need(client, card):
    user = an_employee(client)
    user.groups.add(Group.objects.get(name="operator"))
    assert client.get(reverse(UPLOADS)).status_code == 200
    assert client.get(reverse(GATE)).status_code == 200
    assert client.get(reverse(LIST)).status_code == 403
