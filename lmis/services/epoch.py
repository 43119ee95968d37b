"""The database's epoch: what pollers know from before a restore is worth nothing after it."""

from __future__ import annotations

import logging
import uuid

from django.db.models.functions import Now

from lmis.actors import Actor
from lmis.models import Epoch

logger = logging.getLogger(__name__)


def renew(*, by: Actor) -> uuid.UUID:
    """A new epoch: from now on every poller gets the schedule in full once. Gives the new value."""
    value = uuid.uuid4()
    Epoch.objects.update_or_create(pk=1, defaults={"value": value, "renewed_at": Now()})
    logger.warning("epoch of the database renewed by %s", by)
    return value
