"""Addresses of the screens, under `/admin/`, all in the namespace `screens`."""

from __future__ import annotations

from django.urls import URLPattern, path

from appointments.screens.grid import Changes, Choose, Grid
from appointments.screens.grid_place import Block, Book, Cards, Place
from appointments.screens.grid_visit import Act, Move
from appointments.screens.journal import Journal, JournalExport, JournalPatients
from appointments.screens.tickets import DaySheet, Scan, Ticket, TicketFormat

urlpatterns: list[URLPattern] = [
    path("grid/", Grid.as_view(), name="grid"),
    path("grid/changes/", Changes.as_view(), name="grid_changes"),
    path("grid/choose/", Choose.as_view(), name="grid_choose"),
    path("grid/place/<uuid:guid>/", Place.as_view(), name="grid_place"),
    path("grid/place/<uuid:guid>/cards/", Cards.as_view(), name="grid_cards"),
    path("grid/place/<uuid:guid>/book/", Book.as_view(), name="grid_book"),
    path("grid/place/<uuid:guid>/block/", Block.as_view(), name="grid_block"),
    path("grid/visit/<uuid:guid>/move/", Move.as_view(), name="grid_move"),
    path("grid/visit/<uuid:guid>/<slug:name>/", Act.as_view(), name="grid_act"),
    path("tickets/format/", TicketFormat.as_view(), name="ticket_format"),
    path("tickets/scan/", Scan.as_view(), name="scan"),
    path("tickets/<uuid:guid>/", Ticket.as_view(), name="ticket"),
    path("day-sheet/<uuid:guid>/<str:day>/", DaySheet.as_view(), name="day_sheet"),
    path("journal/", Journal.as_view(), name="journal"),
    path("journal/patients/", JournalPatients.as_view(), name="journal_patients"),
    path("journal/export/", JournalExport.as_view(), name="journal_export"),
]
