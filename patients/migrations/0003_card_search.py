from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the staff's work: a million cards are indexed without stopping anybody."""

    atomic = False

    dependencies = [
        ("patients", "0002_card_fields"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="patient",
            index=models.Index(
                fields=["family_key", "name_key", "patronymic_key", "birth_date", "id"],
                name="card_by_names_and_birth",
                opclasses=["text_pattern_ops", "text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
            ),
        ),
        AddIndexConcurrently(
            model_name="patient",
            index=models.Index(
                models.Func(
                    models.Func(
                        models.F("phone"),
                        models.Value("[^0-9]"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                        output_field=models.CharField(),
                    ),
                    models.Value(10),
                    function="right",
                    output_field=models.CharField(),
                ),
                condition=models.Q(("phone", ""), _negated=True),
                name="card_by_phone",
            ),
        ),
        RemoveIndexConcurrently(
            model_name="patient",
            name="card_by_names",
        ),
        ValidateConstraint(model_name="patient", name="card_polis_or_reason"),
    ]
