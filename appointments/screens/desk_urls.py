"""Addresses of the booking desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from appointments.screens import desk, desk_acts, desk_cards, desk_waiting

urlpatterns: list[URLPattern] = [
    path("desk/", desk.Desk.as_view(), name="desk"),
    path("desk/workplace/", desk.Workplace.as_view(), name="desk_workplace"),
    path("desk/find/", desk.Find.as_view(), name="desk_find"),
    path("desk/patient/", desk.Choose.as_view(), name="desk_patient"),
    path("desk/whom/", desk.Whom.as_view(), name="desk_whom"),
    path("desk/places/", desk.Places.as_view(), name="desk_places"),
    path("desk/book/", desk_acts.Book.as_view(), name="desk_book"),
    path("desk/over/", desk_acts.Over.as_view(), name="desk_over"),
    path("desk/cancel/", desk_acts.Cancel.as_view(), name="desk_cancel"),
    path("desk/mistake/", desk_acts.Mistake.as_view(), name="desk_mistake"),
    path("desk/waiting/", desk_waiting.Wait.as_view(), name="desk_waiting"),
    path("desk/card/", desk_cards.NewCard.as_view(), name="desk_card"),
    path("desk/card/check/", desk_cards.CheckCard.as_view(), name="desk_card_check"),
    path("desk/card/save/", desk_cards.SaveCard.as_view(), name="desk_card_save"),
]
