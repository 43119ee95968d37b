"""The cards behind a number on the operators' page: by card number and guid, for operators need not read names."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from lmis.screens.numbers import number, number_or_404
from lmis.services import access
from patients.models import CardUpload, ReconciliationFinding
from patients.screens.exchange import ExchangeScreen
from patients.screens.scope import readable
from patients.services import connection_check, exchange_page, exchange_words, findings, letters, rejections

SHOWN = 50
SEE_CARDS = "patients.view_patient"


class ExchangeCards(ExchangeScreen):
    """Some cards of one state with one reason, page by page along the key."""

    template = "screens/exchange/_cards.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """`state`, `code`, and `after`, the last number of the page before. One statement, and one for who reads."""
        state, code = chosen(request)
        after = number(request.GET.get("after", "")) or 0
        found = CardUpload.objects.listed_as(state, code).filter(pk__gt=after)
        rows = list(found.select_related("patient__lpu").order_by("pk")[: SHOWN + 1])
        read = self._read(rows[:SHOWN])
        context = {"state": state, "code": code, "name": exchange_words.name_of(state), "rows": rows[:SHOWN]}
        more = rows[SHOWN - 1].pk if len(rows) > SHOWN else None
        is_sent_again = state in exchange_page.SENT_AGAIN
        context |= {"more": more, "runs": self.runs, "is_sent_again": is_sent_again, "read": read}
        return self.render(context)

    def _read(self, rows: list[CardUpload]) -> set[int] | None:
        """The ids of those of which this employee reads what the MIP wrote, which is written down; None for who may not
        see cards at all."""
        if not self.allows(SEE_CARDS):
            return None
        said = [row for row in rows if any(one.said for one in exchange_words.faults_of(row))]
        mine = readable(said, self.user)
        access.note(by=self.by, what=access.What.FOUND, cards=[row.patient.guid for row in mine], screen="exchange")
        return {row.pk for row in mine}


class ExchangeLetter(ExchangeScreen):
    """A letter to the region, to copy or to print."""

    template = "screens/exchange/letter.html"
    title = _("Letter to the region")

    def get(self, request: HttpRequest) -> HttpResponse:
        """About one card (`card`, its number in the database), a state and reason, or the unknown ones (`kind`)."""
        if "kind" in request.GET:
            return self._about_unknown()
        card = request.GET.get("card", "")
        if card:
            upload = get_object_or_404(CardUpload, pk=number_or_404(card))
            text = letters.of_card(card_id=upload.pk, lpus=self.lpus, now=self.now)
            return self.render({"letter": text})
        state, code = chosen(request)
        text = letters.of_reason(
            state=state, code=code, lpus=self.lpus, cards=exchange_page.cards_of(state, code), now=self.now
        )
        return self.render({"letter": text})

    def _about_unknown(self) -> HttpResponse:
        run = findings.newest()
        if run is None or self.request.GET["kind"] != ReconciliationFinding.Kind.UNKNOWN:
            raise Http404
        text = letters.of_unknown(run=run, lpus=self.lpus, now=self.now)
        return self.render({"letter": text, "by_guid": True})


class ExchangeCsv(ExchangeScreen):
    """The refused cards by reason, as a file."""

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Numbers and codes alone."""
        response = StreamingHttpResponse(rejections.as_csv(by=self.by), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rejections-{self.now:%Y%m%d-%H%M}.csv"'
        return response


class ExchangeCheck(ExchangeScreen):
    """Is the way to the MIP open? Asked on demand only."""

    template = "screens/exchange/check.html"
    title = _("Check of the connection")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The button."""
        return self.render({"report": None})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Try it; outside any transaction, for as long as half a minute."""
        lpu = self.lpus[0] if self.lpus else None
        return self.render({"report": connection_check.check(lpu=lpu, now=self.now)})


def chosen(request: HttpRequest) -> tuple[str, str]:
    """State and reason that the address names; Http404 for a state whose cards are not listed."""
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    if state not in exchange_page.LISTED or exchange_words.plain(code) != code:
        raise Http404
    return state, code
