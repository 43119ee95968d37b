"""Secrets and keys that may end: what a check of the connection says about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from lmis.models import ApiSecret

SOON = timedelta(days=30)
GOOD, WARN, BAD, SKIPPED = "good", "warn", "bad", "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """`level` is good, warn, bad or skipped; `answer` is what came, in words."""

    name: str
    level: str
    answer: str
    milliseconds: int | None = None


def keys(*, now: datetime) -> list[Step]:
    """Secrets of API clients that end soon, and what verifies the patients' tokens. One statement."""
    ending = ApiSecret.objects.filter(revoked_at=None, client__is_active=True, expires_at__lte=now + SOON)
    steps = []
    for secret in ending.select_related("client").order_by("expires_at"):
        name = _("Secret of the API client %(login)s") % {"login": secret.client.login}
        assert secret.expires_at is not None
        days = (secret.expires_at - now).days
        over = secret.expires_at <= now
        answer = _("has ended") if over else _("ends in %(days)d days") % {"days": days}
        steps.append(Step(name, BAD if over and not _has_another(secret, now) else WARN, answer))
    if not steps:
        steps.append(Step(_("Secrets of API clients"), GOOD, _("none ends within 30 days")))
    return [*steps, _token_key()]


def _has_another(secret: ApiSecret, now: datetime) -> bool:
    others = secret.client.secrets.filter(revoked_at=None).exclude(pk=secret.pk)
    return any(one.expires_at is None or one.expires_at > now for one in others)


def _token_key() -> Step:
    name, token = _("Key of the patients' tokens"), settings.PATIENT_TOKEN
    if token["JWKS_URL"]:
        return Step(name, GOOD, _("fetched from the issuer, who changes it"))
    if token["KEY"]:
        return Step(name, GOOD, _("set here; it has no end, the region says when it changes"))
    return Step(name, BAD, _("not set: no patient can book through the region"))
