"""Whose schedule and patients an employee may see."""

from __future__ import annotations

from typing import Any

from lmis.models import Doctor
from lmis.querysets import DoctorQuerySet

# Who has one of these works for everybody; without them an account sees the doctors that it belongs to.
EVERYBODYS = ("lmis.use_desk", "lmis.view_head_page", "lmis.edit_templates")


def doctors_of(user: Any) -> DoctorQuerySet | None:
    """The doctors whose schedule and patients this employee sees; None means all of them.

    A doctor sees own ones only (issue of the workplace, rules); somebody who holds two positions is two doctors.
    """
    if any(user.has_perm(right) for right in EVERYBODYS):
        return None
    return Doctor.objects.filter(user=user)
