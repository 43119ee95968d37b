from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the staff's work."""

    atomic = False

    dependencies = [
        ("patients", "0009_backfill_and_reconciliation"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="cardupload",
            index=models.Index(
                condition=models.Q(("state__in", ["retry", "rejected", "duplicate", "not_needed"])),
                fields=["state", "patient"],
                name="upload_set_aside",
            ),
        ),
    ]
