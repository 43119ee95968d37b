"""Addresses of the screens, under `/admin/`, all in the namespace `screens`."""

from __future__ import annotations

from django.urls import URLPattern, path

from directions.screens.issue import Diagnoses, Issue, Patients
from directions.screens.lists import Directions
from directions.screens.one import Cancel, OneDirection, Outcome, PrintDirection

urlpatterns: list[URLPattern] = [
    path("directions/", Directions.as_view(), name="directions"),
    path("directions/issue/", Issue.as_view(), name="issue_direction"),
    path("directions/issue/patients/", Patients.as_view(), name="direction_patients"),
    path("directions/diagnoses/", Diagnoses.as_view(), name="diagnoses"),
    path("directions/<uuid:guid>/", OneDirection.as_view(), name="direction"),
    path("directions/<uuid:guid>/print/", PrintDirection.as_view(), name="print_direction"),
    path("directions/<uuid:guid>/cancel/", Cancel.as_view(), name="cancel_direction"),
    path("directions/<uuid:guid>/outcome/", Outcome.as_view(), name="direction_outcome"),
]
