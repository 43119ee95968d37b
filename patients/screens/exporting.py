"""Export: which cards, in which kind of file."""

from __future__ import annotations

import tempfile
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _

from lmis.screens.views import Screen
from patients.services import exporting

CSV, XLSX = "csv", "xlsx"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportForm(forms.Form):
    """What to narrow it to; all cards in use without."""

    district = forms.CharField(label=_("District"), required=False, max_length=32)
    attached_from = forms.DateField(
        label=_("Attached from"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    attached_to = forms.DateField(
        label=_("Attached to"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    kind = forms.ChoiceField(
        label=_("Kind of file"), choices=[(CSV, _("CSV: any number of cards")), (XLSX, _("XLSX: up to 50,000 cards"))]
    )


class Export(Screen):
    """A form, and the file."""

    right = "lmis.export_cards"
    template = "screens/patients/export.html"
    title = _("Export of cards")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.render({"form": ExportForm(initial={"kind": CSV})})

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """The file; every card in it is written down as exported."""
        form = ExportForm(request.POST)
        if not form.is_valid():
            return self.render({"form": form}, status=400)
        given: dict[str, Any] = dict(form.cleaned_data)
        kind = given.pop("kind")
        chosen = exporting.Chosen(lpus=self.lpus, **given)
        if kind == XLSX and not exporting.fits_workbook(chosen):
            form.add_error("kind", _("These are too many for XLSX: take CSV, or one district."))
            return self.render({"form": form}, status=400)
        return self._file(kind, chosen)

    def _file(self, kind: str, chosen: exporting.Chosen) -> HttpResponseBase:
        name = f"cards-{self.now:%Y-%m-%d}.{kind}"
        response: HttpResponseBase
        if kind == CSV:
            response = StreamingHttpResponse(exporting.as_csv(chosen=chosen, by=self.by), content_type="text/csv")
            response["Content-Disposition"] = f'attachment; filename="{name}"'
        else:
            file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
            exporting.as_workbook(chosen=chosen, by=self.by, file=file)
            file.seek(0)
            response = FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)
        response["Cache-Control"] = "no-store"
        return response
