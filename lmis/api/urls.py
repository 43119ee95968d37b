"""URLs under /api/; each app brings its own."""

from __future__ import annotations

from django.urls import include, path

from lmis.api.documents import DocsView, schema_json, schema_yaml
from lmis.api.lpu import LpuListView
from lmis.api.routing import api_path

urlpatterns = [
    api_path("lpu", LpuListView.as_view(), "lpu"),
    api_path("schema", schema_yaml, "schema"),
    api_path("schema.json", schema_json, "schema-json"),
    api_path("docs", DocsView.as_view(), "docs"),
    path("", include("appointments.api.urls")),
    path("", include("directions.api.urls")),
    path("", include("patients.api.urls")),
]
