"""The rules of the master patient index: versions, persons, suspected duplicates (contract §4)."""

import sqlite3
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from sandbox.cards import Card, fold, read
from sandbox.errors import Problem
from sandbox.forms import decode, is_guid
from sandbox.store import Store

PERSONS = uuid5(NAMESPACE_URL, "urn:region:mip:person")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an upload: who the person is, and the version now held; `created` for a first one."""

    person_guid: str
    version: int
    created: bool = False


class Mip:
    """Takes cards and knows whose they are. Every call is one short transaction on `store`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def upload(self, guid: str, raw: bytes) -> Receipt:
        """Take the body of a PUT under `guid`. Problem 400/422 (data), 409 (suspected duplicate); counts them."""
        guid = guid.lower()
        body: dict[str, Any] = {}
        try:
            body = decode(raw)
            card = read(guid, body)
        except Problem:
            self.store.count(_lpu_of(body), "rejected")
            raise
        with self.store.transaction():
            kind, result = self._settle(card)
            self.store.count(card.lpu_guid, kind)
        if isinstance(result, Problem):
            raise result
        return result

    def _settle(self, card: Card) -> tuple[str, Receipt | Problem]:
        held = self.store.card(card.guid)
        if held and held["lpu_guid"] != card.lpu_guid:
            return "rejected", Problem(422, "lpu_mismatch", "Карта с этим GUID принадлежит другому ЛПУ")
        if held and card.version <= held["version"]:
            return _not_newer(card, held), Receipt(held["person_guid"], held["version"])
        person_guid, rival = self._recognise(card, held)
        if rival:
            details = {"mkab": rival, "personGuid": person_guid}
            message = "У этого пациента уже есть действующая карта в этом ЛПУ"
            return "duplicates", Problem(409, "duplicate_suspected", message, details=details)
        self.store.save(card, person_guid)
        return "accepted", Receipt(person_guid, card.version, created=held is None)

    def _recognise(self, card: Card, held: sqlite3.Row | None) -> tuple[str, str]:
        """Whose card it is, and the active card of the same LPU that it seems to double ("" for none)."""
        alike = self.store.alike(card)
        person_guid = self._person(card, held, [row["person_guid"] for row in alike])
        if card.state != "active":
            return person_guid, ""
        doubles = (r["guid"] for r in alike if r["lpu_guid"] == card.lpu_guid and r["state"] == "active")
        return person_guid, next(doubles, "") or self.store.rival(card, person_guid)

    def _person(self, card: Card, held: sqlite3.Row | None, alike: list[str]) -> str:
        survivor = self.store.card(card.merged_into) if card.state == "merged" else None
        if survivor:
            return str(survivor["person_guid"])
        if held and (not alike or held["person_guid"] in alike):
            return str(held["person_guid"])
        return alike[0] if alike else self._new_person(card)

    def _new_person(self, card: Card) -> str:
        """Made of the document, so that two sandboxes agree; of more where that document already means another."""
        series = "" if len(card.polis_number) == 16 else card.polis_series  # the new polis has none
        document = f"polis:{series}:{card.polis_number}"
        if not card.polis_number:
            document = f"document:{card.document_series}:{card.document_number}"
        names = f"{card.family}:{card.name}:{card.patronymic}:{card.birth_date}"
        for key in (document, f"{document}:{names}"):
            person_guid = str(uuid5(PERSONS, key))
            if not self.store.knows_person(person_guid):
                return person_guid
        return str(uuid5(PERSONS, f"{document}:{names}:{card.guid}"))

    def card(self, guid: str) -> dict[str, Any]:
        """The card as held, with `guid` and `personGuid`; Problem 404 `not_found`."""
        row = self.store.card(guid.lower())
        if row is None:
            raise Problem(404, "not_found", "Такой карты в МИП нет")
        return {**orjson.loads(row["body"]), "guid": row["guid"], "personGuid": row["person_guid"]}

    def page(self, lpu_guid: str, after: str, limit: int) -> dict[str, Any]:
        """What is held of one LPU, in pages: `{items: [{guid, version}], next: guid|null}`."""
        rows = self.store.page(lpu_guid, after, limit + 1)
        items = [{"guid": row["guid"], "version": row["version"]} for row in rows[:limit]]
        return {"items": items, "next": items[-1]["guid"] if len(rows) > limit else None}

    def persons(self, number: str, series: str, birthday: str) -> list[str]:
        """Guids of the persons with this polis who may be born on `birthday` ("" for any day)."""
        born: dict[str, set[str]] = {}
        for row in self.store.bearers(fold(number), fold(series)):
            born.setdefault(row["person_guid"], set()).add(row["birth_date"])
        return [guid for guid, days in born.items() if not birthday or birthday in days or days == {""}]

    def person(self, person_guid: str) -> dict[str, Any]:
        """`{personGuid, cards: [{guid, lpuGuid, state, version, mergedInto}]}`, the oldest card first."""
        cards = [
            {
                "guid": row["guid"],
                "lpuGuid": row["lpu_guid"],
                "state": row["state"],
                "version": row["version"],
                "mergedInto": row["merged_into"] or None,
            }
            for row in self.store.cards_of(person_guid)
        ]
        return {"personGuid": person_guid, "cards": cards}

    def person_of(self, guid: str) -> str:
        """The person of a card, through its survivors when it was merged; "" when it is not held."""
        row = self.store.card(guid.lower())
        seen: set[str] = set()
        while row and row["state"] == "merged" and row["guid"] not in seen:
            seen.add(row["guid"])
            row = self.store.card(row["merged_into"]) or row
        return str(row["person_guid"]) if row else ""

    def active_cards(self, person_guid: str) -> list[str]:
        """Guids of the person's active cards, in every LPU."""
        return [row["guid"] for row in self.store.cards_of(person_guid) if row["state"] == "active"]


def _not_newer(card: Card, held: sqlite3.Row) -> str:
    if card.version < held["version"]:
        return "stale"
    return "replays" if orjson.loads(held["body"]) == card.body else "mismatched"


def _lpu_of(body: dict[str, Any]) -> str:
    value = body.get("lpuGuid")
    return value.lower() if isinstance(value, str) and is_guid(value.lower()) else ""
