"""A `Content-Type` that Django can read: it looks at that header before anything of ours could answer."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ReadableContentType:
    """A WSGI application that takes away the parameters of a `Content-Type` on which Django would stumble.

    Some it cannot even take apart, and others name a charset in which it would read the query. That is UTF-8 here.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer."""
        given = environ.get("CONTENT_TYPE", "")
        if ";" in given and not readable(given):
            environ["CONTENT_TYPE"] = bare(given)
        return self._application(environ, start_response)


def readable(given: str) -> bool:
    """Whether Django reads it, and everything else in UTF-8 then."""
    try:
        charset = parse_header_parameters(given)[1].get("charset", "utf-8")
        return codecs.lookup(charset).name == "utf-8"
    except Exception:  # codecs and the parser, which is that of e-mail, raise more than they document
        return False


def bare(given: str) -> str:
    """The type alone, with the boundary of a form that has parts."""
    kind, *parameters = (part.strip() for part in given.split(";"))
    boundaries = [one for one in parameters if one.lower().startswith("boundary=")]
    return "; ".join([kind, *boundaries[:1]])
