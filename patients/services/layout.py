"""A text typed while the keyboard was in the other layout: `bdfyjd` for Иванов."""

from __future__ import annotations

import re

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`" + 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?~'
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбю.ё" + "ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,Ё"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)


def is_latin(text: str) -> bool:
    """Whether it has Latin letters and no Cyrillic ones."""
    return bool(re.search("[a-z]", text, re.IGNORECASE)) and not re.search("[а-яё]", text, re.IGNORECASE)


def other_layout(text: str) -> str:
    """What the same keys write in the other layout."""
    return text.translate(_TO_CYRILLIC if is_latin(text) else _TO_LATIN)
