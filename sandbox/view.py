"""What the central service believes, in a shape for people and tests."""

from datetime import datetime
from typing import Any

from sandbox.central import Item, Outcome, Poller


def belief(poller: Poller, *, now: datetime, everything: bool = False) -> dict[str, Any]:
    """The body of `/poll`: counts, revision, how the last poll went, and `items` by resource, each with its free
    slots in order of time (or, with `everything`, with all slots that the cache holds)."""
    known = poller.belief
    free = known.free(now)
    shown = list(known.slots.values()) if everything else free
    groups: dict[str, list[Item]] = {guid: [] for guid in known.resources}
    for slot in sorted(shown, key=lambda slot: datetime.fromisoformat(slot["begin"])):
        groups.setdefault(slot.get("resource", ""), []).append(slot)
    return {
        "lmis": poller.base_url,
        "polls": poller.polls,
        "lastPoll": _last(poller.last),
        "revision": known.revision,
        "resources": len(known.resources),
        "slots": len(known.slots),
        "freeSlots": len(free),
        "free": sum(slot["free"] for slot in free),
        "items": [
            {"resource": known.resources.get(guid, {"guid": guid}), "slots": slots} for guid, slots in groups.items()
        ],
    }


def _last(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "at": outcome.at.isoformat(timespec="seconds"),
        "status": {"resources": outcome.resources, "schedule": outcome.schedule},
        "full": outcome.full,
        "received": outcome.received,
        "error": outcome.error,
    }
