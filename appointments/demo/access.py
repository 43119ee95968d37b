"""Who may come into the demo: the API client, and one employee of each group beside the administrator of it all."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.utils.crypto import salted_hmac

from lmis.actors import SYSTEM
from lmis.models import ApiClient, ApiSecret, Doctor, EmployeeProfile, Source
from lmis.models.api_client import Scope
from lmis.services import clients, credentials

CLIENT_LOGIN = "demo"
ADMIN_USER = "admin"
PASSWORD = "registratura-demo"  # noqa: S105 - of a demo, printed at its start

_PEOPLE = {
    "registrar": ("Кузьмина", "Алла"),
    "head": ("Верещагин", "Пётр"),
    "operator": ("Лосев", "Глеб"),
    "administrator": ("Чижова", "Римма"),
}
_PHONES = "712300002"  # and two digits; see `people` on the code


@dataclass(frozen=True, slots=True)
class Access:
    """What opens the API and the admin, in clear."""

    login: str
    secret: str
    admin_user: str
    admin_password: str


def ensure(now: dt.datetime) -> Access:
    """The client with a secret that works and an administrator whose password is the known one; made or mended."""
    client = ApiClient.objects.filter(login=CLIENT_LOGIN).first() or _create_client()
    secret = secret_of(client.login)
    if credentials.check(login=client.login, secret=secret.encode(), now=now) is None:
        _put_secret(client, secret, now)
    _ensure_admin()
    return Access(client.login, secret, ADMIN_USER, PASSWORD)


def secret_of(login: str) -> str:
    """Made of `SECRET_KEY`: only a digest is stored, and the demo must be able to tell it at every start."""
    digest = salted_hmac("appointments.demo", login, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def add_employees(doctor: Doctor) -> None:
    """One employee for each group, called like it; the doctor's account is of `doctor`. After `ensure`."""
    password = User.objects.get(username=ADMIN_USER).password  # hashing is slow on purpose: once for all
    for number, group in enumerate(Group.objects.order_by("pk"), start=1):
        family, name = _PEOPLE.get(group.name, (doctor.family, doctor.name))
        user, made = User.objects.get_or_create(
            username=group.name,
            defaults={"password": password, "is_staff": True, "last_name": family, "first_name": name},
        )
        if made:
            user.groups.add(group)
            EmployeeProfile.objects.create(user=user, phone=f"{_PHONES}{number:02}")
        if group.name == "doctor":
            Doctor.objects.filter(pk=doctor.pk, user=None).update(user=user)


def _create_client() -> ApiClient:
    client, _unused = clients.create(
        login=CLIENT_LOGIN, name="Демонстрация: портал записи", source=Source.INTERNET, scopes=Scope.values, by=SYSTEM
    )
    client.secrets.all().delete()
    return client


def _put_secret(client: ApiClient, secret: str, now: dt.datetime) -> None:
    """In a free place, or in that of the older one; another `SECRET_KEY` or a revocation is no obstacle."""
    digest = credentials.digest_of(secret.encode())
    others = list(client.secrets.filter(revoked_at=None).exclude(digest=digest).order_by("created_at", "pk"))
    if len(others) == 2:
        clients.revoke_secret(secret=others.pop(0), by=SYSTEM, now=now)
    ApiSecret.objects.update_or_create(
        digest=digest,
        defaults={
            "client": client,
            "place": min({1, 2} - {other.place for other in others}),
            "hint": secret[-4:],
            "created_by": SYSTEM.label,
            "expires_at": None,
            "revoked_at": None,
            "revoked_by": "",
        },
    )


def _ensure_admin() -> None:
    known = User.objects.filter(username=ADMIN_USER).first()
    if known is None:
        User.objects.create_superuser(ADMIN_USER, password=PASSWORD)
    elif not known.check_password(PASSWORD):
        known.set_password(PASSWORD)
        known.save(update_fields=["password"])
