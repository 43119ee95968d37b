"""The language of texts for people (contract §2): `ru` unless English is asked for; codes never change."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation.trans_real import parse_accept_lang_header


def language_of(header: str) -> str:
    """The first of our languages in an `Accept-Language` header; any dialect of it will do."""
    offered = dict(settings.LANGUAGES)
    for tag, quality in parse_accept_lang_header(header) if header else ():
        if quality and (language := tag.partition("-")[0]) in offered:
            return language
    return settings.LANGUAGE_CODE
