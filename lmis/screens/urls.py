"""Addresses of the staff's screens: those of every app, in one namespace."""

from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, path

from lmis.screens.connections import ConnectionRequest, Connections
from lmis.screens.lock import Lock, Switch, Unlock
from lmis.screens.rights import Rights
from lmis.screens.troubles import Troubles
from lmis.screens.views import Start, login

app_name = "screens"
# Named and not imported at the top: the apps above this one stay unknown to it.
_APPS = ("appointments", "directions", "patients")
urlpatterns: list[URLPattern] = [
    path("login/", login, name="login"),  # stands before the admin's own, `admin:login`
    path("lock/", Lock.as_view(), name="lock"),
    path("lock/open/", Unlock.as_view(), name="unlock"),
    path("lock/switch/", Switch.as_view(), name="switch"),
    path("troubles/", Troubles.as_view(), name="troubles"),
    path("start/", Start.as_view(), name="start"),
    path("connections/", Connections.as_view(), name="connections"),
    path("connections/<int:pk>/", ConnectionRequest.as_view(), name="connection_request"),
    path("rights/", Rights.as_view(), name="rights"),
    *(pattern for app in _APPS for pattern in import_module(f"{app}.screens.urls").urlpatterns),
]
