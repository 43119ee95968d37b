"""The secret key of a private installation: made once, kept beside its data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from lmis.embedded.errors import EmbeddedError


def secret_key(data_dir: Path) -> str:
    """Return the key kept in `data_dir`, made on the first call (mode 0600).

    Raises `EmbeddedError` when the directory can be neither read nor written.
    """
    path = data_dir / "secret_key"
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise EmbeddedError(
            f"The data directory {data_dir} cannot be written ({error.strerror}): "
            "choose another with --data-dir or LMIS_DATA_DIR."
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secret_key.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    # Two first starts at once would each keep a key of their own: a link, unlike a rename, never replaces.
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
