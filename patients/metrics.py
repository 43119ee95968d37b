"""Figures on the uploads to the MIP, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone

from lmis.ops.metrics import Metric, source
from patients.models import CardUpload

_UNSENT = (CardUpload.State.WAITING, CardUpload.State.IN_FLIGHT, CardUpload.State.RETRY)


@source
def uploads() -> Iterator[Metric]:
    """How many cards are in which state, and how long the oldest change has been waiting."""
    rows = CardUpload.objects.values_list("state").annotate(Count("pk"), Min("patient__updated_at")).order_by()
    found = {state: (count, oldest) for state, count, oldest in rows}
    counts = [({"state": state}, float(found.get(state, (0, None))[0])) for state in CardUpload.State.values]
    yield Metric("uploads", "Cards by the state of their upload to the MIP.", counts)
    waiting = [found[state][1] for state in _UNSENT if state in found]
    age = (timezone.now() - min(waiting)).total_seconds() if waiting else 0.0
    yield Metric.single("oldest_unsent_seconds", "Age of the oldest change that the MIP has not been told.", age)
