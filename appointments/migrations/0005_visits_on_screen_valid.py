# The rows of before, looked at without keeping anybody from booking.

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("appointments", "0004_visits_on_screen")]

    operations = [
        ValidateConstraint("appointment", "appointment_mistake_is_fresh"),
        ValidateConstraint("appointment", "appointment_missed_never_came"),
    ]
