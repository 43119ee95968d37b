"""A number as it may have been written down: what people type is seldom letter by letter what stands on the paper."""

from __future__ import annotations

import re

from patients.services.layout import other_layout

_SIGN = re.compile(r"^[№#\s]+")
_DASH = re.compile(r"(?<=\d)[\s-](?=[^\W\d])|(?<=[^\W\d])[\s-](?=\d)")
_SEAM = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")


def without_sign(text: str) -> str:
    """A number without the № before it, as the screens write it."""
    return _SIGN.sub("", text)


def spellings(text: str) -> frozenset[str]:
    """`№ 77-к`, `77-r` and `77К` all mean `77-К`: the sign, the case, the layout, the dash between digit and letter.

    A dash between digits stays as it is, since 12-3 and 123 are two numbers. To be compared as a whole, by an index.
    """
    bare = without_sign(text)
    typed = {bare.upper(), bare.lower(), bare.upper().replace("М", "M")}
    typed |= {other_layout(bare).upper(), other_layout(bare).lower()}
    joined = {_DASH.sub("", each) for each in typed}
    return frozenset({text, bare} | typed | joined | {_SEAM.sub("-", each) for each in joined}) - {""}
