"""What the screen lock needs on a page."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def lock_minutes() -> int:
    """After how many minutes without input the page locks; 0 is never."""
    return int(settings.SCREEN_LOCK_MINUTES)
