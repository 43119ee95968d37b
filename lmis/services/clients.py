"""Making API clients and rotating their secrets. A secret is shown once, by whoever called, and kept as a digest."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import ApiClient, ApiSecret, Source
from lmis.services.credentials import digest_of, prune_failed_logins

__all__ = ["TwoSecretsLive", "create", "prune_failed_logins", "revoke_secret", "rotate"]


class TwoSecretsLive(Refusal):
    """Staff only: the API has no method that rotates."""

    status = 409
    code = "two_secrets_live"
    message = _("This client has two live secrets; revoke one first.")


@transaction.atomic
def create(
    *,
    login: str,
    name: str,
    source: str = Source.INTERNET,
    scopes: Iterable[str],
    networks: Iterable[str] = (),
    by: Actor,
    expires_at: datetime | None = None,
) -> tuple[ApiClient, str]:
    """A new client and its secret in clear. Raises `ValidationError` (Django's) for a login in use or bad values."""
    client = ApiClient(
        login=login,
        name=name,
        source=source,
        scopes=sorted(set(scopes)),
        networks=list(networks),
        created_by=str(by),
        expires_at=expires_at,
    )
    client.full_clean()
    client.save()
    return client, _issue(client, place=1, by=by)


@transaction.atomic
def rotate(*, client: ApiClient, by: Actor, now: datetime | None = None) -> str:
    """A second secret beside the one in use, in clear. Raises `TwoSecretsLive` when both places are taken.

    The caller's system is given the new one, and then the old one is revoked.
    """
    now = now or timezone.now()
    # Two rotations at once would both find the same place free: the client's row is their door.
    ApiClient.objects.select_for_update().get(pk=client.pk)
    live = ApiSecret.objects.filter(client=client, revoked_at=None)
    live.filter(expires_at__lte=now).update(revoked_at=now, revoked_by=str(by))
    free = {1, 2}.difference(live.values_list("place", flat=True))
    if not free:
        raise TwoSecretsLive
    return _issue(client, place=min(free), by=by)


def revoke_secret(*, secret: ApiSecret, by: Actor, now: datetime | None = None) -> bool:
    """End a secret at once; False when it had ended before (then who ended it first stays written)."""
    live = ApiSecret.objects.filter(pk=secret.pk, revoked_at=None)
    return bool(live.update(revoked_at=now or timezone.now(), revoked_by=str(by)))


def _issue(client: ApiClient, *, place: int, by: Actor) -> str:
    """Store a new secret of 256 random bits; no character in it needs quoting in a shell or a URL."""
    secret = secrets.token_urlsafe(32)
    ApiSecret.objects.create(
        client=client, place=place, digest=digest_of(secret.encode()), hint=secret[-4:], created_by=str(by)
    )
    return secret
