"""The rights to watch and to run the exchange with the MIP, and to mend what it rejected."""

from __future__ import annotations

from django.db import migrations

from lmis.services.groups import grant_in_migration


class Migration(migrations.Migration):
    """Taking it back keeps the groups: people may be in them."""

    dependencies = [("lmis", "0013_alarms")]

    operations = [migrations.RunPython(grant_in_migration, migrations.RunPython.noop, elidable=False)]
