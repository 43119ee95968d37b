"""A slip on the command line: what is wrong in one line, and no traceback."""

import pytest
from django.core.management import execute_from_command_line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generate_slots", "--until", "tomorrow"], "--until: tomorrow is not a date such as 2026-05-31."),
        (["generate_slots", "--until", "2026-06-01", "--doctor", "42"], "--doctor: 42 is not a guid."),
        (
            ["create_api_client", "a", "--name", "A", "--expires-at", "tomorrow"],
            "--expires-at: tomorrow is not a date-time with an offset.",
        ),
        (["upload_cards", "--changed-since", "2026-02-31"], "--changed-since: 2026-02-31 is no date: write 2026-05-31"),
        (["upload_cards", "--lpu", "nobody"], "--lpu: nobody is not the guid of an LPU of ours."),
    ],
)
@pytest.mark.django_db
def test_an_argument_that_cannot_be_read(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", *arguments])
    assert ended.value.code == 2
    assert f"error: argument {said}" in capsys.readouterr().err
