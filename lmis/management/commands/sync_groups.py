"""`manage.py sync_groups`: the staff's groups as the table has them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from lmis.services.groups import GROUPS, grant_groups


class Command(BaseCommand):
    help = "Makes the groups of staff that are missing and gives each the rights it should have."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether rights given besides are taken away."""
        parser.add_argument(
            "--exact", action="store_true", help="take away what was given to these groups besides the table"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, or say which permissions are not there."""
        with transaction.atomic():
            missing = grant_groups(group_model=Group, permission_model=Permission, exact=options["exact"])
            if missing:
                raise CommandError(f"Run migrate first; these permissions are missing: {', '.join(missing)}")
        if options["verbosity"]:
            self.stdout.write(f"Groups: {', '.join(GROUPS)}")
