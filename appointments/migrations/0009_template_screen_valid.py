# The rows of before, looked at without keeping anybody from booking.

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("appointments", "0008_template_screen")]

    operations = [
        ValidateConstraint("slot", "slot_release_known"),
        ValidateConstraint("slot", "slot_release_whole"),
        ValidateConstraint("slot", "slot_numbers"),
        AddIndexConcurrently(
            model_name="slot",
            index=models.Index(
                fields=["release_at"], condition=models.Q(("release_at__isnull", False)), name="slot_to_release"
            ),
        ),
    ]
