"""URLs at the host's root."""

from __future__ import annotations

from django.urls import path

from lmis.ops import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.prometheus, name="metrics"),
]
