#!/usr/bin/env python
"""Django's command line; starts the private database for a command when none is configured."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - says so, where an older Python would stumble over our syntax
    sys.stderr.write("Python 3.11 or newer is needed, and this is %d.%d.\n" % sys.version_info[:2])  # noqa: UP031
    sys.exit(2)


def main() -> None:
    """Run the command named on the command line; 2 and one line for what people can mend."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lmis.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from lmis import configured, embedded
    from lmis.demo import environment

    try:
        if sys.argv[1:2] == ["demo"]:
            environment.prepare(sys.argv[2:])
        with embedded.for_command(sys.argv), configured.explained():
            execute_from_command_line(sys.argv)
    except (embedded.EmbeddedError, configured.SilentError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
