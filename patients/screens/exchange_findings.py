"""The cards behind a number of the last comparison with the MIP: numbers, guids and versions, no names."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from patients.models import ReconciliationFinding
from patients.screens.exchange import ExchangeScreen
from patients.services import findings

SHOWN = 50


class ExchangeFindings(ExchangeScreen):
    """Where the MIP and we disagree in one way, page by page along the guid."""

    template = "screens/exchange/_findings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """`kind`, and `after`, the last guid of the page before. Three statements; 404 before the first comparison."""
        kind, run = kind_of(request), findings.newest()
        if run is None:
            raise Http404
        rows = findings.page(run=run, kind=kind, after=_after(request), limit=SHOWN + 1)
        more = rows[SHOWN - 1].finding.guid if len(rows) > SHOWN else None
        context = {"run": run, "kind": kind, "name": ReconciliationFinding.Kind(kind).label}
        return self.render({**context, "to_do": findings.ACTIONS[kind], "rows": rows[:SHOWN], "more": more})


def kind_of(request: HttpRequest) -> str:
    """The kind that the address names; Http404 for one that there is not."""
    kind = request.GET.get("kind", "")
    if kind not in findings.ACTIONS:
        raise Http404
    return kind


def _after(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET["after"]) if "after" in request.GET else None
    except ValueError as error:
        raise Http404 from error
