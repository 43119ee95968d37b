"""One direction: what it says, what came of it, its print, taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from directions.models import Direction
from directions.screens.forms import CancelForm, OutcomeForm
from directions.screens.words import CHIPS, PROGRESS, DirectionScreen
from directions.services import issuing
from directions.services.form057 import Missing, form_of
from lmis.exceptions import Refusal
from lmis.services import access


class OneDirection(DirectionScreen):
    """The direction with its appointment, and what may be done to it."""

    template = "screens/directions/one.html"
    title = _("Direction")

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """The page."""
        return self.show(self.found(guid))

    def show(
        self,
        direction: Direction,
        outcome: OutcomeForm | None = None,
        cancel: CancelForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page, perhaps with a form that was refused."""
        access.note(by=self.by, what=access.What.OPENED, cards=[direction.patient.guid], screen="direction")
        issued = direction.origin == Direction.Origin.ISSUED
        state: str = direction.progress  # type: ignore[attr-defined]
        may = self.may_change(direction)
        known = {"outcome": direction.outcome, "outcome_note": direction.outcome_note}
        shown = {
            "direction": direction,
            "form057": form_of(direction) if issued else None,
            "missing": self._missing(direction) if issued and state != "cancelled" else [],
            "appointments": list(direction.appointments.select_related("slot__doctor__speciality").order_by("-pk")),
            "state": PROGRESS[state],
            "chip": CHIPS[state],
            "may_cancel": may and state in ("issued", "expired"),
            "may_record": may and issued and state != "cancelled" and not direction.lpu_to.is_own,
            "outcome": outcome or OutcomeForm(initial=known),
            "cancel": cancel or CancelForm(),
        }
        return self.render(shown, template=OneDirection.template, status=status)

    def _missing(self, direction: Direction) -> list[tuple[Missing, str]]:
        """What is missing on the form, with the address where it is filled in, if the employee may do that."""
        return [(missing, self._address(missing)) for missing in form_of(direction).missing]

    def _address(self, missing: Missing) -> str:
        app, _dot, model = missing.model.partition(".")
        if not model or not self.allows(f"{app}.change_{model}"):
            return ""
        return reverse(f"admin:{app}_{model}_change", args=[missing.pk])


class PrintDirection(DirectionScreen):
    """Form 057/у, to be printed from a frame or by itself."""

    template = "print/direction_057u.html"
    title = _("Direction, form 057/у")
    framed = True

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """Those that we issued; a cancelled one is not printed."""
        direction = self.found(guid)
        if direction.origin != Direction.Origin.ISSUED:
            raise Http404
        said = _t("The direction has been cancelled: it is not printed.") if direction.cancelled_at else ""
        if not said:
            access.note(by=self.by, what=access.What.PRINTED, cards=[direction.patient.guid], screen="print_direction")
        return self.render({"form": form_of(direction), "said": said}, status=409 if said else 200)


class Act(OneDirection):
    """A form of the page; `verb` says what it does with a direction."""

    form_class: type[CancelForm | OutcomeForm]
    name = ""
    done: Any = ""

    def get(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """Whoever comes back here by the browser's history."""
        return HttpResponseRedirect(reverse("screens:direction", args=[guid]))

    def post(self, request: HttpRequest, guid: UUID) -> HttpResponse:
        """Do it, or show the page with what is wrong."""
        direction = self.found(guid)
        if not self.may_change(direction):
            raise PermissionDenied
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.show(direction, **{self.name: form}, status=422)  # type: ignore[arg-type]
        done = self.act(lambda: self.verb(direction, form.cleaned_data))
        if isinstance(done, Refusal):
            form.add_error(None, done.said)
            return self.show(self.found(guid), **{self.name: form}, status=409)  # type: ignore[arg-type]
        messages.success(request, self.done)
        return HttpResponseRedirect(reverse("screens:direction", args=[guid]))

    def verb(self, direction: Direction, data: dict[str, Any]) -> Direction:
        """One call into the service."""
        raise NotImplementedError


class Cancel(Act):
    """Takes it back."""

    form_class = CancelForm
    name = "cancel"
    done = _("The direction is cancelled.")

    def verb(self, direction: Direction, data: dict[str, Any]) -> Direction:
        """With the reason."""
        return issuing.cancel(direction=direction, by=self.by, now=self.now, **data)


class Outcome(Act):
    """Notes what staff learnt."""

    form_class = OutcomeForm
    name = "outcome"
    done = _("What came of the direction is written down.")

    def verb(self, direction: Direction, data: dict[str, Any]) -> Direction:
        """With a note."""
        return issuing.record_outcome(direction=direction, by=self.by, now=self.now, **data)
