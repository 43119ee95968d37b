"""The places of the grid as markup.

A day of a speciality has hundreds of them: written here they take a tenth of what the template language takes, which
looks up, localizes and escapes each of a place's thirteen parts by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from appointments.screens.grid_cells import WORDS, Cell

register = template.Library()


@register.filter
def drawn(cells: Iterable[Cell]) -> SafeString:
    """The markup of these places. Names and reasons are escaped; all else is ours."""
    words = {sign: escape(str(word)) for sign, word in WORDS.items()}
    over = escape(_("over plan"))
    return SafeString("".join(_drawn(cell, words[cell.sign], over) for cell in cells))


def _drawn(cell: Cell, word: str, over: str) -> str:
    beyond = f'<span class="over" title="{over}">+{cell.over}</span>' if cell.over else ""
    return (
        f'<button type="button" role="gridcell" tabindex="-1" id="s{cell.pk}" class="cell {cell.classes}"'
        f' data-place="{cell.guid}" data-column="{cell.column}" data-begin="{cell.begin}" data-end="{cell.end}"'
        f' data-free="{cell.free}"><b>{cell.time}</b>'
        f'<svg class="sign" aria-hidden="true"><use href="#sign-{cell.sign}"/></svg>'
        f'<span class="hidden-text">{word}</span><span class="text">{escape(cell.text)}</span>'
        f"{beyond}<i>{escape(cell.marks)}</i></button>"
    )
