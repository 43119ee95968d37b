"""Making API clients and rotating their secrets. A secret is shown once, by whoever called, and kept as a digest.

The journal has who did what to which client; of a secret it has the last characters, as the client's page does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lmis.actors import Actor
from lmis.exceptions import Refusal
from lmis.models import ApiClient, ApiSecret, Source
from lmis.services import journal
from lmis.services.credentials import digest_of, prune_failed_logins

__all__ = ["TwoSecretsLive", "change", "create", "prune_failed_logins", "revoke_secret", "rotate"]
EDITABLE = frozenset({"name", "source", "scopes", "networks", "is_active", "expires_at"})


class TwoSecretsLive(Refusal):
    """Staff only: the API has no method that rotates."""

    status = 409
    code = "two_secrets_live"
    message = _("This client has two live secrets. Revoke one first.")


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
    ApiClient.objects.bulk_create([client])  # past the signals, which know no actor outside a request
    journal.note_created(client, by=by)
    return client, _issue(client, place=1, by=by)


@transaction.atomic
def change(*, client: ApiClient, values: Mapping[str, Any], by: Actor) -> ApiClient:
    """Write what of `EDITABLE` is given and differs. Raises `ValidationError` (Django's) for bad values.

    Switching it off (`is_active`) refuses its calls from now on; its secrets stay.
    """
    # Somebody else may be saving the same client: what they wrote is what differs from the values here.
    kept = ApiClient.objects.select_for_update().get(pk=client.pk)
    wanted = {name: values[name] for name in EDITABLE & values.keys()}
    if "scopes" in wanted:
        wanted["scopes"] = sorted(set(wanted["scopes"]))
    news = {name: value for name, value in wanted.items() if getattr(kept, name) != value}
    if not news:
        return kept
    journal.note_changed(kept, news, by=by)
    for name, value in news.items():
        setattr(kept, name, value)
    kept.full_clean()
    ApiClient.objects.filter(pk=kept.pk).update(**news)
    return kept


@transaction.atomic
def rotate(*, client: ApiClient, by: Actor, now: datetime | None = None) -> str:
    """A second secret beside the one in use, in clear. Raises `TwoSecretsLive` when both places are taken.

    The caller's system is given the new one, and then the old one is revoked.
    """
    now = now or timezone.now()
    # Two rotations at once would both find the same place free: the client's row is their door.
    ApiClient.objects.select_for_update().get(pk=client.pk)
    before = _live(client)
    live = ApiSecret.objects.filter(client=client, revoked_at=None)
    live.filter(expires_at__lte=now).update(revoked_at=now, revoked_by=str(by))
    free = {1, 2}.difference(live.values_list("place", flat=True))
    if not free:
        raise TwoSecretsLive
    return _issue(client, place=min(free), by=by, before=before)


@transaction.atomic
def revoke_secret(*, secret: ApiSecret, by: Actor, now: datetime | None = None) -> bool:
    """End a secret at once; False when it had ended before (then who ended it first stays written)."""
    # The journal says which secrets are live before and after: nobody else may end or make one in between.
    client = ApiClient.objects.select_for_update().get(pk=secret.client_id)
    before = _live(client)
    live = ApiSecret.objects.filter(pk=secret.pk, revoked_at=None)
    ended = live.update(revoked_at=now or timezone.now(), revoked_by=str(by))
    if ended:
        journal.note_list(client, "secrets", before, _live(client), by=by)
    return bool(ended)


def _issue(client: ApiClient, *, place: int, by: Actor, before: str = "") -> str:
    """Store a new secret of 256 random bits; no character in it needs quoting in a shell or a URL."""
    secret = secrets.token_urlsafe(32)
    ApiSecret.objects.create(
        client=client, place=place, digest=digest_of(secret.encode()), hint=secret[-4:], created_by=str(by)
    )
    journal.note_list(client, "secrets", before, _live(client), by=by)
    return secret


def _live(client: ApiClient) -> str:
    """Its secrets in use by their last characters."""
    return ", ".join(str(one) for one in ApiSecret.objects.filter(client=client, revoked_at=None).order_by("pk"))
