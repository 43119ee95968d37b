"""Addresses of the staff's screens: those of every app, in one namespace."""

from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, path

from lmis.screens.views import Start, login

app_name = "screens"
# Named and not imported at the top: the apps above this one stay unknown to it.
_APPS = ("appointments", "directions", "patients")
urlpatterns: list[URLPattern] = [
    path("login/", login),  # stands before the admin's own, which goes by the name `admin:login`
    path("start/", Start.as_view(), name="start"),
    *(pattern for app in _APPS for pattern in import_module(f"{app}.screens.urls").urlpatterns),
]
