"""Filters of the lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import RangeDateFilter

from lmis.days import DayField

ONE_DAY = dt.timedelta(days=1)


class DaysFilter(RangeDateFilter):
    """From a day to a day, both inclusive, as the language writes days (unfold's own reads American ones only)."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those days alone; for what is no day a message, and nothing found."""
        try:
            first, last = (self._day(end) for end in ("from", "to"))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return queryset.none()
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": self._bound(first)})
        if last:
            queryset = queryset.filter(**{f"{self.field_path}__lt": self._bound(last + ONE_DAY)})
        return queryset

    def _day(self, end: str) -> dt.date | None:
        text = self.used_parameters.get(f"{self.parameter_name}_{end}")
        try:
            day: dt.date | None = DayField(required=False).clean(text)
        except ValidationError as error:
            raise ValidationError(_("Not a day: %(text)s"), params={"text": text}, code="invalid") from error
        return day

    def _bound(self, day: dt.date) -> dt.date | dt.datetime:
        """A day's beginning in the site's time zone, where the column is an instant."""
        if not isinstance(self.field, models.DateTimeField):
            return day
        return timezone.make_aware(dt.datetime.combine(day, dt.time()))
