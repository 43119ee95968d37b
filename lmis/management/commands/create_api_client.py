"""`manage.py create_api_client`: a client of the API and its secret, shown once."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.utils.dateparse import parse_datetime

from lmis.actors import SYSTEM
from lmis.models import Source
from lmis.models.api_client import Scope
from lmis.services import clients


class Command(BaseCommand):
    help = "Creates a client of the integration API and prints its secret, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """What a client has."""
        parser.add_argument("login")
        parser.add_argument("--name", required=True, help="what for, for people")
        parser.add_argument("--source", default=Source.INTERNET, choices=Source.values)
        parser.add_argument("--scopes", nargs="+", default=Scope.values, choices=Scope.values)
        parser.add_argument("--networks", nargs="*", default=[], help="such as 10.1.0.0/16; none: from anywhere")
        parser.add_argument("--expires-at", type=_moment, help="such as 2027-01-01T00:00:00+03:00")

    @no_translations  # as the rest of the command: what is wrong would else be told in two languages
    def handle(self, *args: Any, **options: Any) -> None:
        """Create it, or say what is wrong with which argument."""
        wanted = ("login", "name", "source", "scopes", "networks", "expires_at")
        try:
            client, secret = clients.create(**{name: options[name] for name in wanted}, by=SYSTEM)
        except ValidationError as error:
            raise CommandError("\n".join(_sentences(error))) from error
        self.stdout.write(f"login: {client.login}\nsecret: {secret}")
        self.stderr.write("The secret is not stored and cannot be shown again.")


def _moment(text: str) -> Any:
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError(f"{text} is not a date-time with an offset.")
    return moment


def _sentences(error: ValidationError) -> list[str]:
    return [f"{field}: {message}" for field, messages in error.message_dict.items() for message in messages]
