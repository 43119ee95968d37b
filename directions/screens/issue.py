"""Issuing a direction: a patient of the doctor's, where to, why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from directions.screens.forms import GOOD_FOR, IssueForm
from directions.services import diagnoses, issuing, own_patients
from lmis.exceptions import Refusal
from lmis.models import Doctor
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen
from lmis.services import access
from patients.info import Coded
from patients.models import Patient

ASKING = ("diagnosis_code", "diagnosis_name", "paper_diagnosis")  # fields for a diagnosis, here and at the desk


class IssuingScreen(Screen):
    """For whoever may issue directions, in the name of the doctors that the account belongs to, or of all."""

    right = "lmis.issue_directions"

    @cached_property
    def doctors(self) -> Any:
        """In whose name."""
        doctors = doctors_of(self.user)
        ours = Doctor.objects.all() if doctors is None else doctors
        return ours.filter(is_active=True, lpu__is_own=True).select_related("speciality", "position", "lpu")

    def patient(self, guid: UUID | None) -> Patient | None:
        """The card, if it is of one of their patients; looking at it is written down."""
        if guid is None:
            return None
        card = own_patients.of_doctors(doctors_of(self.user)).filter(guid=guid).first()
        if card is not None:
            access.note(by=self.by, what=access.What.OPENED, cards=[card.guid], screen="issue_direction")
        return card


class Issue(IssuingScreen):
    """The form; `?appointment=` or `?patient=` (guids) fill in whom it is for."""

    template = "screens/directions/issue.html"
    title = _("Issue a direction")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Blank, or filled in from an appointment: patient, doctor, and the diagnosis known from before."""
        asked = _guid(request.GET.get("appointment")), _guid(request.GET.get("patient"))
        appointment = self._appointment(asked[0])
        patient = self.patient(appointment.patient.guid if appointment else asked[1])
        if patient is None and any(asked):
            raise Http404
        return self._form(IssueForm(doctors=self.doctors, initial=self._initial(patient, appointment)), patient)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Issue it, or show the form again with what is wrong."""
        form = IssueForm(request.POST, doctors=self.doctors)
        patient = self.patient(_guid(request.POST.get("patient")))
        if not form.is_valid() or patient is None:
            return self._form(form, patient, status=422)
        data = form.cleaned_data
        issued = self.act(
            lambda: issuing.issue(
                doctor=data["doctor"],
                patient=patient,
                lpu_to=data["lpu_to"],
                speciality=data["speciality"],
                diagnosis=Coded(data["diagnosis_code"], data["diagnosis_name"]),
                reason=data["reason"],
                valid_until=data["valid_until"],
                by=self.by,
                now=self.now,
            )
        )
        if isinstance(issued, Refusal):
            form.add_error(_field_of(issued), issued.said)
            return self._form(form, patient, status=409)
        messages.success(request, _t("Direction %(number)s is issued.") % {"number": issued.number})
        return HttpResponseRedirect(reverse("screens:direction", args=[issued.guid]))

    def _form(self, form: IssueForm, patient: Patient | None, status: int = 200) -> HttpResponse:
        _mark(form)
        shown = {"form": form, "patient": patient, "only_doctor": self._only_doctor()}
        return self.render(shown, status=status)

    def _only_doctor(self) -> Doctor | None:
        """Who is not asked in whose name: there is only one."""
        first = list(self.doctors[:2])
        return first[0] if len(first) == 1 else None

    def _initial(self, patient: Patient | None, appointment: Any | None) -> dict[str, Any]:
        doctor = appointment.slot.doctor if appointment else self._only_doctor()
        initial: dict[str, Any] = {
            "patient": patient.guid if patient else None,
            "doctor": doctor,
            "valid_until": self._last_day(doctor),
        }
        known = self._known(patient, appointment, doctor)
        if known is not None:
            initial |= {"diagnosis_code": known.diagnosis_code, "diagnosis_name": known.diagnosis_name}
        return initial

    def _known(self, patient: Patient | None, appointment: Any | None, doctor: Doctor | None) -> Any | None:
        """The direction whose diagnosis is filled in: the appointment's own, else the last that this doctor knows."""
        direction = appointment.direction if appointment else None
        if direction is not None and (direction.diagnosis_code or direction.diagnosis_name):
            return direction
        return own_patients.last_diagnosis(patient=patient, doctor=doctor) if patient else None

    def _last_day(self, doctor: Doctor | None) -> Any:
        lpus = [doctor.lpu] if doctor else self.lpus
        return self.now.astimezone(lpus[0].tz).date() + GOOD_FOR if lpus else None

    def _appointment(self, guid: UUID | None) -> Any | None:
        return own_patients.appointment_of(guid=guid, doctors=doctors_of(self.user)) if guid else None


class Patients(IssuingScreen):
    """The patients that a text means, of the doctor's own."""

    template = "screens/directions/_patients.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        """A list to choose from; the choice opens the form for that patient."""
        text = request.POST.get("text", "")
        found = own_patients.find(text=text, doctors=doctors_of(self.user), today=self.today)
        access.note(by=self.by, what=access.What.FOUND, cards=[card.guid for card in found], screen="issue_direction")
        return self.render({"patients": found, "text": text.strip(), "most": own_patients.SHOWN})


class Diagnoses(Screen):
    """Diagnoses of ICD-10 that begin like a code or have the words; for every form that asks for one."""

    template = "screens/directions/_diagnoses.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """For whoever writes directions of either kind."""
        allowed = any(map(request.user.has_perm, ("lmis.issue_directions", "lmis.enter_paper_directions")))
        self.right = "" if allowed else "lmis.issue_directions"
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """A list of buttons with code and name; what is typed in the code's field goes before the words."""
        text = next(filter(None, (request.POST.get(field) for field in ASKING)), "")
        return self.render({"offers": diagnoses.offers(text=text[:100])})


def _guid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Http404 from error


def _field_of(refusal: Refusal) -> str | None:
    """Where on the form the refusal belongs."""
    return {"diagnosis_malformed": "diagnosis_code", "last_day_over": "valid_until", "doctor_not_here": "doctor"}.get(
        refusal.code
    )


def _mark(form: IssueForm) -> None:
    """Fields with errors say so to a screen reader."""
    for name in form.errors:
        if name in form.fields:
            form.fields[name].widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"errors-{name}"}
