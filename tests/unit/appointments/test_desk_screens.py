"""The booking desk's pages: who may, what is shown, what is written, how many statements that takes."""

import datetime as dt
import re
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import formats, timezone, translation

from appointments.models import Appointment, Slot, WaitingEntry, WaitNorm
from appointments.screens.printing import Line
from appointments.services import waiting
from appointments.tickets import code_of
from directions.models import Direction
from lmis.actors import SYSTEM
from lmis.models import AccessRecord, Lpu, Position, Speciality
from lmis.text import number_key
from patients.models import Patient
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.patients import a_card, a_snils, spellings
from tests.factories.staff import an_employee
from tests.factories.waiting import an_entry, booked
from tests.statements import listed, statements

pytestmark = pytest.mark.django_db
PARTS = [
    "find", "patient", "whom", "places", "book", "over", "cancel", "mistake", "waiting", "card", "card_check",
    "card_save", "workplace",
]  # fmt: skip
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def doctor():
    return cast.a_doctor(
        speciality=Speciality.objects.create(name="хирургия"), position=Position.objects.create(name="врач-хирург")
    )


@pytest.fixture
def patient(doctor):
    return a_card(doctor.lpu)


class Desk:
    """A registrar, or somebody else, at the desk in English."""

    def __init__(self, client, *groups):
        self.client, self.who = client, an_employee(*groups)
        client.force_login(self.who)
        client.cookies["django_language"] = "en"

    def post(self, verb, **sent):
        return self.client.post(reverse(f"screens:desk_{verb}"), sent, **HTMX)

    def book(self, patient, slot, **sent):
        return self.post("book", **{"patient": patient.guid, "slot": slot.guid, "token": uuid.uuid4(), **sent})


@pytest.fixture
def desk(client):
    return Desk(client, "registrar")


@pytest.fixture
def head(client):
    made = Desk(client, "head")
    made.who.user_permissions.add(Permission.objects.get(codename="use_desk"))
    return made


def text_of(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def token_in(response):
    return re.search(r'name="token" value="([^"]+)"', response.content.decode())[1]


class TestWhoMay:
    @pytest.mark.parametrize("group", ["doctor", "head", "operator"])
    def test_others_do_not_even_look(self, client, group, doctor, patient):
        other = Desk(client, group)
        assert client.get(reverse("screens:desk")).status_code == 403
        assert {other.post(part, patient=patient.guid).status_code for part in PARTS} == {403}

    def test_nothing_is_asked_by_get(self, desk):
        codes = {desk.client.get(reverse(f"screens:desk_{part}")).status_code for part in PARTS}
        assert codes == {405}

    def test_it_is_kept_nowhere(self, desk, patient):
        for response in (desk.client.get(reverse("screens:desk")), desk.post("patient", patient=patient.guid)):
            assert "no-store" in response["Cache-Control"]
            assert "unsafe" not in response["Content-Security-Policy"]

    @pytest.mark.parametrize("part", ["patient", "whom", "places", "book", "over", "cancel", "mistake", "waiting"])
    @pytest.mark.parametrize("guid", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
    def test_what_nobody_can_have_chosen_is_not_there(self, desk, part, guid):
        if part == "over":
            desk.who.user_permissions.add(Permission.objects.get(codename="overbook"))
        assert desk.post(part, patient=guid, slot=guid, appointment=guid, token=guid).status_code == 404

    def test_a_card_of_an_institution_outside_is_not_there(self, desk):
        outside = cast.a_patient(cast.an_lpu(own=False))
        assert desk.post("patient", patient=outside.guid).status_code == 404


class TestPage:
    def test_it_shows_where_places_are_free(self, desk, doctor):
        cast.a_slot(doctor)
        response = desk.client.get(reverse("screens:desk"))
        assert "хирургия" in text_of(response)
        assert "autofocus" in response.content.decode()

    def test_statements(self, desk, doctor):
        # 1 session; 2 user; 3, 4 rights; 5 own LPUs; 6 norms; 7 calendar; 8 doctors; 9 directory of LPUs;
        # 10 to 12 alarms
        url = reverse("screens:desk")
        desk.client.get(url)
        for _ in range(5):
            cast.a_slot(cast.a_doctor(doctor.lpu))
        with statements() as found:
            desk.client.get(url)
        assert len(found) == 12, listed(found)

    def test_a_ticket_scanned_elsewhere_opens_its_patient(self, desk, doctor, patient):
        desk.book(patient, cast.a_slot(doctor))
        made = Appointment.objects.get()
        url = reverse("screens:desk")
        response = desk.client.get(url, {"appointment": made.guid})
        assert "Whom to see" in text_of(response)
        assert (
            f'class="line marked" data-line data-step tabindex="0" id="line-{made.guid}"' in response.content.decode()
        )
        assert AccessRecord.objects.get().what == "opened"
        for nobody in ("nonsense", uuid.uuid4()):
            assert "Nearest free places" in text_of(desk.client.get(url, {"appointment": nobody}))

    def test_the_workplace_is_remembered(self, desk, doctor, patient):
        slot = cast.a_slot(doctor, channels=["CallCenter"])
        assert "no places" in text_of(desk.post("patient", patient=patient.guid))
        assert desk.post("workplace", channel="CallCenter").status_code == 204
        assert "tomorrow" in text_of(desk.post("patient", patient=patient.guid))
        response = desk.book(patient, slot)
        assert Appointment.objects.get().source == "CallCenter"
        assert "print" not in response["HX-Trigger"]

    def test_no_other_channel_can_be_switched_on(self, desk):
        assert desk.post("workplace", channel="Internet").status_code == 404


class TestFind:
    def test_found_people_are_told_apart_and_noted(self, desk, patient):
        response = desk.post("find", text="ёлк")
        assert "Ёлкина Анна Петровна" in text_of(response)
        assert patient.told_apart in text_of(response)
        [noted] = AccessRecord.objects.all()
        assert (noted.user, noted.what, noted.card) == (desk.who, "found", patient.guid)

    def test_a_letter_is_too_few(self, desk, patient):
        assert "Ёлкина" not in text_of(desk.post("find", text="ё"))

    def test_with_enter_the_only_one_is_chosen(self, desk, patient):
        response = desk.post("find", text=patient.polis_number, enter="1")
        assert "Coming appointments" in text_of(response)
        assert AccessRecord.objects.get().what == "opened"

    def test_with_enter_one_of_several_is_not(self, desk, patient):
        a_card(patient.lpu)
        response = desk.post("find", text="ёлкина", enter="1")
        assert response.content.decode().count('hx-vals=\'{"patient"') == 2
        assert "Coming appointments" not in text_of(response)

    def test_nobody_leads_to_a_new_card(self, desk, doctor):
        assert "Press Enter for a new card" in text_of(desk.post("find", text="небывалый"))

    def test_what_was_typed_comes_back_as_text(self, desk):
        assert b"<script>" not in desk.post("find", text='"><script>').content

    def test_statements(self, desk, patient):
        desk.post("find", text="ёлк")
        for _ in range(5):
            a_card(patient.lpu)
        # 1 session; 2 user; 3, 4 rights; 5 own LPUs; 6 cards; 7 access log
        with statements() as found:
            desk.post("find", text="ёлк")
        assert len(found) == 7, listed(found)


class TestPerson:
    def test_all_that_is_coming(self, desk, doctor, patient):
        desk.book(patient, cast.a_slot(doctor))
        desk.book(patient, cast.a_slot(doctor, hours=30))
        a_direction(patient=patient, number="N-5", speciality_name="хирургия")
        waiting.add(patient=patient, speciality=cast.a_doctor(doctor.lpu).speciality, by=SYSTEM, now=timezone.now())
        shown = text_of(desk.post("patient", patient=patient.guid))
        assert "Booked twice: хирургия" in shown
        assert "№ N-5" in shown
        assert "On the waiting list" in shown
        assert f"since {formats.date_format(timezone.localdate(), 'SHORT_DATE_FORMAT')}" in shown
        assert shown.count(doctor.short_name) >= 2

    def test_a_merged_card_leads_to_its_survivor(self, desk, patient):
        old = a_card(patient.lpu, family="Старая")
        Patient.objects.filter(pk=old.pk).update(merged_into=patient, state="merged")
        assert "Ёлкина Анна" in text_of(desk.post("patient", patient=old.guid))

    def test_statements(self, desk, doctor, patient):
        def more():
            desk.book(patient, cast.a_slot(cast.a_doctor(doctor.lpu)))
            a_direction(patient=patient)

        more()
        desk.post("patient", patient=patient.guid)
        # 1 session; 2 user; 3, 4 rights; 5 card; 6 access log; 7 coming; 8 directions; 9 waiting list;
        # 10 norms; 11 calendar; 12 doctors; 13 coming, to mark the specialities
        counts = []
        for _ in range(2):
            with statements() as found:
                desk.post("patient", patient=patient.guid)
            counts.append(len(found))
            more()
            more()
        assert counts == [13, 13], listed(found)


class TestPlaces:
    def ask(self, desk, patient, doctor, **sent):
        return desk.post("places", patient=patient.guid, speciality=doctor.speciality_id, **sent)

    def test_nearest_of_a_speciality_with_the_norm(self, desk, doctor, patient):
        cast.a_slot(doctor)
        shown = text_of(self.ask(desk, patient, doctor))
        assert "norm: 14 working days" in shown
        assert "beyond the norm" not in shown

    @pytest.mark.parametrize(("days", "late"), [(1, False), (20, True)])
    def test_what_is_beyond_the_norm_is_red_and_says_so(self, desk, doctor, patient, days, late):
        WaitNorm.objects.filter(position_begins="", kind="").update(working_days=2)
        cast.a_slot(doctor, hours=24 * days)
        page = self.ask(desk, patient, doctor).content.decode()
        waits = re.findall(r'<span class="(wait[^"]*)">(.*?<span class="hidden-text">[^<]*</span>|[^<]*)</span>', page)
        assert waits
        assert {("late" in classes.split(), "beyond the norm" in text) for classes, text in waits} == {(late, late)}

    def test_beyond_the_norm_the_waiting_list_is_under_enter(self, desk, doctor, patient):
        WaitNorm.objects.filter(position_begins="", kind="").update(working_days=1)
        cast.a_slot(doctor, hours=24 * 10)
        response = self.ask(desk, patient, doctor)
        assert "No place within the norm. Norm: 1 working days Phone" in text_of(response)
        assert 'data-key-label="Put on the waiting list"' in response.content.decode()
        assert re.search(r'id="to-waiting"[^>]*data-focus', response.content.decode())

    @pytest.mark.parametrize("may", [True, False])
    @pytest.mark.parametrize("by_name", [True, False])
    def test_who_may_not_book_sees_places_but_no_buttons(self, client, doctor, patient, may, by_name):
        user = Desk(client)
        rights = ["use_desk", "overbook", *(["book_appointments"] if may else [])]
        user.who.user_permissions.set(Permission.objects.filter(codename__in=rights))
        slot = cast.a_slot(doctor, hours=24)
        asked = {"doctor": doctor.guid} if by_name else {"speciality": doctor.speciality_id}
        page = user.post("places", patient=patient.guid, **asked).content.decode()
        assert f"{slot.begin.astimezone(doctor.lpu.tz):%H:%M}" in page
        assert ("/desk/book/" in page, "data-place" in page, str(slot.guid) in page) == (may, may, may)
        assert re.search(r'<(button|span)[^>]* class="place', page)[1] == ("button" if may else "span")

    def test_the_kind_of_visit_narrows_it(self, desk, doctor, patient):
        cast.a_slot(doctor, hours=24 * 8)
        assert "No place within the norm" not in text_of(self.ask(desk, patient, doctor))
        assert "No place within the norm" in text_of(self.ask(desk, patient, doctor, kind="cancer"))

    def test_a_second_booking_to_the_speciality_is_warned_of(self, desk, doctor, patient):
        desk.book(patient, cast.a_slot(doctor))
        cast.a_slot(doctor, hours=30)
        assert "Already booked to this speciality" in text_of(self.ask(desk, patient, doctor))

    def test_the_only_open_direction_to_it_is_chosen_until_somebody_says_otherwise(self, desk, doctor, patient):
        cast.a_slot(doctor)
        direction = a_direction(patient=patient, speciality_name="Хирургия", speciality_code="")
        chosen = f'value="{direction.guid}" checked'
        assert chosen in self.ask(desk, patient, doctor).content.decode()
        assert chosen not in self.ask(desk, patient, doctor, direction="").content.decode()

    def test_a_direction_leads_to_its_speciality(self, desk, doctor, patient):
        cast.a_slot(doctor)
        direction = a_direction(patient=patient, speciality_name="хирургия", speciality_code="")
        response = desk.post("places", patient=patient.guid, direction=direction.guid)
        assert f'value="{direction.guid}" checked' in response.content.decode()
        assert doctor.short_name in text_of(response)

    def test_a_direction_to_nobody_here_says_so(self, desk, doctor, patient):
        direction = a_direction(patient=patient, speciality_name="аллергология", speciality_code="")
        response = desk.post("places", patient=patient.guid, direction=direction.guid)
        assert "No doctor of this speciality" in response["HX-Trigger"]

    def test_full_places_only_for_those_who_may(self, desk, doctor, patient):
        desk.book(cast.a_patient(doctor.lpu), cast.a_slot(doctor))
        asked = {"patient": patient.guid, "doctor": doctor.guid}
        assert b"place full" not in desk.post("places", **asked).content
        desk.who.user_permissions.add(Permission.objects.get(codename="overbook"))
        assert b"place full" in desk.post("places", **asked).content

    def test_statements(self, desk, doctor, patient):
        for _ in range(3):
            cast.a_slot(cast.a_doctor(doctor.lpu, speciality=doctor.speciality))
        self.ask(desk, patient, doctor)
        # 1 session; 2 user; 3, 4 rights; 5 card; 6 norms; 7 calendar; 8 doctors; 9 places; 10 coming; 11 directions
        with statements() as found:
            self.ask(desk, patient, doctor)
        assert len(found) == 11, listed(found)
        with statements() as found:  # of one doctor: the days are another one
            desk.post("places", patient=patient.guid, doctor=doctor.guid)
        assert len(found) <= 12, listed(found)


class TestBook:
    def test_booked_printed_and_ready_for_the_next(self, desk, doctor, patient):
        response = desk.book(patient, cast.a_slot(doctor))
        made = Appointment.objects.get()
        assert (made.patient, made.source, made.user) == (patient, "Registry", desk.who)
        assert "desk-done" in response["HX-Trigger"]
        assert reverse("screens:ticket", args=[made.guid]) in response["HX-Trigger"]

    def test_twice_pressed_once_booked(self, desk, doctor, patient):
        token = uuid.uuid4()
        slot = cast.a_slot(doctor, capacity=2)
        assert [desk.book(patient, slot, token=token).status_code for _ in range(2)] == [200, 200]
        assert Appointment.objects.count() == 1

    def test_a_lost_place_keeps_all_and_offers_five_others_under_enter(self, desk, doctor, patient):
        lost = cast.a_slot(doctor)
        others = [cast.a_slot(doctor, hours=hours) for hours in range(30, 37)]
        form = {
            "speciality": doctor.speciality_id, "direction": "paper", "paper_lpu": "Районная больница",
            "paper_number": "77", "part": "morning", "kind": "heart",
        }  # fmt: skip
        token = uuid.uuid4()
        desk.book(cast.a_patient(doctor.lpu), lost)
        response = desk.book(patient, lost, token=token, **form)
        page = response.content.decode()
        assert response.status_code == 409
        assert "The place has just been taken" in page
        free = page[page.index("Free instead") : page.index('class="order-places"')]
        assert re.findall(r'"slot": "([^"]+)"', free) == [str(slot.guid) for slot in others[:5]]
        assert free.count("data-focus") == 1
        assert 'value="Районная больница"' in page
        assert 'value="77"' in page
        assert token_in(response) == str(token)
        assert not Direction.objects.exists()
        assert desk.book(patient, others[0], token=token, **form).status_code == 200
        assert Appointment.objects.get(patient=patient).direction.number == "77"

    def test_already_there_says_where(self, desk, doctor, patient):
        slot = cast.a_slot(doctor)
        desk.book(patient, slot)
        response = desk.book(patient, slot)
        assert response.status_code == 409
        assert "already has an appointment" in text_of(response)

    def test_by_an_open_direction(self, desk, doctor, patient):
        direction = a_direction(patient=patient)
        assert desk.book(patient, cast.a_slot(doctor), direction=direction.guid).status_code == 200
        assert Appointment.objects.get().direction == direction

    def test_somebody_elses_direction_is_not_there(self, desk, doctor, patient):
        direction = a_direction(patient=cast.a_patient(doctor.lpu))
        assert desk.book(patient, cast.a_slot(doctor), direction=direction.guid).status_code == 404
        assert not Appointment.objects.exists()

    def test_a_paper_with_a_wrong_date_is_told(self, desk, doctor, patient):
        slot = cast.a_slot(doctor)
        form = {"direction": "paper", "paper_lpu": "x", "paper_day": "99.99.2026", "doctor": doctor.guid}
        response = desk.book(patient, slot, **form)
        assert "Look at the row of the direction" in text_of(response)
        assert "99.99.2026" in response.content.decode()
        assert not Appointment.objects.exists()

    @pytest.mark.parametrize("wrong", [{"wait_last": "99.99.2026"}, {"wait_note": "x" * 501}, {"phone": "9" * 65}])
    def test_what_is_wrong_beside_the_row_keeps_no_paper_from_being_booked(self, desk, doctor, patient, wrong):
        form = {"direction": "paper", "paper_lpu": "x", "doctor": doctor.guid, **wrong}
        desk.book(patient, cast.a_slot(doctor), **form)
        assert Appointment.objects.get().direction.lpu_from.name == "x"

    def test_a_paper_needs_its_right(self, head, doctor, patient):
        slot = cast.a_slot(doctor)
        assert head.book(patient, slot, direction="paper", paper_lpu="x").status_code == 403
        assert not Direction.objects.exists()

    def test_statements(self, desk, doctor, patient):
        slot, token = cast.a_slot(doctor), uuid.uuid4()
        desk.book(cast.a_patient(doctor.lpu), cast.a_slot(doctor, hours=30))
        # 1 session; 2 user; 3, 4 rights; 5 card; 6–12 the booking, whose limits travel with BEGIN; 13 what was booked;
        # 14 coming; 15 directions; 16 waiting list; and the savepoint of the test's own transaction
        with statements() as found:
            desk.book(patient, slot, token=token)
        assert len([sql for sql in found if "SAVEPOINT" not in sql]) == 16, listed(found)


class TestOverPlan:
    def full(self, desk, doctor):
        slot = cast.a_slot(doctor)
        desk.book(cast.a_patient(doctor.lpu), slot)
        return slot

    def test_refused_without_the_right(self, desk, doctor, patient):
        slot = self.full(desk, doctor)
        assert desk.post("over", patient=patient.guid, slot=slot.guid).status_code == 403
        assert desk.book(patient, slot, over_reason="acute pain").status_code == 403
        assert Appointment.objects.count() == 1

    def test_with_the_right_and_a_reason(self, head, doctor, patient):
        slot = self.full(head, doctor)
        assert "one more patient" in text_of(head.post("over", patient=patient.guid, slot=slot.guid))
        response = head.book(patient, slot, over_reason="acute pain")
        made = Appointment.objects.get(patient=patient)
        assert (made.over_plan, made.over_reason) == (True, "acute pain")
        assert "beyond the plan" in text_of(response)

    def test_a_blank_reason_is_none(self, head, doctor, patient):
        slot = self.full(head, doctor)
        assert head.book(patient, slot, over_reason="   ").status_code == 409
        assert Appointment.objects.count() == 1


class TestMoveAndCancel:
    @pytest.fixture
    def made(self, desk, doctor, patient):
        desk.book(patient, cast.a_slot(doctor))
        return Appointment.objects.get()

    def test_the_move_begins_with_the_same_doctor(self, desk, doctor, patient, made):
        cast.a_slot(doctor, hours=30)
        shown = text_of(desk.post("whom", patient=patient.guid, moving=made.guid))
        assert "Choose the new place" in shown
        assert doctor.short_name in shown
        assert "Already booked to this speciality" not in shown

    def test_the_next_of_several_visits_stands_at_the_speciality(self, desk, doctor, patient):
        later, earlier = (booked(cast.a_slot(doctor, hours=hours), patient) for hours in (24 * 9, 24 * 3))
        shown = {
            one["field"].speciality: one["booked"] for one in desk.post("whom", patient=patient.guid).context["fields"]
        }
        assert shown[doctor.speciality] == earlier
        assert later != earlier

    @pytest.mark.parametrize(("speciality", "told"), [("хирургия", False), ("Хирургия", False), ("терапия", True)])
    def test_a_move_tells_that_the_direction_is_to_another_speciality(self, desk, doctor, patient, speciality, told):
        direction = a_direction(patient=patient, speciality_code="", speciality_name=speciality)
        made = booked(cast.a_slot(doctor, hours=24), patient, direction=direction)
        cast.a_slot(doctor, hours=48)
        asked = {"patient": patient.guid, "moving": made.guid, "speciality": doctor.speciality.pk}
        assert ("The direction is to" in text_of(desk.post("places", **asked))) is told
        assert "The direction is to" not in text_of(desk.post("places", **{**asked, "moving": ""}))

    def test_moved(self, desk, doctor, patient, made):
        target = cast.a_slot(doctor, hours=30)
        response = desk.book(patient, target, moving=made.guid)
        assert Appointment.objects.get().slot == target
        assert "Moved." in response["HX-Trigger"]

    def test_after_cancelling_whom_to_call_first_for_the_place(self, desk, patient, made):
        an_entry(made.slot.doctor, patient=patient, urgent=True)  # has just given the place up
        first, _second = (an_entry(made.slot.doctor) for _each in range(2))
        asked = {"patient": patient.guid, "appointment": made.guid, "reason": "The patient asked"}
        answer = desk.post("cancel", **asked)
        assert answer.context["freed"] == first
        shown = text_of(answer)
        assert f"call first {first.patient.short_name} {first.patient.told_apart} +7 900 111-22-33" in shown
        assert f"{reverse('screens:waiting')}?speciality={first.speciality_id}" in answer.content.decode()
        assert AccessRecord.objects.filter(card=first.patient.guid, what="found", screen="desk").count() == 1

    def test_nobody_is_named_to_whoever_may_not_see_the_list_or_for_a_place_not_booked_here(self, desk, patient, made):
        first = an_entry(made.slot.doctor)
        asked = {"patient": patient.guid, "reason": "The patient asked"}
        Slot.objects.filter(pk=made.slot_id).update(channels=["Internet"])
        assert desk.post("cancel", appointment=made.guid, **asked).context["freed"] is None
        other = booked(cast.a_slot(made.slot.doctor, hours=80), patient)
        rights = {"use_desk", "cancel_appointments", "view_patient"}
        desk.who.groups.clear()
        desk.who.user_permissions.set(Permission.objects.filter(codename__in=rights))
        answer = desk.post("cancel", appointment=other.guid, **asked)
        assert answer.context["freed"] is None
        assert not AccessRecord.objects.filter(card=first.patient.guid).exists()

    def test_in_a_live_queue_its_stretch_is_told_wherever_the_appointment_is(self, desk, patient, doctor):
        begin = dt.datetime.combine(timezone.localdate() + dt.timedelta(days=2), dt.time(11, 15), tzinfo=dt.UTC)
        slot = cast.a_slot(doctor, begin=begin, minutes=105, capacity=5, is_queue=True, numbers=5)
        stretch = f"live queue {begin.astimezone(doctor.lpu.tz):%H:%M}–{slot.end.astimezone(doctor.lpu.tz):%H:%M}"
        booked = text_of(desk.book(patient, slot))
        assert booked.count(stretch) == 2  # among the coming appointments and as the one just booked
        made = Appointment.objects.get(patient=patient, slot=slot)
        asked = {"patient": patient.guid, "appointment": made.guid}
        assert stretch in text_of(desk.post("cancel", **asked))
        moving = desk.post("whom", patient=patient.guid, moving=made.guid)
        assert stretch in text_of(moving)
        assert stretch in text_of(desk.post("find", text=code_of(made)))
        assert stretch in text_of(desk.book(patient, slot))
        with translation.override("en"):
            assert Line.of(made, doctor.lpu.tz).time == stretch

    def test_cancelled_with_a_reason(self, desk, patient, made):
        asked = {"patient": patient.guid, "appointment": made.guid}
        assert "Reason" in text_of(desk.post("cancel", **asked))
        refused = desk.post("cancel", **asked, reason=" ")
        assert (refused.status_code, refused["HX-Retarget"]) == (409, "#dialog-body")
        desk.post("cancel", **asked, reason="The patient asked")
        made.refresh_from_db()
        assert (made.state, made.cancel_reason) == ("cancelled", "The patient asked")

    def test_another_patients_is_not_there(self, desk, doctor, made):
        other = cast.a_patient(doctor.lpu)
        assert desk.post("cancel", patient=other.guid, appointment=made.guid, reason="x").status_code == 404
        response = desk.post("mistake", patient=other.guid, appointment=made.guid)
        made.refresh_from_db()
        assert (response.status_code, made.state) == (409, "booked")

    def test_a_mistake_is_taken_back(self, desk, patient, made):
        desk.post("mistake", patient=patient.guid, appointment=made.guid)
        made.refresh_from_db()
        assert (made.state, made.mistake) == ("cancelled", True)


class TestNewborn:
    """Somebody born this night, where the clinic's day has begun and that of the server's zone has not."""

    @pytest.fixture
    def night(self, desk, doctor, monkeypatch):
        Lpu.objects.update(time_zone="Asia/Kamchatka")
        monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC))
        return desk

    def test_may_have_a_card(self, night):
        typed = {"family": "Новая", "birth_date": "23.11.2026"}
        assert "This day is yet to come" not in text_of(night.post("card_check", **typed))
        night.post("card_save", **typed)
        assert Patient.objects.get(family="Новая").birth_date == dt.date(2026, 11, 23)

    def test_tomorrow_is_yet_to_come(self, night):
        assert "This day is yet to come" in text_of(night.post("card_check", family="Новая", birth_date="24.11.2026"))

    def test_is_found_by_the_birth_date(self, night, doctor):
        card = a_card(doctor.lpu, birth_date=dt.date(2026, 11, 23))
        assert card.full_name in text_of(night.post("find", text="23.11.2026"))

    def test_the_box_goes_into_the_form(self, night):
        assert 'value="23.11.2026"' in night.post("card", text="23.11.2026").content.decode()


class TestWaitingList:
    def test_for_the_speciality_by_the_norms_last_day(self, desk, doctor, patient):
        direction = a_direction(patient=patient)
        sent = {"speciality": doctor.speciality_id, "part": "evening", "days": "weekday", "phone": "79001112233"}
        desk.post("waiting", patient=patient.guid, direction=direction.guid, kind="cancer", **sent)
        entry = WaitingEntry.objects.get()
        assert (entry.speciality, entry.doctor, entry.direction) == (doctor.speciality, None, direction)
        assert (entry.part, entry.weekdays, entry.phone, entry.urgent) == (
            "evening",
            [1, 2, 3, 4, 5],
            "79001112233",
            True,
        )
        assert 3 <= (entry.due - timezone.localdate()).days <= 5 + 14

    def test_for_the_doctor(self, desk, doctor, patient):
        desk.post("waiting", patient=patient.guid, doctor=doctor.guid, phone="79001112233")
        assert WaitingEntry.objects.get().doctor == doctor

    def test_with_a_last_day_single_weekdays_and_a_note(self, desk, doctor, patient):
        last = timezone.localdate() + dt.timedelta(days=20)
        sent = {"days": "weekday", "wait_last": last.isoformat(), "wait_weekdays": [2, 4], "wait_note": "после 15-го"}
        left = text_of(
            desk.post("waiting", patient=patient.guid, doctor=doctor.guid, phone="79001112233", **sent)
        ).partition("Whom to see?")[0]
        entry = WaitingEntry.objects.get()
        assert (entry.last_day, entry.weekdays, entry.note) == (last, [2, 4], "после 15-го")
        for told in (f"– {last:%m/%d}", "Tue, Thu", "после 15-го"):
            assert told in left

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"phone": " "}, "Without a phone"),
            ({"wait_last": "2020-01-01"}, "The last day is before the first one"),
            ({"wait_last": "никогда"}, "Not later than: "),
            ({"wait_weekdays": [8]}, "Only on these weekdays: "),
            ({"wait_note": "ж" * 501}, "Note: "),
            ({"phone": "9" * 65}, "Phone: "),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_filled_in_stays(self, desk, doctor, patient, wrong, told):
        filled = {"phone": "79005554433", "wait_weekdays": [3], "wait_note": "звонить вечером"} | wrong
        response = desk.post("waiting", patient=patient.guid, doctor=doctor.guid, **filled)
        assert (response.status_code, told in text_of(response)) == (409, True)
        assert not WaitingEntry.objects.exists()
        page = response.content.decode()
        assert f'id="waiting-phone" value="{filled["phone"]}"' in page
        assert f'name="wait_note" value="{filled["wait_note"]}"' in page
        assert re.search(r'<details class="to-waiting" open>', page)
        assert ('value="3" id="id_wait_weekdays_2" checked' in page) == (3 in filled["wait_weekdays"])

    def test_the_quick_case_is_folded(self, desk, doctor, patient):
        page = desk.post("places", patient=patient.guid, speciality=doctor.speciality_id).content.decode()
        assert '<details class="to-waiting">' in page
        assert f'id="waiting-phone" value="{patient.phone}"' in page

    def test_without_a_phone_nobody_can_be_called(self, desk, doctor, patient):
        response = desk.post("waiting", patient=patient.guid, doctor=doctor.guid, phone=" ")
        assert response.status_code == 409
        assert "Without a phone" in text_of(response)
        assert not WaitingEntry.objects.exists()


class TestNewCard:
    FORM = {
        "family": "Новиков", "name": "Пётр", "patronymic": "Ильич", "birth_date": "05031961", "sex": "M",
        "phone": "79001112233", "no_polis_reason": "",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("новиков пётр ильич", {"family": "Новиков", "name": "Пётр", "patronymic": "Ильич"}),
            ("yjdbrjd", {"family": "Новиков"}),
            ("иванов ии 1956", {"family": "Иванов", "name": None}),
            ("Smith John", {"family": "Smith", "name": "John"}),
            ("новиков 05.03.1961", {"family": "Новиков", "birth_date": "05.03.1961"}),
            ("05.03.1961", {"birth_date": "05.03.1961"}),
            ("4510 123456", {"polis_series": "4510", "polis_number": "123456"}),
        ],
    )
    def test_what_was_typed_is_filled_in(self, desk, doctor, text, expected):
        page = desk.post("card", text=text).content.decode()
        shown = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        assert {name: shown.get(name) for name in expected} == expected

    def test_checked_as_one_types_and_likely_duplicates_shown(self, desk, patient):
        names = {"family": "Елкина", "name": "Анна", "patronymic": "Петровна", "birth_date": "29.02.1980"}
        response = desk.post("card_check", **names, snils="12345678901", sex="M")
        shown = text_of(response)
        assert patient.told_apart in shown
        assert "This is the one" in shown
        page = response.content.decode()
        assert re.search(r'id="hint-snils" class="hint errors"[^>]*>[^<]+', page)
        assert re.search(r'id="hint-sex" class="hint"[^>]*>[^<]+', page)
        assert not Patient.objects.filter(snils="12345678901").exists()

    def test_fields_not_yet_reached_are_not_complained_of(self, desk, doctor):
        page = desk.post("card_check", family="Новиков").content.decode()
        assert re.findall(r'class="hint errors"[^>]*>([^<]+)', page) == []

    @pytest.mark.parametrize(
        ("typed", "asked"),
        [
            ({"family": "Новиков"}, set()),
            ({"family": "Новиков", "name": "Пётр"}, {"polis_number"}),
            ({"birth_date": "05.03.1961"}, {"polis_number"}),
            ({"birth_date": "05.03.2025"}, {"polis_number", "representative"}),
            ({"birth_date": "05.03.2025", "representative": "мать"}, {"polis_number"}),
            ({"birth_date": "05.03.1961", "no_polis_reason": "newborn"}, set()),
            ({"birth_date": "05.03.1961", "polis_number": "7700000000000001"}, set()),
        ],
    )
    def test_why_there_is_no_polis_and_who_comes_with_a_child_is_asked(self, desk, doctor, typed, asked):
        page = desk.post("card_check", **typed).content.decode()
        shown = re.findall(r'id="hint-(\w+)" class="hint"[^>]*>([^<]+)', page)
        assert {name for name, text in shown if "No polis" in text or "A child" in text} == asked

    @pytest.mark.parametrize("typed", ["12.03.56", "120356", "12 03 56", "12-3-56", "12/03/56"])
    def test_a_year_of_two_digits_is_the_last_that_ended_so(self, desk, doctor, typed):
        desk.post("card_save", **self.FORM | {"birth_date": typed})
        assert Patient.objects.get().birth_date == dt.date(1956, 3, 12)

    def test_such_a_year_may_be_this_century_and_a_whole_one_is_taken_as_it_is(self, desk, doctor):
        desk.post("card_save", **self.FORM | {"birth_date": "12.03.19"})
        assert Patient.objects.get().birth_date == dt.date(2019, 3, 12)
        for typed in ("12.03.2090", "2090-03-12"):
            page = desk.post("card_check", birth_date=typed).content.decode()
            assert re.search(r'id="hint-birth_date" class="hint errors"[^>]*>[^<]+', page)

    def test_made_and_gone_on_with(self, desk, doctor):
        response = desk.post("card_save", **self.FORM, polis_number="7700000000000001")
        made = Patient.objects.get()
        assert (made.lpu, made.full_name, made.phone) == (doctor.lpu, "Новиков Пётр Ильич", "79001112233")
        assert made.created_by == desk.who.username
        assert "Whom to see" in text_of(response)

    def test_wrong_fields_are_told_and_nothing_is_made(self, desk, doctor):
        response = desk.post("card_save", **self.FORM | {"birth_date": "31.02.1961", "polis_number": "12"})
        page = response.content.decode()
        assert len(re.findall(r'class="hint errors">[^<]+', page)) == 2
        assert 'value="Новиков"' in page
        assert not Patient.objects.exists()

    def test_a_polis_in_groups_of_digits_is_kept_as_the_region_knows_it(self, desk, doctor):
        desk.post("card_save", **self.FORM, polis_number="7700 0000 0000 0001")
        assert Patient.objects.get().polis_number == "7700000000000001"

    def test_a_number_that_was_copied_from_somewhere_is_one_number(self, desk, doctor):
        number, snils = "7700000000000001", a_snils()
        for spelled, digits in zip(spellings(number), spellings(snils), strict=True):
            desk.post("card_save", **self.FORM, polis_number=spelled, snils=digits)
            assert number_key(Patient.objects.get().polis_number) == number
            assert Patient.objects.get().snils == snils
            assert "This is the one" in text_of(desk.post("card_save", **self.FORM, polis_number=number))
            Patient.objects.all().delete()

    def test_who_has_a_card_is_shown_instead(self, desk, patient):
        form = {"family": "Ёлкина", "name": "Анна", "birth_date": "29.02.1980", "polis_number": patient.polis_number}
        response = desk.post("card_save", **form)
        assert "This is the one" in text_of(response)
        assert Patient.objects.count() == 1

    @pytest.mark.parametrize(
        "same",
        [
            {"polis_number": "7700000000000009"},
            {"document_series": "4510", "document_number": "123456"},
            {"snils": a_snils()},
            {"family": "Новиков", "name": "Пётр", "patronymic": "Ильич", "birth_date": dt.date(1961, 3, 5)},
        ],
        ids=["polis", "document", "snils", "names"],
    )
    def test_who_it_may_be_already_is_shown_before_a_card_is_made(self, desk, doctor, same):
        others = {"family": "Сомова", "name": "Ольга", "patronymic": "", "birth_date": dt.date(1990, 1, 2)}
        papers = {"polis_number": "", "document_number": "", "snils": ""}
        known = a_card(doctor.lpu, **others | papers | same)
        typed = self.FORM | {name: value for name, value in same.items() if name != "birth_date"}
        response = desk.post("card_save", **typed)
        assert list(Patient.objects.all()) == [known]
        page = response.content.decode()
        assert f'name="seen" value="{known.guid}" form="card-form"' in page
        assert 'id="card-form"' in page
        assert 'value="Новиков"' in page
        assert AccessRecord.objects.exists()
        desk.post("card_save", **typed, seen=["7", str(uuid.uuid4())])
        assert Patient.objects.count() == 1
        desk.post("card_save", **typed, seen=[str(known.guid)])
        assert Patient.objects.count() == 2

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("8 (900) 765-43-21; 89001112233", ["8 (900) 765-43-21", "89001112233"]),
            ("79007654321, 79001112233;", ["79007654321", "79001112233"]),
            ("8 (495) 765-43-21, доб. 12", ["8 (495) 765-43-21, доб. 12"]),
        ],
    )
    def test_several_phones_are_kept_one_by_one(self, desk, doctor, typed, kept):
        desk.post("card_save", **self.FORM | {"phone": typed})
        made = Patient.objects.get()
        assert [made.phone, *made.phones.values_list("number", flat=True)] == kept

    @pytest.mark.parametrize("typed", ["abc", ";"])
    def test_a_phone_without_a_digit_is_none(self, desk, doctor, typed):
        page = desk.post("card_save", **self.FORM | {"phone": typed}).content.decode()
        assert re.search(r'id="hint-phone" class="hint errors">[^<]+', page)
        assert not Patient.objects.exists()
