"""What templates, extra hours and slots have in common."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from lmis.models import Source


def default_channels() -> list[str]:
    """Open to everybody but the doctor's own channel and the other LPUs' doctors."""
    return [Source.REGISTRY, Source.CALL_CENTER, Source.INTERNET, Source.INFOMAT]


def channels_field(**kwargs: Any) -> ArrayField[Any, Any]:
    """A list of channels through which a place may be booked."""
    return ArrayField(
        models.CharField(max_length=16, choices=Source.choices),
        verbose_name=_("channels"),
        default=default_channels,
        **kwargs,
    )


def released_channels_field(label: Any) -> ArrayField[Any, Any]:
    """A list of channels to which a place opens later; none by default."""
    return ArrayField(
        models.CharField(max_length=16, choices=Source.choices),
        verbose_name=label,
        default=list,
        db_default=Value([]),
        blank=True,
    )


def channels_known(name: str, field: str = "channels") -> models.CheckConstraint:
    """Only the six of SourceEnum."""
    return models.CheckConstraint(condition=models.Q((f"{field}__contained_by", list(Source.values))), name=name)
