"""What an employee's account has beside Django's own."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EmployeeProfile(models.Model):
    """Made with the account, or when something is first written here; an account without one lacks nothing.

    `temporary_digest` is that of the password which somebody else made up: as long as the account still has that one,
    nothing opens before it is changed (`lmis.services.employees`).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile", verbose_name=_("employee")
    )
    phone = models.CharField(
        _("phone"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where colleagues reach this employee: shown to those who work with the same computer."),
    )
    temporary_digest = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("about the employee")
        verbose_name_plural = _("about the employees")
        default_permissions = ()  # written with the account, by whoever may write that

    def __str__(self) -> str:
        return self.phone
