"""Faults told to Sentry, where a clinic has one: types, places in the code and ids. Nothing that names anybody.

What goes out is chosen, not filtered: of an event only what is listed here is kept, so that a new version of the
library that gathers more cannot tell more.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from lmis.api.request_id import current

OURS = ("lmis", "patients", "directions", "appointments")  # whose log lines hold nothing personal
_KEPT = (
    "event_id",
    "timestamp",
    "level",
    "platform",
    "logger",
    "release",
    "environment",
    "server_name",
    "transaction",
    "type",
    "sdk",
)
_FRAME = (
    "filename",
    "abs_path",
    "function",
    "module",
    "lineno",
    "in_app",
    "context_line",
    "pre_context",
    "post_context",
)


def start() -> None:
    """Begin, when `SENTRY_DSN` is set; else the library is not even loaded."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.VERSION,
        environment="demo" if settings.DEMO else "clinic",
        before_send=scrub,  # type: ignore[arg-type]
        before_breadcrumb=lambda crumb, hint: None,  # what happened before would quote requests and statements
        max_breadcrumbs=0,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        auto_session_tracking=False,
        trace_propagation_targets=[],  # the MIP need not hear of it
    )


def scrub(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """Of an event what may go out. In and out: as Sentry's library has it."""
    clean = {name: event[name] for name in _KEPT if name in event}
    clean["tags"] = {"request_id": current.get()}
    if "exception" in event:
        clean["exception"] = {"values": [_exception(one) for one in event["exception"].get("values", ())]}
    if "logentry" in event:
        entry = _log_entry(event)
        clean["logentry"] = {"message": entry}
        if event.get("logger") == "lmis.api.errors":  # one text for all faults: what tells them apart is its last line
            clean["fingerprint"] = ["{{ default }}", entry.splitlines()[-1]]
    if method := event.get("request", {}).get("method"):
        clean["request"] = {"method": method}
    return clean


def _exception(found: dict[str, Any]) -> dict[str, Any]:
    """Its type and where it came from; not what it says."""
    frames = found.get("stacktrace", {}).get("frames", ())
    kept = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    return {"type": found.get("type"), "module": found.get("module"), "stacktrace": {"frames": kept}}


def _log_entry(event: dict[str, Any]) -> str:
    """A line of ours in full; of others' lines the text without its values, if these are apart from it."""
    text, params = str(event["logentry"].get("message", "")), event["logentry"].get("params")
    if str(event.get("logger", "")).split(".")[0] not in OURS:
        return text if params else ""
    try:
        return text % tuple(params) if params else text
    except (TypeError, ValueError):
        return text
