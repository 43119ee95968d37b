from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the staff's work."""

    atomic = False

    dependencies = [
        ("patients", "0004_duplicates_and_imports"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="patient",
            index=models.Index(
                condition=models.Q(("district", ""), _negated=True), fields=["district", "id"], name="card_by_district"
            ),
        ),
        AddIndexConcurrently(
            model_name="patient",
            index=models.Index(
                condition=models.Q(("state", "active"), _negated=True), fields=["state", "id"], name="card_not_active"
            ),
        ),
    ]
