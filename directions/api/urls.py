"""URLs of this app under /api/."""

from __future__ import annotations

from directions.api.views import DirectionsView, DirectionView
from lmis.api.routing import api_path

urlpatterns = [
    api_path("dir/directions", DirectionsView.as_view(), "directions"),
    api_path("dir/directions/<guid:guid>", DirectionView.as_view(), "direction"),
]
