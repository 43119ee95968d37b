"""The red line on the start pages: what is wrong and nobody has taken note of, whoever it is that looks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from lmis.screens.views import Screen
from lmis.services import alarms


class Troubles(Screen):
    """A start page asks for it each minute: a desk stays open all day."""

    template = "screens/_troubles.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """204 while it is what the page shows."""
        troubles = alarms.unheard(now=self.now, watches=self.allows("lmis.watch_exchange"))
        if troubles.mark == request.GET.get("since"):
            return HttpResponse(status=204)
        return self.render({"troubles": troubles})
