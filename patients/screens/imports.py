"""Import of cards: bring a file, match its columns, look at every row's fate, confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lmis.exceptions import Refusal
from lmis.screens.numbers import number
from lmis.screens.views import Screen
from patients.models import CardImport, CardImportRow
from patients.services.importing import columns, imports

SHOWN = 20
ROWS = 100
SAMPLES = 3
FATES = [fate for fate in CardImportRow.Fate if fate]


class Importing(Screen):
    """What the parts of this screen share."""

    right = "lmis.import_cards"

    def found(self, pk: int) -> CardImport:
        """An import of our own LPUs; one statement."""
        return get_object_or_404(CardImport.objects.select_related("lpu", "user"), pk=pk, lpu__in=self.lpus)

    def shown(self, card_import: CardImport) -> dict[str, Any]:
        """For the templates: the import, where it stands, and what its state needs."""
        context: dict[str, Any] = {"import": card_import, "since": since(card_import)}
        if card_import.state == CardImport.State.MAPPING:
            context["columns"] = self._columns(card_import)
            context["fields"] = [(field, columns.label_of(field)) for field in columns.FIELDS]
        elif card_import.state in ("checked", "writing", "done", "cancelled"):
            counts = imports.fates_of(card_import)
            context["fates"] = [(fate, fate.label, counts.get(fate, 0)) for fate in FATES]
            context["to_write"] = counts.get("new", 0) + counts.get("update", 0)
        done = card_import.written if card_import.state == "writing" else card_import.checked
        whole = context.get("to_write", card_import.total) if card_import.state == "writing" else card_import.total
        return {**context, "done": done, "whole": whole}

    def _columns(self, card_import: CardImport) -> list[dict[str, Any]]:
        rows = [row.cells for row in card_import.rows.order_by("line")[:SAMPLES]]
        return [
            {
                "heading": heading,
                "field": card_import.mapping[place],
                "samples": [cells[place] for cells in rows if place < len(cells) and cells[place]],
            }
            for place, heading in enumerate(card_import.header)
        ]


def since(card_import: CardImport) -> str:
    """What the page compares by: nothing about it changes while this stays."""
    return f"{card_import.state}-{card_import.total}-{card_import.checked}-{card_import.written}"


class Imports(Importing):
    """The imports so far, and the form for another one."""

    template = "screens/patients/imports.html"
    title = gettext_lazy("Import of cards")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Newest first."""
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the file in; a worker reads it."""
        file = request.FILES.get("file")
        lpu = next((lpu for lpu in self.lpus if str(lpu.pk) == request.POST.get("lpu")), None)
        if file is None or lpu is None:
            return self._page(_("Choose a file."), 400)
        pieces = file.chunks(imports.PIECE)
        made = self.act(lambda: imports.upload(pieces=pieces, file_name=str(file.name), lpu=lpu, by=self.by))
        if isinstance(made, Refusal):
            return self._page(made.said, 400)
        return HttpResponseRedirect(reverse("screens:import", args=[made.pk]))

    def _page(self, refusal: str = "", status: int = 200) -> HttpResponse:
        newest = CardImport.objects.filter(lpu__in=self.lpus).select_related("user")[:SHOWN]
        return self.render({"imports": newest, "refusal": refusal}, status=status)


class Import(Importing):
    """One import, at whatever step it is."""

    template = "screens/patients/import.html"
    title = gettext_lazy("Import of cards")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Its page."""
        return self.render(self.shown(self.found(pk)))


class Progress(Importing):
    """What the page asks again and again while a worker is at work."""

    template = "screens/patients/_import.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """204 while nothing has changed; else the part."""
        found = self.found(pk)
        if request.GET.get("since") == since(found):
            return HttpResponse(status=204)
        return self.render(self.shown(found))


class Rows(Importing):
    """Rows of one fate, a page at a time."""

    template = "screens/patients/_rows.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Those behind a line; by file line, so that no count is needed."""
        found, fate = self.found(pk), request.GET.get("fate", "")
        if fate not in FATES:
            raise Http404
        line = number(request.GET.get("after", ""), digits=9) or 0
        rows = list(found.rows.filter(fate=fate, line__gt=line).select_related("card").order_by("line")[: ROWS + 1])
        shown = [(row, _told(row, found.mapping)) for row in rows[:ROWS]]
        label = CardImportRow.Fate(fate).label
        more = rows[ROWS - 1].line if len(rows) > ROWS else None
        return self.render({"import": found, "rows": shown, "fate": fate, "label": label, "more": more})


class Act(Importing):
    """A step that people take."""

    template = "screens/patients/import.html"
    title = gettext_lazy("Import of cards")

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Match, confirm or cancel; a refusal is told on the page as it is now."""
        found = self.found(pk)
        verbs: dict[str, Callable[[], Any]] = {
            "match": lambda: imports.match(
                card_import=found,
                mapping=request.POST.getlist("field"),
                overwrite=request.POST.get("overwrite") == "1",
                by=self.by,
            ),
            "confirm": lambda: imports.confirm(card_import=found, by=self.by),
            "cancel": lambda: imports.cancel(card_import=found, by=self.by, now=self.now),
        }
        if verb not in verbs:
            raise Http404
        done = self.act(verbs[verb])
        if isinstance(done, Refusal):
            messages.error(request, done.said)
        return HttpResponseRedirect(reverse("screens:import", args=[pk]))


def _told(row: CardImportRow, mapping: list[str]) -> str:
    """Whom the row names, as the file has it."""
    cells = dict(zip(mapping, row.cells, strict=False))
    wanted = ("full_name", "family", "name", "patronymic", "birth_date")
    return " ".join(cells[field] for field in wanted if cells.get(field))
