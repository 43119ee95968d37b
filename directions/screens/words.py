"""What the screens of directions say and show, and to whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import pgettext_lazy

from directions.models import Direction
from lmis.screens.scope import doctors_of
from lmis.screens.views import Screen

PROGRESS = {
    "issued": pgettext_lazy("direction", "issued"),
    "booked": pgettext_lazy("direction", "booked"),
    "done": pgettext_lazy("direction", "done"),
    "cancelled": pgettext_lazy("direction", "cancelled"),
    "expired": pgettext_lazy("direction", "expired"),
}
CHIPS = {"issued": "info", "booked": "warn", "done": "good", "cancelled": "", "expired": "bad"}


class DirectionScreen(Screen):
    """A screen about directions that the employee may see; a doctor sees own ones and those of own patients."""

    right = "directions.view_direction"

    def seen(self) -> Any:
        """Those directions, with all that is shown."""
        rows = Direction.objects.visible_to(doctors_of(self.user)).with_all_shown().with_progress(self.now)
        return rows.select_related("doctor__department", "patient__lpu")

    def found(self, guid: UUID) -> Direction:
        """The one, or the page with 404."""
        direction: Direction | None = self.seen().filter(guid=guid).first()
        if direction is None:
            raise Http404
        return direction

    def may_change(self, direction: Direction) -> bool:
        """Whether the employee may cancel it or record what came of it: whoever may write such ones.

        A doctor sees what colleagues wrote for own patients, but takes back own ones only.
        """
        if direction.origin != Direction.Origin.ISSUED:
            return self.allows("lmis.enter_paper_directions") or self.allows("directions.change_incomingdirection")
        own = doctors_of(self.user)
        if own is not None and (direction.doctor is None or not own.filter(pk=direction.doctor.pk).exists()):
            return False
        return self.allows("lmis.issue_directions") or self.allows("directions.change_direction")
