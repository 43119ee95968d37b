"""Addresses of the screens, under `/admin/`, all in the namespace `screens`."""

from __future__ import annotations

from django.urls import URLPattern, path

from appointments.screens.journal import Journal, JournalExport, JournalPatients
from appointments.screens.tickets import DaySheet, Scan, Ticket, TicketFormat

urlpatterns: list[URLPattern] = [
    path("tickets/format/", TicketFormat.as_view(), name="ticket_format"),
    path("tickets/scan/", Scan.as_view(), name="scan"),
    path("tickets/<uuid:guid>/", Ticket.as_view(), name="ticket"),
    path("day-sheet/<uuid:guid>/<str:day>/", DaySheet.as_view(), name="day_sheet"),
    path("journal/", Journal.as_view(), name="journal"),
    path("journal/patients/", JournalPatients.as_view(), name="journal_patients"),
    path("journal/export/", JournalExport.as_view(), name="journal_export"),
]
