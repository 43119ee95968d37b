"""Whom one sees: a doctor who guesses ids, an operator, whoever holds no right; and that each look is written down."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from lmis.models import AccessRecord
from lmis.services import access
from patients.models import Patient
from tests.factories import cast
from tests.factories.directions import a_direction, an_issued
from tests.factories.staff import an_employee, page
from tests.factories.waiting import a_call

pytestmark = pytest.mark.django_db
STRANGER = "Незнакомцев"


class Clinic:
    """Two doctors and their patients; the first one is `user`."""

    def __init__(self):
        self.lpu = cast.an_lpu()
        self.user = an_employee("doctor")
        self.mine = cast.a_doctor(self.lpu, user=self.user)
        self.other = cast.a_doctor(self.lpu)
        self.patient = cast.a_patient(self.lpu, family="Своев", birth_date=dt.date(1980, 3, 8))
        self.stranger = cast.a_patient(self.lpu, family=STRANGER, birth_date=dt.date(1980, 3, 8), phone="79005550001")
        self.visit = self.book(self.mine, self.patient)
        self.others = self.book(self.other, self.stranger)

    def book(self, doctor, patient, state="booked", hours=1, **fields):
        """An appointment with that doctor."""
        values = {"cancelled_at": timezone.now()} if state == "cancelled" else {}
        slot = cast.a_slot(doctor, hours=hours)
        number = f"{cast.next_number():03d}"
        return Appointment.objects.create(
            slot=slot, patient=patient, number=number, seat=1, state=state, **values | fields
        )


@pytest.fixture
def clinic():
    return Clinic()


@pytest.fixture
def doctor(client, clinic):
    """The browser of the first doctor."""
    client.force_login(clinic.user)
    return client


def listed(client, model):
    """The rows of a list, whatever it lands on."""
    return list(client.get(page(model), {"o": "1"}).context["cl"].result_list)


class TestADoctor:
    """Sees own schedule and patients; what is guessed is not there."""

    def test_lists_have_own_appointments_only(self, doctor, clinic):
        assert listed(doctor, "appointments.appointment") == [clinic.visit]
        assert STRANGER not in doctor.get(page("appointments.appointment"), {"o": "1"}).content.decode()

    def test_pages_of_other_doctors_appointments_are_not_there(self, doctor, clinic):
        for verb in ("change", "history"):
            response = doctor.get(page("appointments.appointment", verb, clinic.others.pk), follow=True)
            assert STRANGER not in response.content.decode()
            assert response.redirect_chain or response.status_code == 404

    def test_nor_found_by_ticket_number_or_guid(self, doctor, clinic):
        for text in (clinic.others.number, str(clinic.others.guid)):
            response = doctor.get(page("appointments.appointment"), {"q": text, "o": "1"})
            assert not list(response.context["cl"].result_list)

    def test_cards_directions_and_their_prints_neither(self, doctor, clinic):
        issued = an_issued(patient=clinic.stranger, doctor=clinic.other)
        received = a_direction(patient=clinic.stranger)
        for model in ("patients.patient", "directions.direction", "directions.incomingdirection"):
            assert STRANGER not in doctor.get(page(model), {"o": "1"}).content.decode(), model
        for name in ("direction", "print_direction"):
            for one in (issued, received):
                assert doctor.get(reverse(f"screens:{name}", args=[one.guid])).status_code == 404
        assert doctor.get(page("patients.patient", "change", clinic.stranger.pk)).status_code == 302

    def test_nobody_elses_patient_is_found_by_any_box(self, doctor, clinic):
        slot = cast.a_slot(clinic.mine, hours=3)
        boxes = {"patients": [], "direction_patients": [], "grid_cards": [slot.guid], "directions": []}
        for name, args in boxes.items():
            for text in ("незнаком", "79005550001", clinic.stranger.polis_number, "08.03.1980"):
                answer = doctor.post(reverse(f"screens:{name}", args=args), {"text": text, "kind": "in"})
                assert answer.status_code == 200, name
                assert STRANGER not in answer.content.decode().replace(text, ""), (name, text)

    def test_nor_booked_or_referred_by_guessing_a_card(self, doctor, clinic):
        slot = cast.a_slot(clinic.mine, hours=3, channels=["Doctor"])
        answer = doctor.post(reverse("screens:grid_book", args=[slot.guid]), {"card": str(clinic.stranger.guid)})
        assert answer.status_code == 404
        assert doctor.get(reverse("screens:issue_direction"), {"patient": clinic.stranger.guid}).status_code == 404
        assert doctor.get(reverse("screens:issue_direction"), {"appointment": clinic.others.guid}).status_code == 404
        assert Appointment.objects.count() == 2

    def test_nor_a_day_of_somebody_else(self, doctor, clinic):
        asked = {"doctor": str(clinic.other.guid), "day": clinic.others.slot.day.isoformat()}
        for name in ("day", "day_changes", "day_close", "grid", "grid_changes"):
            assert doctor.get(reverse(f"screens:{name}"), asked).status_code == 404, name
        sheet = reverse("screens:day_sheet", args=[clinic.other.guid, asked["day"]])
        assert doctor.get(sheet).status_code == 404
        assert doctor.get(reverse("screens:day_repeat", args=[clinic.others.guid])).status_code == 404

    def test_a_cancelled_appointment_makes_nobody_ones_patient(self, doctor, clinic):
        clinic.book(clinic.mine, clinic.stranger, state="cancelled", hours=5)
        assert doctor.get(page("patients.patient", "change", clinic.stranger.pk)).status_code == 302
        assert not list(Patient.objects.filter(pk=clinic.stranger.pk).of_doctors(clinic.user.doctors.all()))
        clinic.book(clinic.mine, clinic.stranger, hours=6)
        assert doctor.get(page("patients.patient", "change", clinic.stranger.pk)).status_code == 200

    def test_a_namesake_who_is_no_patient_of_ones_own_is_not_shown_beside_a_card(self, doctor, client, clinic):
        cast.a_patient(clinic.lpu, family="Своев", birth_date=dt.date(1980, 3, 8), card_number="strangers-card")
        url = page("patients.patient", "change", clinic.patient.pk)
        assert "strangers-card" not in doctor.get(url).content.decode()
        client.force_login(an_employee("registrar"))
        assert "strangers-card" in client.get(url).content.decode()

    def test_takes_back_own_directions_and_nobody_elses(self, doctor, clinic):
        for author, allowed in ((clinic.other, False), (clinic.mine, True)):
            issued = an_issued(patient=clinic.patient, doctor=author)
            text = doctor.get(reverse("screens:direction", args=[issued.guid])).content.decode()
            cancel = reverse("screens:cancel_direction", args=[issued.guid])
            assert (cancel in text) == allowed
            status = doctor.post(cancel, {"reason": "ошибка"}).status_code
            issued.refresh_from_db()
            assert (status == 403, issued.cancelled_at is not None) == (not allowed, allowed)


class TestAnOperator:
    """Minds the exchange and sees nobody."""

    def test_no_screen_and_no_list_names_a_patient(self, client, clinic):
        client.force_login(an_employee("operator"))
        for model in ("patients.patient", "appointments.appointment", "directions.direction", "appointments.calltask"):
            assert client.get(page(model), {"o": "1"}).status_code == 403, model
        uploads = client.get(page("patients.cardupload"), {"o": "1"})
        one = client.get(page("patients.cardupload", "change", clinic.stranger.pk))
        history = client.get(page("patients.cardupload", "history", clinic.stranger.pk))
        for response in (uploads, one, history):
            assert response.status_code == 200
            assert STRANGER not in response.content.decode()

    def test_nor_does_the_box_of_choices(self, client, clinic):
        """Django's endpoint behind every list to choose from asks for the right to the model that is listed."""
        client.force_login(an_employee("operator"))
        asked = {"app_label": "appointments", "model_name": "calltask", "field_name": "appointment", "term": ""}
        assert client.get(reverse("admin:autocomplete"), asked).status_code == 403


class TestWrittenDown:
    """Lists and pages that name patients leave a trace."""

    def seen(self, client, url):
        """(what, cards) of the records that this page makes."""
        before = set(AccessRecord.objects.values_list("pk", flat=True))
        assert client.get(url, {"o": "1"}).status_code == 200, url
        fresh = AccessRecord.objects.exclude(pk__in=before)
        return {(record.what, record.card) for record in fresh}

    def test_the_lists(self, client, clinic):
        a_call(clinic.others)
        received = a_direction(patient=cast.a_patient(clinic.lpu))
        client.force_login(an_employee("registrar"))
        both = {("found", clinic.patient.guid), ("found", clinic.stranger.guid)}
        assert self.seen(client, page("appointments.appointment")) == both
        assert self.seen(client, page("directions.direction")) == {("found", received.patient.guid)}
        everybody = both | {("found", received.patient.guid)}
        client.force_login(an_employee("registrar"))
        assert self.seen(client, page("patients.patient")) == everybody
        client.force_login(an_employee("registrar"))
        assert self.seen(client, page("appointments.calltask")) == {("found", clinic.stranger.guid)}

    def test_the_pages(self, client, clinic):
        direction = a_direction(patient=clinic.patient)
        for url in (
            page("appointments.appointment", "change", clinic.visit.pk),
            page("appointments.appointment", "history", clinic.visit.pk),
            page("directions.direction", "change", direction.pk),
            page("patients.patient", "change", clinic.patient.pk),
            page("patients.patient", "history", clinic.patient.pk),
        ):
            client.force_login(an_employee("registrar"))
            assert self.seen(client, url) == {("opened", clinic.patient.guid)}, url

    def test_what_cannot_be_written_down_is_not_shown(self, client, clinic, monkeypatch):
        def fail(**_known):
            raise RuntimeError

        monkeypatch.setattr(access, "note", fail)
        client.force_login(an_employee("registrar"))
        client.raise_request_exception = False
        response = client.get(page("appointments.appointment"), {"o": "1"})
        assert response.status_code == 500
        assert STRANGER not in response.content.decode()


class TestRightsOfTheList:
    """The list of appointments keeps to the rights of the screens."""

    @pytest.mark.parametrize(("right", "act"), [("cancel_appointments", "cancel_one"), ("mark_visits", "visited_one")])
    def test_without_the_right_the_act_is_neither_shown_nor_done(self, client, clinic, right, act):
        user = an_employee("registrar")
        group = user.groups.get()
        group.permissions.remove(Permission.objects.get(codename=right))
        client.force_login(user)
        visit = clinic.book(clinic.mine, clinic.patient, hours=-2)
        shown = client.get(page("appointments.appointment", "change", visit.pk)).context["actions_detail"]
        assert len(shown) in (1, 2)  # the others are
        assert act.removesuffix("_one") not in [one["path"].rsplit("/", 2)[1] for one in shown]
        url = page("appointments.appointment", act, visit.pk)
        assert client.post(url, {"confirmed": "1", "reason": "проба"}).status_code == 403
        visit.refresh_from_db()
        assert visit.state == "booked"

    def test_without_booking_nothing_is_added(self, client, clinic):
        user = an_employee("registrar")
        user.groups.get().permissions.remove(Permission.objects.get(codename="book_appointments"))
        client.force_login(user)
        slot = cast.a_slot(clinic.mine, hours=9)
        form = {"slot": slot.pk, "patient": clinic.patient.pk}
        assert client.post(page("appointments.appointment", "add"), form).status_code == 403
        assert Appointment.objects.count() == 2


def test_nobody_chooses_a_password_for_a_colleague(client):
    """Whoever knows it could work under that name: a temporary one is made up instead, and must be changed."""
    client.force_login(an_employee("administrator"))
    user = an_employee("registrar")
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert client.get(url).status_code == 403
    form = {"password1": "chosen by somebody 1", "password2": "chosen by somebody 1", "usable_password": "true"}
    assert client.post(url, form).status_code == 403
    user.refresh_from_db()
    assert user.check_password("a long password")
