"""Serializer fields for the contract's own spellings."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from lmis.api.guids import parse_guid

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


class GuidField(serializers.UUIDField):
    """A guid; DRF's own field would also take the number 5, braces and URNs."""

    def to_internal_value(self, data: Any) -> UUID:
        """Give the UUID, or fail with `invalid`."""
        guid = parse_guid(data.strip() if isinstance(data, str) else data)
        if guid is None:
            self.fail("invalid", value=data)
        return guid


class AwareDateTimeField(serializers.DateTimeField):
    """A date-time with any offset; one without is refused (contract §2)."""

    default_error_messages = {
        "invalid": _("Not an ISO 8601 date-time."),
        "offset_required": _("A date-time needs an offset, such as +03:00."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        """Give the moment in UTC, or fail with `invalid` or `offset_required`."""
        try:
            moment = parse_datetime(value.strip()) if isinstance(value, str) else None
            in_utc = moment.astimezone(UTC) if moment and moment.utcoffset() is not None else None
        except (ValueError, OverflowError):  # 30 February; the year 1 with an offset
            moment = in_utc = None
        if in_utc is None:
            self.fail("offset_required" if moment else "invalid")
        return in_utc


class DayField(serializers.DateField):
    """`YYYY-MM-DD` and nothing else (contract §2); DRF's own field would also take week dates and missing zeros."""

    def to_internal_value(self, value: Any) -> date:
        """Give the date, or fail with `invalid`."""
        text = value.strip() if isinstance(value, str) else ""
        try:
            return date.fromisoformat(text if _DAY.fullmatch(text) else "")
        except ValueError:
            self.fail("invalid", format="YYYY-MM-DD")
