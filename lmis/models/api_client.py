"""Those who call the API: clients, their secrets, and the failed attempts of everybody else.

A client is not a Django user: it has no session, no password hash that takes half a second, no rights in the admin.
"""

from __future__ import annotations

from ipaddress import ip_network

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lmis.models.sources import Source


class Scope(models.TextChoices):
    """What a client may do (contract §2.1)."""

    SCHEDULE = "schedule", _("Read the schedule")
    APPOINTMENTS = "appointments", _("Book for the patient of the token")
    DIRECTIONS = "directions", _("Directions: ask, book, cancel")


def validate_network(value: str) -> None:
    """Refuse what is neither an address nor a network such as `10.1.0.0/16`."""
    try:
        ip_network(value, strict=False)
    except ValueError as error:
        raise ValidationError(_("Not a network: %(value)s"), params={"value": value}, code="invalid") from error


# A colon ends the login in Basic, so a login with one could never come in.
validate_login = RegexValidator(
    r"\A[^\s:\x00-\x1f\x7f]+\Z", _("No spaces, colons or control characters in a login."), code="invalid"
)


class ApiClient(models.Model):
    """A system that calls us: the central service, an infomat, a call centre."""

    login = models.CharField(_("login"), max_length=64, unique=True, validators=[validate_login])
    name = models.CharField(_("what for"), max_length=200)
    source = models.CharField(_("source"), max_length=20, choices=Source.choices, default=Source.INTERNET)
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("scopes"), default=list, blank=True
    )
    networks = ArrayField(
        models.CharField(max_length=49, validators=[validate_network]),
        verbose_name=_("networks"),
        default=list,
        blank=True,
        help_text=_("Such as 10.1.0.0/16; empty: from anywhere."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    created_by = models.CharField(_("created by"), max_length=150, editable=False)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ["login"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(login="") & ~models.Q(login__contains=":"), name="api_client_login_usable"
            ),
            models.CheckConstraint(condition=models.Q(source__in=Source.values), name="api_client_source_known"),
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values), name="api_client_scopes_known"
            ),
        ]

    def __str__(self) -> str:
        return self.login


class ApiSecret(models.Model):
    """A secret of a client, as a digest: 256 random bits need no slow hash, and a call must not cost one.

    A client has two places, so that a new secret is in use before the old one goes.
    """

    client = models.ForeignKey(ApiClient, models.CASCADE, related_name="secrets", verbose_name=_("API client"))
    place = models.PositiveSmallIntegerField(_("place"), choices=[(1, "1"), (2, "2")])
    digest = models.BinaryField(_("SHA-256 of the secret"), max_length=32, unique=True)
    hint = models.CharField(_("ends with"), max_length=4)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    created_by = models.CharField(_("created by"), max_length=150, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    revoked_by = models.CharField(_("revoked by"), max_length=150, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("API secret")
        verbose_name_plural = _("API secrets")
        ordering = ["client", "-created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "place"],
                condition=models.Q(revoked_at=None),
                name="api_secret_two_live_at_most",
            ),
            models.CheckConstraint(condition=models.Q(place__in=[1, 2]), name="api_secret_place_1_or_2"),
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"


class FailedLogin(models.Model):
    """Failures of one (login, address) in the minute that began with the first of them.

    Here and not in Redis: exact over all processes, and an API call never waits for Redis.
    """

    login = models.CharField(_("login tried"), max_length=64)
    address = models.CharField(_("address"), max_length=45)
    minute = models.DateTimeField(pgettext_lazy("minute", "since"))
    count = models.PositiveIntegerField(_("failures"), default=1)

    class Meta:
        verbose_name = _("failed login")
        verbose_name_plural = _("failed logins")
        ordering = ["-minute"]
        constraints = [models.UniqueConstraint(fields=["login", "address"], name="failed_login_once")]
        indexes = [models.Index(fields=["minute"], name="failed_login_minute")]

    def __str__(self) -> str:
        return f"{self.login} · {self.address}"
