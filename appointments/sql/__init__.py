"""Statements that PostgreSQL answers with finished JSON; each is a file of SQL beside this one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from django.db import connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader

_HERE = Path(__file__).parent
_PART = re.compile(r"\{\{(\w+)\}\}")
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)


@cache
def load(name: str, **parts: str) -> str:
    """The statement `name.sql`, without its comment lines; `{{part}}` is a given part or the file of that name."""
    text = _COMMENT.sub("", (_HERE / f"{name}.sql").read_text("utf-8")).strip()
    return _PART.sub(lambda found: parts[found[1]] if found[1] in parts else load(found[1]), text)


def fetch(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows; text comes as the bytes that the server sent: megabytes of it are neither decoded nor encoded again."""
    with connection.cursor() as cursor:
        cast(Any, cursor).cursor.adapters.register_loader("text", _Bytes)
        cursor.execute(sql, parameters)
        return cast(list[tuple[Any, ...]], cursor.fetchall())


class _Bytes(Loader):
    def load(self, data: Buffer) -> bytes:
        """Give the bytes."""
        return bytes(data)
