"""A list of a million rows, page by page along the primary key: no count, no OFFSET."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest

from lmis.admin.base import LmisChangeList

PAGE = "p"


class KeysetPaginator(Paginator):
    """Nothing but the name of the template: the list itself knows its pages."""

    template_name = "admin/patients/keyset.html"


class KeysetChangeList(LmisChangeList):
    """Newest first. `p=N` shows those before the id N, `p=-N` those after it; both cost the same on every page."""

    older: str | None = None
    newer: str | None = None

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[str]:
        """By the key alone: any other order would have to sort them all."""
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        """One page, and whether there is another one on either side; one statement."""
        rows, newer_than = list(self._page()), self.page_num < 0
        more, rows = len(rows) > self.list_per_page, rows[: self.list_per_page]
        if newer_than:
            rows.reverse()
        if rows and (more or newer_than):
            self.older = self.get_query_string({PAGE: rows[-1].pk})
        if rows and (more if newer_than else self.page_num > 1):
            self.newer = self.get_query_string({PAGE: -rows[0].pk})
        self.result_list = rows
        self.result_count = self.full_result_count = len(rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(rows, self.list_per_page)

    def beside(self, rows: Any, beyond: dict[str, int]) -> Any:
        """What else narrows a page that begins behind some id; nothing, unless a list knows better."""
        return rows

    def _page(self) -> Any:
        rows = self.queryset
        if self.page_num < 0:
            rows = self.beside(rows, beyond := {"pk__gt": -self.page_num}).filter(**beyond).order_by("pk")
        elif self.page_num > 1:
            rows = self.beside(rows, beyond := {"pk__lt": self.page_num}).filter(**beyond)
        return rows[: self.list_per_page + 1]
