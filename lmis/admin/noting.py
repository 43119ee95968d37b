"""Lists and pages that show patients: whose cards somebody saw there is written down, as on the screens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse

from lmis.admin.base import actor
from lmis.services import access


class NotesOpened(ModelAdmin):
    """Before `LmisModelAdmin` among the bases, for a model with a `patient`: the page of one enters it, one INSERT."""

    def cards_of(self, rows: Iterable[Any]) -> list[UUID]:
        """The guids of the cards that these rows name."""
        return list({row.patient.guid for row in rows})

    def told_of(self, request: HttpRequest, rows: Iterable[Any]) -> Iterable[Any]:
        """Those of the rows in which this employee is shown something of the patient."""
        return rows

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The page of one."""
        if obj := kwargs.get("obj"):
            self._note(request, access.What.OPENED, [obj])
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its history tells as much."""
        response = super().history_view(request, object_id, extra_context)
        found = self.get_object(request, object_id)
        if found is not None:
            self._note(request, access.What.OPENED, [found])
        return response

    def _note(self, request: HttpRequest, what: str, rows: Iterable[Any]) -> None:
        cards = self.cards_of(self.told_of(request, rows))
        access.note(by=actor(request), what=what, cards=cards, screen=str(self.opts.model_name))


class NotesCards(NotesOpened):
    """The same for the list, too."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; it is rendered later than here, so what cannot be noted is not shown."""
        response = super().changelist_view(request, extra_context)
        shown = (getattr(response, "context_data", None) or {}).get("cl")
        if shown is not None:
            self._note(request, access.What.FOUND, shown.result_list)
        return response
