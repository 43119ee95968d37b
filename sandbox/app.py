"""The sandbox as one ASGI app: which request goes where."""

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.endpoints import Endpoints
from sandbox.errors import Problem
from sandbox.faults import Door, Faults
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.wire import Json, Receive, Scope, Send, answer, read_body, refuse

log = logging.getLogger("sandbox")
KNOWN = {404: ("not_found", "Такого адреса нет"), 405: ("method_not_allowed", "Метод не поддерживается")}


class Region:
    """Uploads go straight to the MIP, since their speed is measured; everything else goes through Starlette."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.store = store
        self.ends = Endpoints(settings, store, Faults())
        rest = Starlette(
            routes=routes(self.ends),
            exception_handlers={Problem: _problem, HTTPException: _http_error, Exception: _fault},
        )
        self.rest = rest
        self.uploads = Door(self.ends.faults, self.put_card)
        self.reads = Door(self.ends.faults, rest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One trailing slash more is the same address."""
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope["path"] = path = path[:-1]
        if scope["method"] == "PUT" and path.startswith("/mip/mkab/"):
            await self.uploads(scope, receive, send)
        elif path == "/mip/mkab" or path.startswith("/mip/mkab/"):
            await self.reads(scope, receive, send)
        else:
            await self.rest(scope, receive, send)

    async def put_card(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`PUT /mip/mkab/{guid}` → 200, or 201 for a new card, `{personGuid, version}`."""
        try:
            raw = await read_body(receive)
            receipt = self.ends.upload(scope, raw)
        except Problem as problem:
            await refuse(send, problem)
        except Exception as error:
            log.error("upload failed: %s", type(error).__name__)
            await refuse(send, Problem(500, "internal_error", "Внутренняя ошибка"))
        else:
            body = {"personGuid": receipt.person_guid, "version": receipt.version}
            await answer(send, 201 if receipt.created else 200, body)


def routes(ends: Endpoints) -> list[Route]:
    """Every URL but the upload."""
    return [
        Route("/", ends.index),
        Route("/healthz", ends.healthz),
        Route("/mip/mkab", ends.get_cards),
        Route("/mip/mkab/{guid}", ends.get_card),
        Route("/mip/persons", ends.get_persons),
        Route("/mip/stats", ends.get_stats),
        Route("/auth/cod/token", ends.get_token),
        Route("/faults", ends.get_faults),
        Route("/faults", ends.post_faults, methods=["POST"]),
        Route("/poll", ends.get_poll),
        Route("/poll", ends.post_poll, methods=["POST"]),
    ]


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return Json(error.envelope(), error.code, error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = KNOWN.get(error.status_code, ("error", error.detail))
    return Json(Problem(error.status_code, code, message).envelope(), error.status_code, error.headers)


async def _fault(request: Request, error: Exception) -> Response:
    log.error("%s failed: %s", request.url.path, type(error).__name__)
    return Json(Problem(500, "internal_error", "Внутренняя ошибка").envelope(), 500)
