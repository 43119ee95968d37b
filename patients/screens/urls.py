"""Addresses of the screens, under `/admin/`, all in the namespace `screens`."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
