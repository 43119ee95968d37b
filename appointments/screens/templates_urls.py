"""Addresses of the templates' screen."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from appointments.screens.templates import Pattern, PatternPreview, PatternTable, Templates
from appointments.screens.templates_saving import PatternGenerate, PatternSave

urlpatterns: list[URLPattern] = [
    path("templates/", Templates.as_view(), name="templates"),
    path("templates/<uuid:guid>/", Pattern.as_view(), name="pattern"),
    path("templates/<uuid:guid>/table/", PatternTable.as_view(), name="pattern_table"),
    path("templates/<uuid:guid>/preview/", PatternPreview.as_view(), name="pattern_preview"),
    path("templates/<uuid:guid>/save/", PatternSave.as_view(), name="pattern_save"),
    path("templates/<uuid:guid>/generate/", PatternGenerate.as_view(), name="pattern_generate"),
    path("calendar/", RedirectView.as_view(pattern_name="admin:lmis_calendarday_changelist"), name="calendar"),
]
