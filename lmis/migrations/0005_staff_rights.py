"""The rights of staff, and each group its share of them."""

from __future__ import annotations

from django.db import migrations

from lmis.services.groups import grant_in_migration


class Migration(migrations.Migration):
    """Taking it back keeps the groups: people may be in them."""

    dependencies = [("lmis", "0004_staff")]

    operations = [migrations.RunPython(grant_in_migration, migrations.RunPython.noop, elidable=False)]
