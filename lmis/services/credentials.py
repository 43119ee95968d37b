"""Checking a client's login and secret, and counting those who fail."""

from __future__ import annotations

import hashlib
import hmac
import math
from datetime import datetime, timedelta

from django.db import connection, transaction

from lmis.models import ApiClient, FailedLogin
from lmis.rows import Columns, fetch

MAX_FAILURES = 20  # of one login from one address within ...
MINUTE = timedelta(minutes=1)
_NOBODY = (bytes(32), None)  # compared with when there is no secret, so that an unknown login takes as long
_CLIENT = Columns(ApiClient, "c")
_LIVE_SECRETS = f"""
    SELECT s.digest, s.expires_at, {_CLIENT.sql} FROM "lmis_apisecret" s JOIN "lmis_apiclient" c ON c.id = s.client_id
     WHERE c.login = %s AND s.revoked_at IS NULL"""  # noqa: S608
_LOGIN_LENGTH = FailedLogin._meta.get_field("login").max_length


def digest_of(secret: bytes) -> bytes:
    """What is stored of a secret. It has 256 random bits, so there is nothing to guess and no need to be slow."""
    return hashlib.sha256(secret).digest()


def check(*, login: str, secret: bytes, now: datetime) -> ApiClient | None:
    """The active client with this login and this live secret, or None. One statement, in constant time."""
    given = digest_of(secret)
    kept = fetch(_LIVE_SECRETS, [login.replace("\x00", "\ufffd")])
    found: ApiClient | None = None
    for digest, expires_at, *client in [*kept, _NOBODY, _NOBODY][:2]:
        same = hmac.compare_digest(bytes(digest), given)
        if same and client and _alive(expires_at, now):
            found = _CLIENT.read(client)
    return found if found and found.is_active and _alive(found.expires_at, now) else None


def touch(*, client: ApiClient, now: datetime) -> None:
    """Keep `last_used_at` true to the minute; a statement only when it is older."""
    if client.last_used_at and now - client.last_used_at < MINUTE:
        return
    # Somebody may hold the row (staff saving the client) and a booking must not wait for that: skip it then.
    free = ApiClient.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=client.pk)
    with transaction.atomic():
        ApiClient.objects.filter(pk__in=free.values("pk")).update(last_used_at=now)


def failed(*, login: str, address: str, now: datetime) -> int | None:
    """Count a failure; from the 21st within a minute on the seconds until the minute is over, else None."""
    with connection.cursor() as cursor:
        # Two failures at once would both read 19: so count and read in one statement, on one row.
        cursor.execute(
            f"""
            INSERT INTO {FailedLogin._meta.db_table} AS f (login, address, minute, count)
            VALUES (%(login)s, %(address)s, %(now)s, 1)
            ON CONFLICT (login, address) DO UPDATE SET
                count = CASE WHEN f.minute <= %(over)s THEN 1 ELSE f.count + 1 END,
                minute = CASE WHEN f.minute <= %(over)s THEN %(now)s ELSE f.minute END
            RETURNING count, minute
            """,  # noqa: S608
            {
                "login": _counted(login),
                "address": address,
                "now": now,
                "over": now - MINUTE,
            },
        )
        count, since = cursor.fetchone()
    return math.ceil((since + MINUTE - now).total_seconds()) if count > MAX_FAILURES else None


def forget_failures(*, login: str, address: str) -> None:
    """Whoever knows a password has only mistyped it before."""
    FailedLogin.objects.filter(login=_counted(login), address=address).delete()


def prune_failed_logins(*, now: datetime) -> int:
    """Forget failures whose minute is over; the number of rows gone."""
    return FailedLogin.objects.filter(minute__lte=now - MINUTE).delete()[0]


def _counted(login: str) -> str:
    return login.replace("\x00", "\ufffd")[:_LOGIN_LENGTH]


def _alive(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is None or expires_at > now
