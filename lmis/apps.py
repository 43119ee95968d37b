"""App registration."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class LmisConfig(AppConfig):
    """The clinic itself."""

    name = "lmis"
    default = True
    verbose_name = _("Clinic")

    def ready(self) -> None:
        """Begin the journal; watch for temporary passwords; let workers be seen to live;
        watch for what is wrong."""
        from lmis import audit
        from lmis.ops import heartbeat, sentry
        from lmis.screens import temporary
        from lmis.services import alarm_checks

        audit.register()
        temporary.connect()
        heartbeat.connect()
        sentry.start()
        alarm_checks.connect()


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our site."""

    default_site = "lmis.admin_site.Site"
    default = False
