"""The groups of staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

from lmis.services.groups import grant_groups

APPS = ["auth", "auditlog", "lmis", "patients", "directions", "appointments"]


def grant(apps: Any, schema_editor: Any) -> None:
    """Django makes permissions only after the last migration, and the groups need them now."""
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True  # of a historical app it is None, and without it nothing is made
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias, apps=apps)
        config.models_module = None
    grant_groups(group_model=apps.get_model("auth", "Group"), permission_model=apps.get_model("auth", "Permission"))


class Migration(migrations.Migration):
    """Taking it back keeps the groups: people may be in them."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auditlog", "0001_initial"),
        ("lmis", "0002_epoch"),
        ("patients", "0001_initial"),
        ("directions", "0001_initial"),
        ("appointments", "0001_initial"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop, elidable=False)]
