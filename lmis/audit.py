"""The journal: which changes of the clinic's own things it keeps, and whose they are."""

from __future__ import annotations

from typing import Any

from auditlog.middleware import AuditlogMiddleware
from auditlog.registry import auditlog
from django.http import HttpRequest

from lmis.api.addresses import client_address


class AuditMiddleware(AuditlogMiddleware):
    """The employee of the request, and an address that our own proxies vouch for: anybody may forge the header."""

    def get_extra_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the entries of this request carry."""
        address = client_address(request.META)
        actor = self._get_actor(request)  # type: ignore[no-untyped-call]
        return {"actor": actor, "remote_addr": str(address) if address else None}


def register() -> None:
    """Called once, when the apps are ready. Secrets are in no model registered here."""
    from django.contrib.auth.models import Group, User

    from lmis.models import (
        ApiClient,
        BusyType,
        CalendarDay,
        CodeMapping,
        Department,
        Doctor,
        EmployeeProfile,
        HolidayWork,
        Lpu,
        Position,
        Room,
        Speciality,
    )

    for model in (Lpu, Department, Room, Speciality, Position, BusyType, CalendarDay, HolidayWork, CodeMapping):
        auditlog.register(model)
    auditlog.register(Doctor, exclude_fields=["refiled"])
    auditlog.register(ApiClient, exclude_fields=["last_used_at"])
    auditlog.register(User, exclude_fields=["password", "last_login"], m2m_fields={"groups", "user_permissions"})
    auditlog.register(EmployeeProfile, exclude_fields=["temporary_digest"])
    auditlog.register(Group, m2m_fields={"permissions"})
