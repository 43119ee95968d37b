"""What can go wrong with the private servers, said in one line for people."""

from __future__ import annotations


class EmbeddedError(Exception):
    """A server could not be had; the text says why and what to do about it."""
