#!/usr/bin/env python
"""Django's command line; starts the private database for a command when none is configured."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lmis.settings")
    from django.core.management import execute_from_command_line

    from lmis import embedded

    with embedded.for_command(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
