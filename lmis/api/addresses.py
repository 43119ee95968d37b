"""Where a call comes from, behind proxies too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(meta: Mapping[str, Any]) -> Address | None:
    """The caller's address: the right-most of `X-Forwarded-For` that is none of ours.

    Only what our own proxies wrote is believed; all to the left of it anybody may have written. Without the header our
    proxy itself calls. None when nobody can tell: a hop that one of ours wrote cannot be read (granian gives "" for a
    header with a letter beyond ASCII, and callers may send one), or the server knows no address (a unix socket).
    """
    here = parse(meta.get("REMOTE_ADDR") or "")
    if (forwarded := meta.get("HTTP_X_FORWARDED_FOR")) is None:
        return here
    for hop in reversed(forwarded.split(",")):
        if not _is_proxy(here):
            return here
        if (here := parse(hop)) is None:
            return None  # not the proxy's own address, which may open what is shut to its callers
    return here


def parse(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, an IPv4 one dressed as IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def within(address: Address | None, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks; an unknown one lies in none."""
    return address is not None and any(address in _network(text) for text in networks)


def check_settings() -> None:
    """Refuse to start with a network that is none."""
    for name in ("TRUSTED_PROXIES", "METRICS_NETWORKS"):
        for text in getattr(settings, name):
            try:
                text == "unix" or _network(text)
            except ValueError as error:
                raise ImproperlyConfigured(f"{name}: {text!r} is not a network such as 10.1.0.0/16.") from error


def _is_proxy(address: Address | None) -> bool:
    """A server on a unix socket knows no address: whoever reaches the socket is our proxy, if settings say so."""
    if address is None:
        return "unix" in settings.TRUSTED_PROXIES
    return any(address in _network(text) for text in settings.TRUSTED_PROXIES if text != "unix")


@lru_cache(maxsize=1024)
def _network(text: str) -> Network:
    return ip_network(text, strict=False)
