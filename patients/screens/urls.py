"""Addresses of the screens, under `/admin/`, all in the namespace `screens`."""

from __future__ import annotations

from django.urls import URLPattern, path

from patients.screens import (
    exchange,
    exchange_acts,
    exchange_cards,
    exchange_findings,
    exporting,
    finding,
    imports,
    mending,
    merging,
    outside,
)

urlpatterns: list[URLPattern] = [
    path("find/", finding.Find.as_view(), name="patients"),
    path("merge/", merging.Pairs.as_view(), name="merge"),
    path("merge/look/", merging.Look.as_view(), name="merge_look"),
    path("merge/find/", merging.FindTwo.as_view(), name="merge_find"),
    path("merge/pair/", merging.Two.as_view(), name="merge_pair"),
    path("merge/different/<int:pk>/", merging.Different.as_view(), name="merge_different"),
    path("imports/", imports.Imports.as_view(), name="imports"),
    path("imports/<int:pk>/", imports.Import.as_view(), name="import"),
    path("imports/<int:pk>/progress/", imports.Progress.as_view(), name="import_progress"),
    path("imports/<int:pk>/rows/", imports.Rows.as_view(), name="import_rows"),
    path("imports/<int:pk>/<str:verb>/", imports.Act.as_view(), name="import_act"),
    path("exchange/", exchange.Exchange.as_view(), name="exchange"),
    path("exchange/changes/", exchange.ExchangeChanges.as_view(), name="exchange_changes"),
    path("exchange/table/", exchange.ExchangeTable.as_view(), name="exchange_table"),
    path("exchange/cards/", exchange_cards.ExchangeCards.as_view(), name="exchange_cards"),
    path("exchange/findings/", exchange_findings.ExchangeFindings.as_view(), name="exchange_findings"),
    path("exchange/letter/", exchange_cards.ExchangeLetter.as_view(), name="exchange_letter"),
    path("exchange/rejections/", exchange_cards.ExchangeCsv.as_view(), name="exchange_csv"),
    path("exchange/check/", exchange_cards.ExchangeCheck.as_view(), name="exchange_check"),
    path("exchange/outside/", outside.Outside.as_view(), name="exchange_outside"),
    path("exchange/act/<slug:verb>/", exchange_acts.Act.as_view(), name="exchange_act"),
    path("mend/", mending.Mend.as_view(), name="mend"),
    path("mend/count/", mending.MendCount.as_view(), name="mend_count"),
    path("export/", exporting.Export.as_view(), name="export"),
]
