"""The one row of the database's epoch."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """A fresh database begins an epoch of its own."""

    dependencies = [("lmis", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO lmis_epoch (id, value) VALUES (1, gen_random_uuid()) ON CONFLICT (id) DO NOTHING",
            migrations.RunSQL.noop,
        )
    ]
