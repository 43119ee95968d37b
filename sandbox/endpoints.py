"""What each URL takes and gives; the rules are in the modules called from here."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox import page, stats, tokens, view
from sandbox.central import Outcome, Poller
from sandbox.errors import invalid, unauthorized
from sandbox.faults import Faults, read_fault
from sandbox.forms import decode, is_date, is_guid
from sandbox.mip import Mip, Receipt
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.wire import Json, Scope, apart, basic_fits, header


class Endpoints:
    """The region's parts, and one method per URL. Problems raised here become the envelope."""

    def __init__(self, settings: Settings, store: Store, faults: Faults) -> None:
        self.settings = settings
        self.store = store
        self.mip = Mip(store)
        self.faults = faults
        self.poller = Poller(settings.lmis_url, settings.lmis_login, settings.lmis_secret)

    def check(self, scope: Scope) -> None:
        """Problem 401 unless the MIP's Basic credentials came with the request."""
        if not basic_fits(header(scope, b"authorization"), self.settings.mip_login, self.settings.mip_password):
            raise unauthorized()

    def check_if_sent(self, scope: Scope) -> None:
        """The same, but nothing sent is fine: these answers are for people and tests, no LMIS asks for them."""
        if header(scope, b"authorization") is not None:
            self.check(scope)

    def upload(self, scope: Scope, raw: bytes) -> Receipt:
        """A PUT of one card with the body `raw`."""
        self.check(scope)
        return self.mip.upload(scope["path"].removeprefix("/mip/mkab/"), raw)

    async def get_cards(self, request: Request) -> Response:
        """`?lpuGuid=…[&after=guid][&limit=number]` → `{items: [{guid, version}], next}`."""
        self.check(request.scope)
        query = request.query_params
        lpu_guid, after = query.get("lpuGuid", "").lower(), query.get("after", "").lower()
        if not is_guid(lpu_guid):
            raise invalid("lpuGuid", "Должен быть GUID", "invalid" if lpu_guid else "required")
        if after and not is_guid(after):
            raise invalid("after", "Должен быть GUID")
        return Json(self.mip.page(lpu_guid, after, _limit(query.get("limit", ""), self.settings.page_size)))

    async def get_card(self, request: Request) -> Response:
        """The card as last accepted."""
        self.check_if_sent(request.scope)
        return Json(self.mip.card(request.path_params["guid"]))

    async def get_persons(self, request: Request) -> Response:
        """`?n_pol=…[&s_pol][&Birthday]` → `{items: [{personGuid, cards}]}`."""
        self.check_if_sent(request.scope)
        query = request.query_params
        number, birthday = query.get("n_pol", "").strip(), query.get("Birthday", "")
        if not number:
            raise invalid("n_pol", "Обязательное поле", "required")
        if birthday and not is_date(birthday):
            raise invalid("Birthday", "Должна быть дата ГГГГ-ММ-ДД")
        guids = self.mip.persons(number, query.get("s_pol", ""), birthday)
        return Json({"items": [self.mip.person(guid) for guid in guids]})

    async def get_stats(self, request: Request) -> Response:
        """Counts; see `sandbox.stats`."""
        return Json(await apart(self._stats))

    async def get_token(self, request: Request) -> Response:
        """`{token}`; see `sandbox.tokens`."""
        query = dict(request.query_params)
        return Json({"token": tokens.issue(self.mip, self.settings.token_secret, query, now=int(time.time()))})

    async def get_faults(self, request: Request) -> Response:
        """The switch as it stands."""
        return Json(self.faults.view())

    async def post_faults(self, request: Request) -> Response:
        """Set the switch from `{mode, rate?, delay?, scope?}`."""
        self.faults.set(read_fault(decode(await request.body())))
        return Json(self.faults.view())

    async def get_poll(self, request: Request) -> Response:
        """What the central service believes; `?all=true` shows the slots that are not free as well."""
        everything = request.query_params.get("all") == "true"
        return Json(await apart(lambda: self._belief(everything)))

    async def post_poll(self, request: Request) -> Response:
        """Poll now, `{dateFrom?, dateTo?}`, and show what is believed then. 200 also when the LMIS failed."""
        raw = await request.body()
        await apart(self._polling(decode(raw) if raw.strip() else {}))
        return await self.get_poll(request)

    async def healthz(self, request: Request) -> Response:
        """Alive."""
        return Json({"status": "ok"})

    async def index(self, request: Request) -> Response:
        """The page for people."""
        counts = await apart(self._stats)
        now = datetime.now(UTC)
        return HTMLResponse(page.render(self.settings, counts, self.faults, self.poller, now=now))

    def _stats(self) -> dict[str, Any]:
        return stats.collect(self.store.path)

    def _belief(self, everything: bool) -> dict[str, Any]:
        return view.belief(self.poller, now=datetime.now(UTC), everything=everything)

    def _polling(self, body: dict[str, Any]) -> Callable[[], Outcome]:
        days = {}
        for name in ("dateFrom", "dateTo"):
            value = body.get(name)
            if value is not None and not (isinstance(value, str) and is_date(value)):
                raise invalid(name, "Должна быть дата ГГГГ-ММ-ДД")
            days[name] = date.fromisoformat(value) if value else None
        return lambda: self.poller.poll(days["dateFrom"], days["dateTo"])


def _limit(text: str, most: int) -> int:
    if not text:
        return most
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise invalid("limit", f"Должно быть число от 1 до {most}")
    return int(text)
