"""Accounts of employees: made with a temporary password, which its owner must change before anything else opens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from auditlog.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import transaction

from lmis.actors import Actor
from lmis.models import Doctor, EmployeeProfile
from lmis.text import name_key

_BLOCKS, _DIGITS = 4, 4
_LATIN = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch * y * e yu ya".replace("*", "").split(" "),
        strict=True,
    )
)


def temporary_password() -> str:
    """Sixteen digits in four blocks: easy to dictate, and the same on a keyboard in either layout."""
    return "-".join("".join(secrets.choice("0123456789") for _ in range(_DIGITS)) for _ in range(_BLOCKS))


def login_for(last_name: str, first_name: str) -> str:
    """A free login such as `ivanova.a`; with a number behind it when that is taken."""
    base = ".".join(part for part in (_latin(last_name), _latin(first_name)[:1]) if part)[:140] or "employee"
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    names = (base if number == 1 else f"{base}{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


@transaction.atomic
def enter(user: User, *, by: Actor) -> str:
    """Save a new account, without a login yet if it has none, as an employee's; out: the temporary password.

    Raises IntegrityError for a login in use.
    """
    user.username = user.username or login_for(user.last_name, user.first_name)
    user.is_staff = True
    user.is_active = True
    password = temporary_password()
    user.set_password(password)
    user.save()
    _keep_digest(user)
    return password


@transaction.atomic
def give_temporary_password(*, user: User, by: Actor) -> str:
    """A new password for somebody who forgot theirs; the old one and all open sessions end. Out: the password."""
    password = temporary_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    _keep_digest(user)
    hidden = ["•••", "••••"]  # that it was changed, and nothing of what it is
    LogEntry.objects.log_create(
        user,
        action=LogEntry.Action.UPDATE,
        changes={"password": hidden},
        actor=by.user,
        additional_data={"by": by.label},
    )
    return password


def set_active(*, user: User, active: bool, by: Actor) -> bool:
    """Let an account in, or no more; False when it was so already. Sessions of a closed account end at once.

    What the employee did stays under the name.
    """
    if user.is_active == active:
        return False
    user.is_active = active
    user.save(update_fields=["is_active"])
    return True


def keep(*, user: User, phone: str, doctors: Iterable[Doctor], groups: Iterable[Group] | None, by: Actor) -> None:
    """Write what an account has beside Django's own columns: phone, the doctors that it is, groups unless None."""
    EmployeeProfile.objects.update_or_create(user=user, defaults={"phone": phone.strip()})
    chosen = {doctor.pk: doctor for doctor in doctors}
    for doctor in Doctor.objects.filter(user=user).exclude(pk__in=chosen):
        doctor.user = None
        doctor.save(update_fields=["user"])
    for doctor in chosen.values():
        if doctor.user_id != user.pk:
            doctor.user = user
            doctor.save(update_fields=["user"])
    if groups is not None:
        user.groups.set(groups)


def has_temporary_password(user: User) -> bool:
    """Whether the password is still the one that somebody else made up; one statement.

    When Django itself stores a password anew at a login, by a stronger method, it no longer counts as temporary.
    """
    digest = EmployeeProfile.objects.filter(user=user).values_list("temporary_digest", flat=True).first()
    return bool(digest) and digest == _digest(user)


def _latin(name: str) -> str:
    return "".join(_LATIN.get(letter, letter) for letter in name_key(name) if letter.isalnum())


def _keep_digest(user: User) -> None:
    EmployeeProfile.objects.update_or_create(user=user, defaults={"temporary_digest": _digest(user)})


def _digest(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()
