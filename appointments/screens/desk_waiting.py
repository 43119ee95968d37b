"""Nothing within the norm at the desk: the patient goes on the waiting list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from appointments.models import WaitingEntry
from appointments.screens import desk_panels as panels
from appointments.screens.desk_acts import Act
from appointments.services import waiting
from directions.models import Direction
from lmis.exceptions import FieldError, Refusal, ValidationFailed
from lmis.screens import toast
from lmis.screens.toasts import trigger

FIELDS = {"phone": "phone", "wait_last": "last_day", "wait_weekdays": "weekdays", "wait_note": "note"}


class Wait(Act):
    """For the doctor, or for the speciality; the times that suit are those of the filter, and what is unfolded."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """On the list; or the form again as it was filled in, with what is to be mended."""
        self.demand("lmis.use_waiting_list")
        offering = panels.Offering(self.state, self.patient, channel=self.channel, overbooks=False, now=self.now)
        if offering.field is None:
            raise Http404
        done = self._mistyped() or self._added(offering)
        if isinstance(done, Refusal):
            return self.refused(done)
        response = self.halves(self.person(self.patient), {**self.whom(self.patient), "is_done": True})
        toast(response, _("On the waiting list: %(wanted)s.") % {"wanted": done.wanted})
        return trigger(response, "desk-done")

    def places(self, *args: Any, **more: Any) -> dict[str, Any]:
        """As everywhere; after a refusal the row of the waiting list stays open."""
        return {**super().places(*args, **more), "asks_to_wait": True}

    def _mistyped(self) -> ValidationFailed | None:
        """What is no day, no weekday, or too long."""
        typed = self.state.typed
        wrong = {name: f"{typed[name].label}: {typed.errors[name][0]}" for name in FIELDS if typed.has_error(name)}
        errors = [FieldError(FIELDS[name], said, "invalid") for name, said in wrong.items()]
        return ValidationFailed(errors) if errors else None

    def _added(self, offering: panels.Offering) -> WaitingEntry | Refusal:
        state, guid = self.state, self.state.direction_guid
        direction = Direction.objects.filter(guid=guid, patient=self.patient).first() if guid else None
        return self.act(
            lambda: waiting.add(
                patient=self.patient,
                speciality=None if offering.doctor or offering.field is None else offering.field.speciality,
                doctor=offering.doctor,
                first_day=state.wish.first,
                last_day=state.right.get("wait_last"),
                part=state.wish.part,
                weekdays=state.weekdays,
                phone=self.request.POST.get("phone"),
                direction=direction,
                urgent=bool(state.kind),
                due=self._due(offering),
                note=state.right.get("wait_note") or "",
                by=self.by,
                now=self.now,
            )
        )

    def _due(self, offering: panels.Offering) -> dt.date | None:
        """The last day within the norm, where there is one."""
        assert offering.field is not None
        norm = offering.norms.of(offering.doctor or offering.field.doctors[0].doctor, self.state.kind)
        return offering.norms.until(norm).astimezone(self.patient.lpu.tz).date() if norm else None
