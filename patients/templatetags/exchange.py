"""Words of the exchange's screens: spans of time, and what codes mean."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

from patients.services import exchange_words

register = template.Library()
register.filter("plain", exchange_words.plain)
register.filter("reason", exchange_words.reason_of)
register.filter("mip_faults", exchange_words.faults_of)


@register.filter
def span(value: timedelta | None) -> str:
    """A length of time as people say it: two units at most; a dash for none."""
    if value is None:
        return "—"
    minutes = int(value.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if not days:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
    return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
