"""PostgreSQL refuses to run as root: then it runs as a system user, who must be able to reach its files."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from lmis.embedded.errors import EmbeddedError

NAME = "pgserver"  # the name that the wheel itself uses
READ_AND_ENTER = stat.S_IROTH | stat.S_IXOTH


def needed() -> str | None:
    """Return the system user's name when we are root (made if missing), else None."""
    if os.geteuid() != 0:
        return None
    if not _exists():
        _create()
    return NAME


def _exists() -> bool:
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        return False
    return True


def _create() -> None:
    maker = shutil.which("useradd")
    done = maker and subprocess.run(  # noqa: S603
        [maker, "--system", "--no-create-home", "--shell", "/bin/false", NAME], capture_output=True, check=False
    )
    # Two first starts at once: the later useradd fails because the earlier one has done it.
    if not _exists():
        reason = done.stderr.decode(errors="replace").strip() if done else "there is no useradd"
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the system user {NAME} could not be made ({reason}): "
            "run as an ordinary user, or set DATABASE_URL."
        )


def make_private(folder: Path) -> None:
    """Make `folder` of the sockets, entered by nobody else; raises `EmbeddedError` if it is somebody else's.

    Its name can be guessed, and anybody may have made it before us to listen in.
    """
    ours = {os.geteuid(), pwd.getpwnam(NAME).pw_uid} if os.geteuid() == 0 and _exists() else {os.geteuid()}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise EmbeddedError(f"{folder} belongs to somebody else: remove it, or set TMPDIR to another folder.")
        folder.chmod(0o700)
    except OSError as error:
        raise EmbeddedError(f"The folder {folder} cannot be made ({error.strerror}).") from error


def own(path: Path, user: str | None) -> None:
    """Give `path` to the system user (nothing to do for an ordinary user)."""
    if user:
        os.chown(path, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)


def let_in(path: Path, user: str | None) -> None:
    """Let the system user pass through every folder above `path`; says so when it has to open one."""
    if not user:
        return
    closed = [folder for folder in path.resolve().parents if not folder.stat().st_mode & stat.S_IXOTH]
    for folder in closed:
        _open(folder, stat.S_IXOTH)
    if closed:
        names = " ".join(str(folder) for folder in closed)
        sys.stderr.write(f"note: chmod o+x {names}, so that PostgreSQL's system user can reach its files\n")


def let_read(*trees: Path, user: str | None) -> None:
    """Let the system user read the programs in `trees`; pip leaves them private under a strict umask."""
    if not user:
        return
    for tree in trees:
        let_in(tree, user)
        if tree.stat().st_mode & READ_AND_ENTER == READ_AND_ENTER:
            continue
        for path in (tree, *tree.rglob("*")):
            mode = path.stat().st_mode
            _open(path, READ_AND_ENTER if mode & stat.S_IXUSR else stat.S_IROTH)


def _open(path: Path, bits: int) -> None:
    try:
        path.chmod(path.stat().st_mode | bits)
    except OSError as error:
        raise EmbeddedError(
            f"PostgreSQL's system user {NAME} cannot reach {path} ({error.strerror}): choose another data "
            "directory with --data-dir or LMIS_DATA_DIR, or run as an ordinary user."
        ) from error
