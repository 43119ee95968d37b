from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the staff's work."""

    atomic = False

    dependencies = [
        ("patients", "0010_upload_set_aside"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="cardupload",
            index=models.Index(fields=["state", "error_code", "patient"], name="upload_by_reason"),
        ),
        RemoveIndexConcurrently(model_name="cardupload", name="upload_by_state"),
        AddIndexConcurrently(
            model_name="cardupload",
            index=models.Index(
                condition=models.Q(("state__in", ["rejected", "duplicate"])),
                fields=["last_attempt_at", "patient"],
                name="upload_to_mend",
            ),
        ),
        migrations.AlterField(
            model_name="exchangemark",
            name="kind",
            field=models.CharField(
                choices=[
                    ("deploy", "new version"),
                    ("settings", "settings changed"),
                    ("pause", "paused"),
                    ("resume", "resumed"),
                    ("gate_shut", "gate shut"),
                    ("gate_open", "gate open"),
                    ("backfill", "upload of existing cards"),
                    ("again", "refused ones sent again"),
                ],
                max_length=12,
                verbose_name="what",
            ),
        ),
    ]
