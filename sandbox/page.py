"""The page for people: what the box holds, in plain words."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from sandbox.central import Outcome, Poller
from sandbox.faults import MODES, Faults
from sandbox.settings import Settings

PAGE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
COLUMNS = ("cards", "persons", "accepted", "replays", "mismatched", "stale", "duplicates", "rejected")
TOTALS = ("cards", "active", "merged", "withdrawn", "persons")


def render(settings: Settings, counts: dict[str, Any], faults: Faults, poller: Poller, *, now: datetime) -> str:
    """The page as HTML; `counts` as `sandbox.stats` gives them, `now` aware."""
    fault, known = faults.now, poller.belief
    fields: dict[str, object] = {
        **{name: counts[name] for name in TOTALS},
        "fault_class": "good" if fault.mode == "ok" else "bad",
        "fault_text": MODES[fault.mode],
        "fault_mode": fault.mode,
        "fault_details": _fault_details(faults),
        "modes": "|".join(MODES),
        "lmis": settings.lmis_url,
        "poll_text": _poll_text(poller.last),
        "resources": len(known.resources),
        "slots": len(known.slots),
        "free_slots": len(known.free(now)),
    }
    safe = {name: escape(str(value)) for name, value in fields.items()}
    return PAGE.substitute(safe, rows=_rows(counts["lpus"]))


def _rows(lpus: Mapping[str, Mapping[str, int]]) -> str:
    if not lpus:
        return '<tr><td colspan="9">Пока никто ничего не загрузил.</td></tr>'
    return "\n".join(_row(guid, counts) for guid, counts in lpus.items())


def _row(guid: str, counts: Mapping[str, int]) -> str:
    cells = "".join(f'<td class="n">{counts[name]}</td>' for name in COLUMNS)
    return f"<tr><td><code>{escape(guid) or 'не указано'}</code></td>{cells}</tr>"


def _fault_details(faults: Faults) -> str:
    if faults.now.mode == "ok":
        return ""
    return f"Доля запросов: {faults.now.rate:.0%}, задержка: {faults.now.delay:g} с, задето: {faults.hits}."


def _poll_text(last: Outcome | None) -> str:
    if last is None:
        return "Ещё ни разу не опрашивал."
    when = f"Последний опрос: {last.at:%d.%m.%Y %H:%M:%S} UTC"
    if last.error:
        return f"{when}, не удался ({last.error})."
    if last.schedule == 304:
        return f"{when}, ничего не изменилось."
    return f"{when}, {'расписание целиком' if last.full else 'только изменения'}, ячеек: {last.received}."
