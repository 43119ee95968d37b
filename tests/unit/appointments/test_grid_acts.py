"""What can be done on the grid: by whom, through the services, and that a refusal changes nothing."""

import datetime as dt
import json

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment, Slot, WaitingEntry
from appointments.services import booking, waiting
from lmis.actors import SYSTEM, Actor
from lmis.models import AccessRecord, Source
from patients.models import Patient
from tests.factories import cast
from tests.factories.directions import a_direction
from tests.factories.staff import an_employee
from tests.factories.waiting import an_entry

pytestmark = pytest.mark.django_db
EN = {"HX-Request": "true", "accept-language": "en"}


@pytest.fixture
def doctor():
    return cast.a_doctor(cast.an_lpu())


def entered(client, *groups, doctor=None, **rights):
    client.who = an_employee(*groups)
    if doctor is not None:
        doctor.user = client.who
        doctor.save()
    client.force_login(client.who)
    return client


@pytest.fixture
def desk(client):
    return entered(client, "registrar")


def booked(slot, *, by=SYSTEM, patient=None):
    return booking.book(
        slot_guid=slot.guid,
        patient=patient or cast.a_patient(slot.doctor.lpu),
        source=Source.REGISTRY,
        channels=set(Source.values),
        by=by,
        now=min(timezone.now(), slot.begin - dt.timedelta(minutes=1)),
    )


def place(name, slot):
    return reverse(f"screens:grid_{name}", args=[slot.guid])


def act(client, name, appointment, **data):
    return client.post(reverse("screens:grid_act", args=[appointment.guid, name]), data, headers=EN)


def again(thing):
    return type(thing).objects.get(pk=thing.pk)


class TestBooking:
    def test_found_and_booked_with_the_ticket_printed(self, desk, doctor):
        slot, card = cast.a_slot(doctor), cast.a_patient(doctor.lpu, family="Ёлкина")
        found = desk.post(place("cards", slot), {"text": "елк"}, headers=EN)
        assert str(card.guid) in found.content.decode()
        assert AccessRecord.objects.get().what == "found"
        response = desk.post(place("book", slot), {"card": card.guid, "source": "CallCenter"}, headers=EN)
        assert response.status_code == 409  # open to the window, not to the telephone
        assert not Appointment.objects.exists()

    def test_through_the_channel_that_was_chosen(self, desk, doctor):
        slot = cast.a_slot(doctor, channels=[Source.CALL_CENTER, Source.REGISTRY])
        card = cast.a_patient(doctor.lpu)
        response = desk.post(place("book", slot), {"card": card.guid, "source": "CallCenter"}, headers=EN)
        made = Appointment.objects.get()
        assert (made.patient, made.source, made.user) == (card, "CallCenter", desk.who)
        assert reverse("screens:ticket", args=[made.guid]) in response.headers["HX-Trigger"]
        assert LogEntry.objects.filter(actor=desk.who, content_type__model="appointment").exists()

    def test_who_waited_for_it_waits_no_longer(self, desk, doctor):
        slot, card = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
        waiting.add(patient=card, doctor=doctor, phone="79000000000", by=SYSTEM, now=timezone.now())
        desk.post(place("book", slot), {"card": card.guid}, headers=EN)
        assert not WaitingEntry.objects.open().exists()

    def test_a_place_lost_meanwhile_is_said_and_nothing_has_changed(self, desk, doctor):
        slot, card = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
        booked(slot)
        response = desk.post(place("book", slot), {"card": card.guid}, headers=EN)
        assert response.status_code == 409
        assert "just been taken" in response.content.decode()
        assert Appointment.objects.count() == 1

    def test_for_a_place_lost_meanwhile_the_patient_stays_chosen_and_others_are_offered(self, desk, doctor):
        slot, near = cast.a_slot(doctor), cast.a_slot(doctor, hours=30)
        closed = cast.a_slot(doctor, hours=28, channels=[Source.CALL_CENTER])
        first, card = booked(slot).patient, cast.a_patient(doctor.lpu, family="Ёлкина")
        answer = desk.post(place("book", slot), {"card": card.guid, "source": "Registry"}, headers=EN)
        shown = answer.content.decode()
        assert card.full_name in shown
        assert str(first.guid) not in shown
        assert place("book", near) in shown
        assert place("book", closed) not in shown
        assert "grid-changed" in answer["HX-Trigger"]
        assert [str(row.card) for row in AccessRecord.objects.filter(what="opened")] == [str(card.guid)]
        sent = json.loads(answer.context["chosen"])
        assert sent == {"card": str(card.guid), "source": "Registry"}
        assert desk.post(place("book", near), sent, headers=EN).status_code == 200
        assert Appointment.objects.get(patient=card).slot == near

    def test_a_doctor_is_offered_own_places_only(self, client, doctor):
        known, colleague = cast.a_patient(doctor.lpu), cast.a_doctor(doctor.lpu, speciality=doctor.speciality)
        booked(cast.a_slot(doctor, hours=48), patient=known)
        slot = cast.a_slot(doctor, channels=[Source.DOCTOR])
        own, theirs = (cast.a_slot(who, hours=30, channels=[Source.DOCTOR]) for who in (doctor, colleague))
        booked(slot)
        entered(client, "doctor", doctor=doctor)
        shown = client.post(place("book", slot), {"card": known.guid}, headers=EN).content.decode()
        assert place("book", own) in shown
        assert place("book", theirs) not in shown

    @pytest.mark.parametrize("card", ["", "x", "00000000-0000-0000-0000-000000000000"])
    def test_no_card(self, desk, doctor, card):
        assert desk.post(place("book", cast.a_slot(doctor)), {"card": card}, headers=EN).status_code == 404

    def test_beyond_the_plan_with_right_and_reason_only(self, client, doctor):
        slot, card = cast.a_slot(doctor), cast.a_patient(doctor.lpu)
        booked(slot)
        entered(client, "registrar")
        assert client.post(place("book", slot), {"card": card.guid, "reason": "acute"}, headers=EN).status_code == 403
        assert "Book over plan" not in client.get(place("place", slot), headers=EN).content.decode()
        entered(client, "head")
        assert "Book over plan" in client.get(place("place", slot), headers=EN).content.decode()
        assert client.post(place("book", slot), {"card": card.guid, "reason": " "}, headers=EN).status_code == 409
        assert client.post(place("book", slot), {"card": card.guid, "reason": "acute"}, headers=EN).status_code == 200
        made = Appointment.objects.get(patient=card)
        assert (made.over_plan, made.over_reason) == (True, "acute")
        assert (again(slot).booked, again(slot).overbooked) == (2, 1)


class TestWaiting:
    """A free place says whom to call first."""

    def test_the_first_to_call_with_phone_booked_in_one_click(self, desk, doctor):
        slot, later, first = cast.a_slot(doctor), an_entry(doctor), an_entry(doctor, urgent=True)
        shown = desk.get(place("place", slot), headers=EN)
        assert shown.context["waiting"] == [first, later]
        assert "+7 900 111-22-33" in shown.content.decode()
        noted = AccessRecord.objects.filter(what="found").values_list("card", flat=True)
        assert set(noted) == {first.patient.guid, later.patient.guid}
        answer = desk.post(place("serve", slot), {"entry": first.guid, "source": "Registry"}, headers=EN)
        made = Appointment.objects.get()
        assert (made.patient, made.slot, made.source) == (first.patient, slot, "Registry")
        assert reverse("screens:ticket", args=[made.guid]) in answer.headers["HX-Trigger"]
        assert list(WaitingEntry.objects.open()) == [later]

    def test_nobody_for_whom_it_does_not_suit(self, desk, doctor):
        slot = cast.a_slot(doctor)
        an_entry(doctor, weekdays=[slot.day.isoweekday() % 7 + 1])
        an_entry(cast.a_doctor(doctor.lpu))
        assert desk.get(place("place", slot), headers=EN).context["waiting"] == []

    def test_nobody_at_a_place_that_cannot_be_booked(self, desk, doctor):
        full, elsewhere = cast.a_slot(doctor), cast.a_slot(doctor, hours=30, channels=[Source.INTERNET])
        booked(full)
        an_entry(doctor)
        for slot in (full, elsewhere):
            assert desk.get(place("place", slot), headers=EN).context["waiting"] == []

    @pytest.mark.parametrize("right", ["book_appointments", "use_waiting_list"])
    def test_with_both_rights_only(self, client, doctor, right):
        slot, entry = cast.a_slot(doctor), an_entry(doctor)
        user = an_employee("registrar")
        user.groups.clear()
        kept = {"use_grid", "use_desk", "book_appointments", "use_waiting_list", "view_patient"} - {right}
        user.user_permissions.set(Permission.objects.filter(codename__in=kept))
        client.force_login(user)
        assert entry.phone not in client.get(place("place", slot), headers=EN).content.decode().replace(" ", "")
        assert client.get(place("place", slot), headers=EN).context["waiting"] == []
        assert client.post(place("serve", slot), {"entry": entry.guid}, headers=EN).status_code == 403
        assert not Appointment.objects.exists()

    def test_one_whom_a_colleague_has_served_is_refused(self, desk, doctor):
        slot, entry = cast.a_slot(doctor), an_entry(doctor)
        waiting.close(guid=entry.guid, reason="x", by=SYSTEM, now=timezone.now())
        answer = desk.post(place("serve", slot), {"entry": entry.guid}, headers=EN)
        assert answer.status_code == 409
        assert not Appointment.objects.exists()

    def test_for_a_place_lost_meanwhile_whoever_waits_is_offered_others(self, desk, doctor):
        slot, near, entry = cast.a_slot(doctor), cast.a_slot(doctor, hours=30), an_entry(doctor)
        booked(slot)
        answer = desk.post(place("serve", slot), {"entry": entry.guid}, headers=EN)
        assert answer.status_code == 409
        assert entry.patient.full_name in answer.content.decode()
        assert place("serve", near) in answer.content.decode()
        assert desk.post(place("serve", near), json.loads(answer.context["chosen"]), headers=EN).status_code == 200
        assert not WaitingEntry.objects.open().exists()

    @pytest.mark.parametrize("entry", ["", "x", "00000000-0000-0000-0000-000000000000"])
    def test_no_entry(self, desk, doctor, entry):
        assert desk.post(place("serve", cast.a_slot(doctor)), {"entry": entry}, headers=EN).status_code == 404

    def test_the_channel_is_that_of_the_workplace(self, desk, doctor):
        slot = cast.a_slot(doctor, channels=["Registry", "CallCenter"])
        assert desk.get(place("place", slot), headers=EN).context["source"] == "Registry"
        desk.post(reverse("screens:desk_workplace"), {"channel": "CallCenter"})
        assert desk.get(place("place", slot), headers=EN).context["source"] == "CallCenter"


class TestDoctor:
    def test_books_own_patients_through_the_own_channel(self, client, doctor):
        known, stranger = (cast.a_patient(doctor.lpu, family=f"Ёлкин{word}") for word in ("а", "ский"))
        booked(cast.a_slot(doctor, hours=48), patient=known)
        slot = cast.a_slot(doctor, channels=[Source.DOCTOR, Source.REGISTRY])
        entered(client, "doctor", doctor=doctor)
        found = client.post(place("cards", slot), {"text": "елк"}, headers=EN).content.decode()
        assert str(known.guid) in found
        assert str(stranger.guid) not in found
        assert client.post(place("book", slot), {"card": stranger.guid}, headers=EN).status_code == 404
        assert client.post(place("book", slot), {"card": known.guid}, headers=EN).status_code == 200
        assert Appointment.objects.get(slot=slot).source == "Doctor"

    def test_not_a_place_of_the_desk(self, client, doctor):
        known = cast.a_patient(doctor.lpu)
        booked(cast.a_slot(doctor, hours=48), patient=known)
        slot = cast.a_slot(doctor)
        entered(client, "doctor", doctor=doctor)
        assert client.post(place("book", slot), {"card": known.guid}, headers=EN).status_code == 409
        assert not Appointment.objects.filter(slot=slot).exists()

    def test_nothing_of_a_colleague(self, client, doctor):
        colleague = cast.a_doctor(doctor.lpu)
        theirs = booked(cast.a_slot(colleague))
        entered(client, "doctor", doctor=doctor)
        for name in ("arrive", "visited", "cancel", "mistake", "undo"):
            assert act(client, name, theirs, reason="x").status_code == 404
        free = cast.a_slot(colleague, hours=30)
        for name in ("book", "block", "cards"):
            assert client.post(place(name, free), {}, headers=EN).status_code in (403, 404)
        assert again(theirs).state == "booked"


class TestMovedByMistake:
    def test_goes_back_in_one_act_and_the_old_place_is_shown(self, desk, doctor):
        old, new = cast.a_slot(doctor), cast.a_slot(doctor, hours=30)
        made = booked(old, by=Actor.of_user(desk.who))
        shown = desk.post(reverse("screens:grid_move", args=[made.guid]), {"to": new.guid}, headers=EN)
        assert "Moved by mistake" in shown.content.decode()
        assert "Registrar&#x27;s mistake" not in shown.content.decode()
        answer = act(desk, "move_back", made)
        assert (answer.status_code, answer.context["slot"], again(made).slot) == (200, old, old)
        assert "Moved by mistake" not in answer.content.decode()

    def test_is_refused_clearly_when_the_old_place_is_gone(self, desk, doctor):
        old, new = cast.a_slot(doctor), cast.a_slot(doctor, hours=30)
        made = booked(old)
        desk.post(reverse("screens:grid_move", args=[made.guid]), {"to": new.guid}, headers=EN)
        booked(old)
        answer = act(desk, "move_back", made)
        assert answer.status_code == 409
        assert "old place is no longer free" in answer.content.decode()
        assert again(made).slot == new


RIGHTS = {
    "arrive": "mark_visits",
    "leave": "mark_visits",
    "visited": "mark_visits",
    "missed": "mark_visits",
    "undo": "mark_visits",
    "cancel": "cancel_appointments",
    "mistake": "undo_mistake",
    "move_back": "undo_mistake",
}
FORBIDDEN = [(act_, right) for act_, own in RIGHTS.items() for right in {*RIGHTS.values(), "overbook"} if right != own]


class TestRights:
    @pytest.mark.parametrize(("name", "right"), FORBIDDEN)
    def test_no_other_right_will_do(self, client, doctor, name, right):
        made = booked(cast.a_slot(doctor))
        user = an_employee()
        user.user_permissions.set(Permission.objects.filter(codename__in=["use_grid", "use_desk", right]))
        client.force_login(user)
        assert act(client, name, made, reason="x").status_code == 403
        assert again(made).state == "booked"

    def test_blocking_and_moving_likewise(self, client, doctor):
        made, free = booked(cast.a_slot(doctor)), cast.a_slot(doctor, hours=30)
        user = an_employee()
        user.user_permissions.set(Permission.objects.filter(codename__in=["use_grid", "use_desk", "mark_visits"]))
        client.force_login(user)
        move = reverse("screens:grid_move", args=[made.guid])
        assert client.get(move, headers=EN).status_code == 403
        assert client.post(move, {"to": free.guid}, headers=EN).status_code == 403
        assert client.post(place("block", free), {"reason": "x"}, headers=EN).status_code == 403
        assert client.post(place("book", free), {"card": made.patient.guid}, headers=EN).status_code == 403
        shown = client.get(place("place", made.slot), headers=EN).content.decode()
        assert all(word not in shown for word in ("Move", "Cancel", "Block"))

    @pytest.mark.parametrize("name", ["move", "book", "x"])
    def test_no_such_act(self, desk, doctor, name):
        assert act(desk, name, booked(cast.a_slot(doctor))).status_code in (404, 405, 200 if name == "move" else 404)


class TestActs:
    def test_came_seen_and_taken_back(self, desk, doctor):
        made = booked(cast.a_slot(doctor, hours=-0.01, day=timezone.now().astimezone(doctor.lpu.tz).date()))
        for name, state, here in [
            ("arrive", "booked", True),
            ("visited", "visited", True),
            ("undo", "booked", True),
            ("leave", "booked", False),
            ("missed", "missed", False),
        ]:
            assert act(desk, name, made).status_code == 200, name
            assert (again(made).state, again(made).arrived_at is not None) == (state, here), name

    def test_cancelling_asks_for_a_reason(self, desk, doctor):
        made = booked(cast.a_slot(doctor))
        assert "Give a reason" in act(desk, "cancel", made, reason=" ").content.decode()
        assert again(made).state == "booked"
        act(desk, "cancel", made, reason="ill")
        assert (again(made).state, again(made).cancel_reason) == ("cancelled", "ill")

    def test_a_refusal_is_shown_and_nothing_has_changed(self, desk, doctor):
        made = booked(cast.a_slot(doctor))
        response = act(desk, "missed", made)
        assert response.status_code == 409
        assert "too early" in response.content.decode()
        assert again(made).state == "booked"

    def test_a_mistake_of_the_desk(self, desk, doctor):
        made = booked(cast.a_slot(doctor), by=Actor.of_user(desk.who))
        shown = desk.get(place("place", made.slot), headers=EN).content.decode()
        assert "Registrar&#x27;s mistake" in shown or "Registrar's mistake" in shown
        assert act(desk, "mistake", made).status_code == 200
        assert (again(made).state, again(made).mistake) == ("cancelled", True)

    def test_the_patients_own_booking_is_nobodys_mistake(self, desk, doctor):
        made = booked(cast.a_slot(doctor))
        assert "mistake" not in desk.get(place("place", made.slot), headers=EN).content.decode()
        assert act(desk, "mistake", made).status_code == 409

    def test_moved_to_one_of_the_nearest(self, desk, doctor):
        made, target = booked(cast.a_slot(doctor)), cast.a_slot(doctor, hours=30)
        address = reverse("screens:grid_move", args=[made.guid])
        assert str(target.guid) in desk.get(address, headers=EN).content.decode()
        assert desk.post(address, {"to": target.guid}, headers=EN).status_code == 200
        assert (again(made).slot, again(made.slot).booked) == (target, 0)

    def test_not_onto_a_taken_place(self, desk, doctor):
        made, target = booked(cast.a_slot(doctor)), cast.a_slot(doctor, hours=30)
        free = cast.a_slot(doctor, hours=31)
        booked(target)
        response = desk.post(reverse("screens:grid_move", args=[made.guid]), {"to": target.guid}, headers=EN)
        assert response.status_code == 409
        assert again(made).slot == made.slot
        # The appointment stays in hand: its patient is named, and other places are offered.
        assert made.patient.full_name in response.content.decode()
        assert str(free.guid) in response.content.decode()
        assert "just been taken" in response.content.decode()

    @pytest.mark.parametrize("to", ["", "x", "00000000-0000-0000-0000-000000000000"])
    def test_nowhere(self, desk, doctor, to):
        made = booked(cast.a_slot(doctor))
        assert desk.post(reverse("screens:grid_move", args=[made.guid]), {"to": to}, headers=EN).status_code == 404

    def test_with_an_appointment_in_hand_a_free_place_asks_whether_to_move(self, desk, doctor):
        made, target = booked(cast.a_slot(doctor)), cast.a_slot(doctor, hours=30)
        shown = desk.get(place("place", target) + f"?move={made.guid}", headers=EN).content.decode()
        assert "Move here" in shown
        assert desk.get(place("place", target) + "?move=x", headers=EN).status_code == 404


class TestBlocking:
    def test_with_a_reason_and_open_again(self, client, doctor):
        slot = cast.a_slot(doctor)
        entered(client, "head")
        assert "Give a reason" in client.post(place("block", slot), {"reason": ""}, headers=EN).content.decode()
        assert not again(slot).is_blocked
        client.post(place("block", slot), {"reason": "repair"}, headers=EN)
        assert (again(slot).is_blocked, again(slot).block_reason) == (True, "repair")
        assert "Unblock" in client.get(place("place", slot), headers=EN).content.decode()
        client.post(place("block", slot), {}, headers=EN)
        assert not Slot.objects.filter(is_blocked=True).exists()


class TestAccessLog:
    def test_a_card_in_the_dialog_has_been_opened(self, desk, doctor):
        made = booked(cast.a_slot(doctor))
        desk.get(place("place", made.slot), headers=EN)
        seen = AccessRecord.objects.get()
        assert (seen.card, seen.what, seen.screen, seen.user) == (made.patient.guid, "opened", "grid", desk.who)
        assert Patient.objects.get(guid=seen.card) == made.patient


class TestDirectionToAnotherSpeciality:
    @pytest.fixture
    def visit(self, doctor):
        patient = cast.a_patient(doctor.lpu)
        direction = a_direction(patient=patient, speciality_code="", speciality_name=doctor.speciality.name)
        return booking.book(
            slot_guid=cast.a_slot(doctor).guid,
            patient=patient,
            source=Source.REGISTRY,
            channels={Source.REGISTRY},
            by=SYSTEM,
            now=timezone.now(),
            direction=direction,
        )

    def told(self, desk, slot, visit):
        answer = desk.get(place("place", slot), {"move": visit.guid}, headers=EN)
        assert "Move here" in answer.content.decode()
        return "The direction is to" in answer.content.decode()

    def test_is_told_before_the_visit_goes_there(self, desk, doctor, visit):
        ent = cast.a_doctor(doctor.lpu)
        assert self.told(desk, cast.a_slot(ent, hours=30), visit)
        assert not self.told(desk, cast.a_slot(doctor, hours=30), visit)

    def test_is_told_among_the_near_places_of_another_speciality(self, desk, doctor, visit):
        def near():
            return desk.get(reverse("screens:grid_move", args=[visit.guid]), headers=EN).content.decode()

        assert "The direction is to" not in near()
        visit.direction.speciality_name = "хирургия"
        visit.direction.save()
        assert "The direction is to “хирургия”" in near()
