"""The screens of directions: issuing, the list, one of them, its print. Dr Ivanova and her colleague Dr Shishkin."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from appointments.models import Appointment
from directions.models import Direction
from lmis.models import AccessRecord, Department, Dictionary, DictionaryCode, Speciality
from lmis.nsi import ICD10
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued, appoint, row
from tests.factories.staff import an_employee
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db


def to(name, *args):
    return reverse(f"screens:{name}", args=args)


def visit(patient, doctor):
    """An appointment without a direction."""
    return Appointment.objects.create(slot=cast.a_slot(doctor, hours=cast.next_number()), patient=patient, number="01")


@pytest.fixture
def lpu():
    return cast.an_lpu(name="Поликлиника", address="ул. Садовая, 14", ogrn="1029900001230")


@pytest.fixture
def outside():
    return cast.an_lpu(own=False)


@pytest.fixture
def user():
    return an_employee("doctor")


@pytest.fixture
def doctor(lpu, user):
    department = Department.objects.create(lpu=lpu, name="Терапия", head="Панфилова М. С.")
    return cast.a_doctor(lpu, user=user, department=department, patronymic="Петровна")


@pytest.fixture
def other(lpu):
    return cast.a_doctor(lpu, user=an_employee("doctor"))


@pytest.fixture
def patient(lpu, doctor):
    """Who has an appointment with Dr Ivanova."""
    card = cast.a_patient(
        lpu, patronymic="Ильич", birth_date=dt.date(1956, 3, 1), sex="M", snils="11223344595", address="ул. Мира, 1"
    )
    visit(card, doctor)
    return card


@pytest.fixture
def stranger(lpu, other):
    """Who has none with her, but with Dr Shishkin; one with her was cancelled."""
    card = cast.a_patient(lpu)
    visit(card, other)
    return card


@pytest.fixture
def hers(client, user, doctor):
    client.force_login(user)
    return client


@pytest.fixture
def desk(client):
    client.force_login(an_employee("registrar"))
    return client


@pytest.fixture
def filled(patient, outside):
    """What the form sends."""

    def form(**changes):
        surgery = Speciality.objects.create(name=f"хирургия {cast.next_number()}")
        return {
            "patient": str(patient.guid),
            "doctor": patient.appointments.get().slot.doctor_id,
            "lpu_to": outside.pk,
            "speciality": surgery.pk,
            "diagnosis_code": "i10",
            "diagnosis_name": "гипертензия",
            "reason": "консультация",
            "valid_until": (timezone.now() + dt.timedelta(days=30)).date().isoformat(),
        } | changes

    return form


class TestIssuing:
    def test_from_an_appointment(self, hers, patient, doctor):
        known = an_issued(patient=patient, doctor=doctor, diagnosis_code="J06.9", diagnosis_name="ОРВИ")
        appointment = patient.appointments.get()
        answer = hers.get(to("issue_direction"), {"appointment": str(appointment.guid)})
        initial = answer.context["form"].initial
        assert (initial["patient"], initial["doctor"]) == (patient.guid, doctor)
        assert (initial["diagnosis_code"], initial["diagnosis_name"]) == (known.diagnosis_code, known.diagnosis_name)
        assert patient.full_name in answer.content.decode()

    def test_the_diagnosis_of_the_appointments_own_direction_comes_first(self, hers, lpu, patient, doctor):
        an_issued(patient=patient, doctor=doctor, diagnosis_code="J06.9")
        booked = appoint(a_direction(patient=patient, diagnosis_code="I10", created_at="2020-01-01T00:00Z"), doctor)
        answer = hers.get(to("issue_direction"), {"appointment": str(booked.guid)})
        assert answer.context["form"].initial["diagnosis_code"] == "I10"

    def test_what_is_stored(self, hers, filled, patient, doctor, outside):
        answer = hers.post(to("issue_direction"), filled())
        issued = Direction.objects.get()
        assert answer.url == to("direction", issued.guid)
        assert (issued.patient, issued.doctor, issued.lpu_to) == (patient, doctor, outside)
        stored = row(issued)
        diagnosis = ("diagnosis_code", "diagnosis_name", "diagnosis_oid", "diagnosis_version")
        assert [stored[name] for name in diagnosis] == ["I10", "гипертензия", ICD10, ""]
        assert (stored["reason"], stored["created_by"]) == ("консультация", doctor.user.username)

    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [
            ("lpu_to", "", 422),
            ("speciality", "", 422),
            ("reason", " ", 422),
            ("valid_until", "завтра", 422),
            ("diagnosis_code", "А10", 409),
            ("valid_until", "2020-01-01", 409),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, hers, filled, field, value, status):
        answer = hers.post(to("issue_direction"), filled(**{field: value}))
        assert answer.status_code == status
        assert list(answer.context["form"].errors) == [field]
        assert "гипертензия" in answer.content.decode(), "what was typed is still there"
        assert not Direction.objects.exists()

    def test_some_diagnosis_there_must_be(self, hers, filled):
        answer = hers.post(to("issue_direction"), filled(diagnosis_code="", diagnosis_name=""))
        assert list(answer.context["form"].errors) == ["diagnosis_name"]

    def test_the_name_comes_from_what_is_loaded(self, hers, filled, icd):
        hers.post(to("issue_direction"), filled(diagnosis_name=""))
        stored = row(Direction.objects.get())
        assert (stored["diagnosis_name"], stored["diagnosis_version"]) == ("Эссенциальная гипертензия", "2.27")


class TestOwnPatientsOnly:
    def test_another_doctors_patient(self, hers, filled, stranger):
        taken = stranger.appointments.get()
        for asked in ({"appointment": str(taken.guid)}, {"patient": str(stranger.guid)}, {"patient": "x"}):
            assert hers.get(to("issue_direction"), asked).status_code == 404
        answer = hers.post(to("issue_direction"), filled(patient=str(stranger.guid)))
        assert answer.status_code == 422
        assert not Direction.objects.exists()

    def test_in_another_doctors_name(self, hers, filled, other):
        answer = hers.post(to("issue_direction"), filled(doctor=other.pk))
        assert list(answer.context["form"].errors) == ["doctor"]
        assert not Direction.objects.exists()

    def test_who_is_found(self, hers, patient, stranger):
        answer = hers.post(to("direction_patients"), {"text": "петров"})
        assert answer.context["patients"] == [patient]
        assert list(AccessRecord.objects.values_list("card", flat=True)) == [patient.guid]

    def test_a_cancelled_appointment_makes_nobody_a_patient(self, hers, patient):
        patient.appointments.update(state="cancelled", cancelled_at=timezone.now())
        assert hers.post(to("direction_patients"), {"text": "петров"}).context["patients"] == []

    def test_which_directions_are_seen(self, hers, patient, stranger, doctor, other):
        mine = an_issued(patient=stranger, doctor=doctor)
        of_mine = an_issued(patient=patient, doctor=other)
        theirs = an_issued(patient=stranger, doctor=other)
        assert {seen.number for seen in hers.get(to("directions")).context["rows"]} == {mine.number, of_mine.number}
        for name in ("direction", "print_direction"):
            assert hers.get(to(name, theirs.guid)).status_code == 404
        assert hers.post(to("cancel_direction", theirs.guid), {"reason": "x"}).status_code == 404
        assert row(theirs)["cancelled_at"] is None

    @pytest.mark.parametrize("typed", ["77-К", "77-к", "77-r", "77К", "№ 77-К", "77-"])
    def test_found_by_the_number_as_people_type_it(self, hers, patient, doctor, typed):
        mine = an_issued(patient=patient, doctor=doctor, number="77-К")
        an_issued(patient=patient, doctor=doctor, number="78-К")
        rows = hers.post(to("directions"), {"kind": "out", "text": typed}).context["rows"]
        assert [row.number for row in rows] == [mine.number]

    def test_the_admin_keeps_to_it(self, hers, stranger, other):
        theirs = an_issued(patient=stranger, doctor=other)
        assert not hers.get(reverse("admin:directions_direction_changelist")).context["cl"].result_list
        answer = hers.get(reverse("admin:directions_direction_change", args=[theirs.pk]))
        assert answer.status_code == 302


class TestRights:
    def test_a_registrar_issues_nothing(self, desk):
        assert desk.get(to("issue_direction")).status_code == 403
        assert desk.post(to("issue_direction"), {}).status_code == 403
        assert desk.post(to("direction_patients"), {"text": "и"}).status_code == 403
        assert to("issue_direction") not in desk.get(to("directions")).content.decode()
        assert desk.post(to("diagnoses"), {"diagnosis_code": "I1"}).status_code == 200

    def test_a_doctor_cannot_cancel_what_came_from_elsewhere(self, hers, patient):
        incoming = a_direction(patient=patient)
        assert "cancel_direction" not in hers.get(to("direction", incoming.guid)).content.decode()
        assert hers.post(to("cancel_direction", incoming.guid), {"reason": "x"}).status_code == 403
        assert row(incoming)["cancelled_at"] is None

    @pytest.mark.parametrize("group", ["operator"])
    def test_others_see_nothing(self, client, patient, group):
        client.force_login(an_employee(group))
        one = an_issued(patient=patient)
        for url in (to("directions"), to("direction", one.guid), to("print_direction", one.guid), to("diagnoses")):
            assert client.get(url).status_code == 403

    def test_without_a_doctor_an_account_is_told_so(self, client):
        client.force_login(an_employee("doctor"))
        answer = client.get(to("issue_direction"))
        assert answer.status_code == 200
        assert 'role="alert"' in answer.content.decode()


@pytest.fixture
def icd():
    kept = Dictionary.objects.create(
        oid=ICD10, version="2.27", source="x", checked_on="2026-01-31", loaded_at=timezone.now(), loaded_by="x"
    )
    names = {"I10": "Эссенциальная гипертензия", "I11.9": "Гипертензивная болезнь", "J06.9": "ОРВИ", "C00": "Губа"}
    DictionaryCode.objects.bulk_create(
        DictionaryCode(dictionary=kept, version="2.27", code=code, name=name) for code, name in names.items()
    )


class TestDiagnoses:
    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ({"diagnosis_code": "i1"}, ["I10", "I11.9"]),
            ({"diagnosis_code": "ш1"}, ["I10", "I11.9"]),
            ({"diagnosis_code": "с0"}, ["C00"]),
            ({"diagnosis_code": "j06,9"}, ["J06.9"]),
            ({"diagnosis_name": "Гипертензивная"}, ["I11.9"]),
            ({"paper_diagnosis": "i1"}, ["I10", "I11.9"]),
            ({"paper_diagnosis": "орви"}, ["J06.9"]),
            ({"diagnosis_code": "", "diagnosis_name": ""}, []),
        ],
    )
    def test_offers(self, hers, icd, typed, found):
        assert [offer.code for offer in hers.post(to("diagnoses"), typed).context["offers"]] == found

    def test_nothing_loaded_offers_nothing(self, hers):
        assert hers.post(to("diagnoses"), {"diagnosis_code": "I1"}).content.decode().strip() == ""

    def test_never_in_an_address(self, hers):
        assert hers.get(to("diagnoses")).status_code == 405


class TestOne:
    def test_what_is_missing_is_named_with_its_place(self, desk, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor, diagnosis_code="")
        type(patient.lpu).objects.filter(pk=patient.lpu_id).update(ogrn="")
        type(patient).objects.filter(pk=patient.pk).update(snils="", address=". ")
        Department.objects.update(head="")
        answer = desk.get(to("direction", issued.guid))
        card = reverse("admin:patients_patient_change", args=[patient.pk])
        # OGRN, СНИЛС, address, code, head; a registrar fills in what is on the card, and nothing else
        assert [address for _fact, address in answer.context["missing"]] == ["", card, card, "", ""]
        with translation.override("en"):
            facts = [str(fact.what) for fact, _address in answer.context["missing"]]
        assert facts == ["its OGRN", "SNILS", "address", "code of the diagnosis by ICD-10", "head of the department"]

    def test_nothing_is_missing(self, hers, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor)
        assert hers.get(to("direction", issued.guid)).context["missing"] == []

    def test_the_appointment_by_it(self, hers, lpu, patient, doctor, other):
        issued = an_issued(patient=patient, doctor=doctor, lpu_to=lpu)
        appoint(issued, other)
        answer = hers.get(to("direction", issued.guid))
        assert [each.slot.doctor for each in answer.context["appointments"]] == [other]
        assert not answer.context["may_cancel"]
        assert not answer.context["may_record"]

    def test_the_outcome(self, hers, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor)
        answer = hers.post(to("direction_outcome", issued.guid), {"outcome": "done", "outcome_note": " подобрано "})
        assert answer.url == to("direction", issued.guid)
        assert (row(issued)["outcome"], row(issued)["outcome_note"]) == ("done", "подобрано")

    def test_an_outcome_that_is_refused(self, hers, lpu, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor, lpu_to=lpu)
        before = row(issued)
        answer = hers.post(to("direction_outcome", issued.guid), {"outcome": "done"})
        assert answer.status_code == 409
        assert hers.post(to("direction_outcome", issued.guid), {"outcome": "lost"}).status_code == 422
        assert row(issued) == before

    def test_cancelling(self, hers, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor)
        assert hers.post(to("cancel_direction", issued.guid), {"reason": ""}).status_code == 422
        assert row(issued)["cancelled_at"] is None
        hers.post(to("cancel_direction", issued.guid), {"reason": "ошибка"})
        assert (row(issued)["cancel_reason"], row(issued)["cancelled_by"]) == ("ошибка", doctor.user.username)
        assert hers.post(to("cancel_direction", issued.guid), {"reason": "ещё"}).status_code == 409

    def test_cancelling_an_incoming_one_at_the_desk(self, desk, patient):
        incoming = a_direction(patient=patient)
        desk.post(to("cancel_direction", incoming.guid), {"reason": "не к нам"})
        assert row(incoming)["cancel_reason"] == "не к нам"


class TestNamesakes:
    def test_are_told_apart_when_one_is_chosen(self, hers, lpu, doctor):
        cards = cast.namesakes(lpu)
        for card in cards:
            visit(card, doctor)
        found = hers.post(to("direction_patients"), {"text": cards[0].family}).content.decode()
        for card in cards:
            assert card.told_apart in found
            chosen = hers.get(to("issue_direction"), {"patient": str(card.guid)}).content.decode()
            assert card.told_apart in chosen


class TestPrint:
    def test_what_the_form_says(self, hers, patient, doctor, outside):
        issued = an_issued(patient=patient, doctor=doctor, lpu_to=outside, date_direction=timezone.now())
        text = hers.get(to("print_direction", issued.guid)).content.decode()
        for fact in (
            "057/у",
            "519н",
            "1029900001230",
            issued.number,
            outside.name,
            patient.full_name,
            "01.03.1956",
            "мужской",
            "112-233-445 95",
            patient.polis_number,
            "ул. Мира, 1",
            "I10",
            "гипертензия",
            "боль",
            "Панфилова М. С.",
        ):
            assert fact in text, fact
        assert AccessRecord.objects.filter(what="printed", card=patient.guid).count() == 1

    def test_a_cancelled_one_is_not_printed(self, hers, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor, cancelled_at=timezone.now())
        answer = hers.get(to("print_direction", issued.guid))
        assert answer.status_code == 409
        assert patient.full_name not in answer.content.decode()

    def test_of_another_institution_is_not_ours_to_print(self, desk, patient):
        assert desk.get(to("print_direction", a_direction(patient=patient).guid)).status_code == 404
        assert desk.get(to("print_direction", uuid.uuid4())).status_code == 404


class TestList:
    def test_who_came_with_what(self, desk, lpu, patient, doctor):
        incoming = a_direction(patient=patient)
        appoint(incoming, doctor)
        an_issued(patient=patient)
        answer = desk.get(to("directions"))
        (only,) = answer.context["rows"]
        assert (only.number, only.with_doctor, only.progress) == (incoming.number, doctor, "booked")

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"kind": "out"}, ["1-2", "1-1"]),
            ({"kind": "out", "state": "done"}, ["1-2"]),
            ({"kind": "out", "text": "1-1"}, ["1-1"]),
            ({"kind": "out", "text": "петров"}, ["1-2", "1-1"]),
            ({"kind": "out", "text": "никто"}, []),
            ({"kind": "in"}, ["7"]),
            ({"kind": "in", "before": "никогда"}, []),
            ({"kind": "nonsense"}, []),
        ],
    )
    def test_filters(self, desk, patient, asked, found):
        an_issued(patient=patient, number="1-1")
        an_issued(patient=patient, number="1-2", outcome="done")
        a_direction(patient=patient, number="7")
        assert [each.number for each in desk.post(to("directions"), asked).context["rows"]] == found

    def test_namesakes_are_told_apart(self, desk, lpu):
        cards = cast.namesakes(lpu)
        for card in cards:
            a_direction(patient=card)
        text = desk.get(to("directions")).content.decode()
        for card in cards:
            assert f'{card.full_name} <span class="muted small">{card.told_apart}<' in text

    def test_page_after_page(self, desk, patient, monkeypatch):
        monkeypatch.setattr("directions.screens.lists.PAGE", 2)
        numbers = [a_direction(patient=patient, number=str(index)).number for index in range(5)]
        seen, before = [], ""
        while True:
            answer = desk.post(to("directions"), {"kind": "in", "before": before})
            seen += [each.number for each in answer.context["rows"]]
            before = answer.context["before"]
            if not before:
                break
        assert seen == numbers[::-1]


class TestStatements:
    """Session 1, user 1, permissions 2 for a page of any kind; beside that what is listed here."""

    def test_the_list(self, desk, lpu, patient, doctor, outside):
        appoint(a_direction(patient=patient, lpu_from=outside), doctor)
        with statements() as few:
            desk.get(to("directions"))
        for _each in range(4):
            card = cast.a_patient(lpu)
            appoint(a_direction(patient=card), doctor, slot=cast.a_slot(doctor, hours=cast.next_number()))
        with statements() as many:
            desk.get(to("directions"))
        # session, user, rights of the user and of the groups; directions; doctors of the appointments; institutions
        # for the filter; who saw whom
        assert len(few) == len(many) == 8, listed(many)

    def test_the_form(self, hers, patient):
        with statements() as found:
            hers.get(to("issue_direction"), {"patient": str(patient.guid)})
        assert len(found) == 12, listed(found)

    def test_one(self, hers, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor)
        with statements() as found:
            hers.get(to("direction", issued.guid))
        # session, user, rights of the user and of the groups; the direction; who saw it; whether it is her own; its
        # appointments
        assert len(found) == 8, listed(found)

    def test_the_print(self, hers, patient, doctor):
        issued = an_issued(patient=patient, doctor=doctor)
        with statements() as found:
            hers.get(to("print_direction", issued.guid))
        assert len(found) == 6, listed(found)


def test_no_page_is_kept(hers, patient, doctor):
    issued = an_issued(patient=patient, doctor=doctor)
    for name, args in (("directions", ()), ("issue_direction", ()), ("direction", [issued.guid])):
        assert "no-store" in hers.get(to(name, *args))["Cache-Control"]
