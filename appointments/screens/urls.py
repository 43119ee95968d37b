"""Addresses of the screens, under `/admin/`, all in the namespace `screens`."""

from __future__ import annotations

from django.urls import URLPattern, path

from appointments.screens import desk_urls, templates_urls
from appointments.screens.absence import AbsenceBack, AbsenceExtra, AbsenceNew, Absences
from appointments.screens.absence_one import (
    Absence,
    AbsenceContinue,
    AbsenceDecide,
    AbsencePreview,
    AbsenceSubstitute,
)
from appointments.screens.calls import CallRecord, Calls
from appointments.screens.day import DayChanges, DayClose, DayPage
from appointments.screens.day_visit import DayAct, Repeat
from appointments.screens.grid import Changes, Choose, Grid
from appointments.screens.grid_place import Block, Book, Cards, Place
from appointments.screens.grid_visit import Act, Move
from appointments.screens.grid_waiting import Serve
from appointments.screens.head import Head
from appointments.screens.journal import Journal, JournalExport, JournalPatients
from appointments.screens.tickets import DaySheet, Scan, Ticket, TicketFormat
from appointments.screens.waiting import Waiting, WaitingBook, WaitingClose, WaitingPlaces

urlpatterns: list[URLPattern] = [
    *desk_urls.urlpatterns,
    *templates_urls.urlpatterns,
    path("day/", DayPage.as_view(), name="day"),
    path("day/changes/", DayChanges.as_view(), name="day_changes"),
    path("day/close/", DayClose.as_view(), name="day_close"),
    path("day/visit/<uuid:guid>/repeat/", Repeat.as_view(), name="day_repeat"),
    path("day/visit/<uuid:guid>/<slug:name>/", DayAct.as_view(), name="day_act"),
    path("grid/", Grid.as_view(), name="grid"),
    path("grid/changes/", Changes.as_view(), name="grid_changes"),
    path("grid/choose/", Choose.as_view(), name="grid_choose"),
    path("grid/place/<uuid:guid>/", Place.as_view(), name="grid_place"),
    path("grid/place/<uuid:guid>/cards/", Cards.as_view(), name="grid_cards"),
    path("grid/place/<uuid:guid>/book/", Book.as_view(), name="grid_book"),
    path("grid/place/<uuid:guid>/serve/", Serve.as_view(), name="grid_serve"),
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
    path("head/", Head.as_view(), name="head"),
    path("absence/", Absences.as_view(), name="absence"),
    path("absence/new/", AbsenceNew.as_view(), name="absence_new"),
    path("absence/extra/", AbsenceExtra.as_view(), name="absence_extra"),
    path("absence/<int:pk>/", Absence.as_view(), name="absence_one"),
    path("absence/<int:pk>/preview/", AbsencePreview.as_view(), name="absence_preview"),
    path("absence/<int:pk>/substitute/", AbsenceSubstitute.as_view(), name="absence_substitute"),
    path("absence/<int:pk>/decide/", AbsenceDecide.as_view(), name="absence_decide"),
    path("absence/<int:pk>/continue/", AbsenceContinue.as_view(), name="absence_continue"),
    path("absence/<int:pk>/back/", AbsenceBack.as_view(), name="absence_back"),
    path("calls/", Calls.as_view(), name="calls"),
    path("calls/record/", CallRecord.as_view(), name="call_record"),
    path("waiting/", Waiting.as_view(), name="waiting"),
    path("waiting/book/", WaitingBook.as_view(), name="waiting_book"),
    path("waiting/places/", WaitingPlaces.as_view(), name="waiting_places"),
    path("waiting/close/", WaitingClose.as_view(), name="waiting_close"),
]
