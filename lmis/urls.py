"""Every URL of the project; the apps are included by name."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/", include("lmis.api.urls")),  # first: most requests are the region's
    path("admin/", include("lmis.screens.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),  # the language switch of the staff's site
    path("", include("lmis.ops.urls")),
]
