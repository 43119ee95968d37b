"""What the region does wrong on purpose, from one switch (`/faults`)."""

import asyncio
import math
import random
from dataclasses import dataclass
from typing import Any, cast

from sandbox.errors import FieldError, Problem, invalid, unauthorized
from sandbox.wire import App, Receive, Scope, Send, drop, read_body, refuse

MODES = {
    "ok": "работает как положено",
    "down": "не отвечает: обрывает соединение, ничего не сделав",
    "slow": "думает перед каждым ответом",
    "flaky": "по очереди отвечает 503, 500 или обрывает соединение",
    "throttle": "просит подождать: 429 с Retry-After",
    "reject": "отклоняет каждую карту: 422",
    "unauthorized": "не узнаёт логин и пароль: 401",
    "lost_answer": "делает работу и обрывает соединение, не ответив",
    "late_answer": "делает работу сразу, а отвечает с опозданием",
}
SCOPES = ("uploads", "mip")
LONGEST_DELAY = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """The switch: `mode`, the share of requests it hits (`rate`, 0..1), seconds of `delay` (of `slow` and
    `late_answer`, and the Retry-After of `throttle`), and whether it concerns `uploads` only or, with `mip`, reading
    cards too (`scope`)."""

    mode: str = "ok"
    rate: float = 1.0
    delay: float = 2.0
    scope: str = "uploads"


def read_fault(body: dict[str, Any]) -> Fault:
    """The switch asked for in a POST; Problem 400 names what is wrong. `flaky` hits 30 % unless told else."""
    mode, scope = body.get("mode"), body.get("scope") or "uploads"
    if not isinstance(mode, str) or mode not in MODES:
        raise invalid("mode", "Допустимо: " + ", ".join(MODES), "invalid_choice")
    if scope not in SCOPES:
        raise invalid("scope", "Допустимо: " + ", ".join(SCOPES), "invalid_choice")
    rate = _number(body, "rate", 0.3 if mode == "flaky" else 1.0, 1.0)
    return Fault(mode=mode, rate=rate, delay=_number(body, "delay", 2.0, LONGEST_DELAY), scope=scope)


def _number(body: dict[str, Any], name: str, default: float, most: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if type(value) not in (int, float) or not 0 <= cast("float", value) <= most:
        raise invalid(name, f"Должно быть число от 0 до {most:g}")
    return float(cast("float", value))


class Faults:
    """The switch as it stands now, and how many requests it has hit since it was set."""

    def __init__(self) -> None:
        self.now = Fault()
        self.hits = 0

    def set(self, fault: Fault) -> None:
        """From now on; the counter starts anew."""
        self.now, self.hits = fault, 0

    def strikes(self, *, upload: bool) -> bool:
        """Whether the next request is hit."""
        now = self.now
        if now.mode == "ok" or not (upload or now.scope == "mip") or random.random() >= now.rate:  # noqa: S311
            return False
        self.hits += 1
        return True

    def view(self) -> dict[str, Any]:
        """The body of `GET /faults`."""
        now = self.now
        return {"mode": now.mode, "rate": now.rate, "delay": now.delay, "scope": now.scope, "hits": self.hits}


def refusal(mode: str, delay: float, turn: int) -> Problem | None:
    """What is answered in this mode instead of doing the work; None: the connection is cut."""
    if mode == "throttle":
        headers = {"Retry-After": str(max(1, math.ceil(delay)))}
        return Problem(429, "throttled", "Слишком много запросов", headers=headers)
    if mode == "reject":
        blamed = FieldError("family", "Отклонено по требованию теста", "rejected")
        return Problem(422, "rejected", "Карта отклонена", [blamed])
    if mode == "unauthorized":
        return unauthorized()
    if mode == "flaky":
        away, broken = Problem(503, "unavailable", "МИП недоступен"), Problem(500, "internal_error", "Сбой МИП")
        return (away, broken, None)[turn % 3]
    return None


class Door:
    """An ASGI app before the MIP that goes wrong when the switch says so."""

    def __init__(self, faults: Faults, inside: App) -> None:
        self.faults = faults
        self.inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.faults.strikes(upload=scope["method"] == "PUT"):
            await self.inside(scope, receive, send)
            return
        fault, turn = self.faults.now, self.faults.hits
        if fault.mode == "slow":
            await asyncio.sleep(fault.delay)
            await self.inside(scope, receive, send)
        elif fault.mode == "lost_answer":
            await self.inside(scope, receive, _swallow)
            await drop(scope, receive)
        elif fault.mode == "late_answer":
            kept: list[Any] = []
            await self.inside(scope, receive, _keeper(kept))
            await asyncio.sleep(fault.delay)
            for message in kept:
                await send(message)
        elif problem := refusal(fault.mode, fault.delay, turn):
            await read_body(receive)
            await refuse(send, problem)
        else:
            await drop(scope, receive)


async def _swallow(message: Any) -> None:
    """An answer that nobody gets."""


def _keeper(kept: list[Any]) -> Send:
    """Takes an answer and sends nothing."""

    async def keep(message: Any) -> None:
        kept.append(message)

    return keep
