"""Who saw which patient's card: the access log. It is written and pruned, and nothing else."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lmis.models.clinic import Lpu
from lmis.querysets import AccessRecordQuerySet

LEAST_DAYS = 30  # a record younger than that is not even pruned

# The journal is worth what it is because nobody mends it. Pruning says up to when, for its own transaction alone.
ACCESS_KEEP = f"""
IF TG_OP = 'DELETE' AND OLD.at < coalesce(nullif(current_setting('lmis.prune_access_before', true), ''),
                                          '-infinity')::timestamptz
   AND OLD.at < now() - interval '{LEAST_DAYS} days' THEN
    RETURN OLD;
END IF;
RAISE EXCEPTION 'the access log is neither changed nor deleted'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'access_is_kept';
"""
ACCESS_NO_TRUNCATE = """
RAISE EXCEPTION 'the access log is never truncated'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'access_no_truncate';
"""


class AccessRecord(models.Model):
    """An employee saw a card at that moment; `card` is the patient's guid, for this app knows nothing of patients.

    Who is in here cannot be deleted as a user: whoever leaves is deactivated.
    """

    class What(models.TextChoices):
        """How the card was seen."""

        OPENED = "opened", _("opened")
        FOUND = "found", _("found by search")
        PRINTED = "printed", _("printed")
        EXPORTED = "exported", _("exported")

    at = models.DateTimeField(_("when"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("employee")
    )
    what = models.CharField(_("what was done"), max_length=8, choices=What.choices)
    card = models.UUIDField(_("card"))
    lpu = models.ForeignKey(Lpu, models.PROTECT, related_name="+", db_index=False, verbose_name=_("LPU"))
    screen = models.CharField(_("screen"), max_length=40)
    address = models.GenericIPAddressField(_("address"), null=True)

    objects = AccessRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("access to a card")
        verbose_name_plural = _("access to cards")
        ordering = ["-at", "-pk"]
        default_permissions = ()  # read on the journal's screen, by its own right
        constraints = [
            models.CheckConstraint(
                condition=models.Q(what__in=["opened", "found", "printed", "exported"]), name="access_what_known"
            ),
        ]
        indexes = [
            models.Index(fields=["card", "at", "id"], name="access_by_card"),
            models.Index(fields=["user", "at", "id"], name="access_by_user"),
            models.Index(fields=["at", "id"], name="access_by_time"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="access_keep",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=ACCESS_KEEP,
            ),
            pgtrigger.Trigger(
                name="access_no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func=ACCESS_NO_TRUNCATE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M} {self.get_what_display()}"
