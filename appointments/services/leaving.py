"""A doctor does not leave while patients are booked."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from appointments.models import Appointment
from lmis.exceptions import Refusal
from lmis.models import Doctor
from lmis.services import leaving


class VisitsAhead(Refusal):
    """Staff only: the API does not write doctors. `count` patients would come to nobody."""

    status = 409
    code = "visits_ahead"
    message = _("Patients are booked with this doctor. Close the doctor's time first and settle them.")
    page = "screens:absence"

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    @property
    def said(self) -> str:
        """With the number."""
        return ngettext(
            "The doctor still has %(count)d booked visit ahead. Close the doctor's time on the page of absences and "
            "settle the patient first: hand over, move or cancel. Then take away the tick “works here”.",
            "The doctor still has %(count)d booked visits ahead. Close the doctor's time on the page of absences and "
            "settle the patients first: hand over, move or cancel. Then take away the tick “works here”.",
            self.count,
        ) % {"count": self.count}


def register() -> None:
    """Be asked before a doctor leaves."""
    leaving.checked_by(refuse_with_visits)


def refuse_with_visits(doctor: Doctor, now: dt.datetime) -> None:
    """Raises VisitsAhead while somebody is booked; one statement."""
    count = Appointment.objects.active(now).filter(slot__doctor=doctor).count()
    if count:
        raise VisitsAhead(count)
