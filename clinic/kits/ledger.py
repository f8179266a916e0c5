"""The ledger: every change of a holding is an entry, and moves the balance in the same statement's breath.

A write into a point's stock or orders locks its row first (`lock`, several in id order), then touches
its holdings in id order: two writers can neither pass nor block each other for good. The CHECK on
`holding` is the last word; the condition in `post` only turns it into an answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from clinic.kits.models import Entry, Holding, Lot, Point
from clinic.kits.refusals import NotEnough, PointClosed

POINT = cast(Table, Point.__table__)
LOT = cast(Table, Lot.__table__)
HOLDING = cast(Table, Holding.__table__)
ENTRY = cast(Table, Entry.__table__)

_LOCK = (
    update(POINT)
    .where(POINT.c.location_id == bindparam("point"))
    .values(version=POINT.c.version + 1, last_ticket=POINT.c.last_ticket + bindparam("tickets"))
    .returning(POINT.c.version, POINT.c.last_ticket)
)
_MOVE = (
    update(HOLDING)
    .where(
        HOLDING.c.id == bindparam("holding"),
        HOLDING.c.reserved + bindparam("r") >= 0,
        HOLDING.c.on_hand + bindparam("d") >= HOLDING.c.reserved + bindparam("r"),
    )
    .values(on_hand=HOLDING.c.on_hand + bindparam("d"), reserved=HOLDING.c.reserved + bindparam("r"))
)
_WRITE = ENTRY.insert().returning(ENTRY.c.id)
_STOCK = (
    select(
        HOLDING.c.id,
        HOLDING.c.point_id,
        HOLDING.c.on_hand,
        HOLDING.c.reserved,
        LOT.c.id.label("lot_id"),
        LOT.c.number,
        LOT.c.kit_type_id,
        LOT.c.expires_on,
        LOT.c.recalled_on,
    )
    .join(LOT, LOT.c.id == HOLDING.c.lot_id)
    .order_by(LOT.c.expires_on, HOLDING.c.id)
)
_OF_POINT = _STOCK.where(HOLDING.c.point_id == bindparam("point"))
_OF_KIT = _OF_POINT.where(LOT.c.kit_type_id == bindparam("kit"))
_ONE = _STOCK.where(HOLDING.c.id == bindparam("holding"))


@dataclass(frozen=True, slots=True)
class Held:
    """A holding and its lot. On `expires_on` it may still be given."""

    id: int
    point_id: int
    on_hand: int
    reserved: int
    lot_id: int
    lot: str
    kit_id: int
    expires_on: date
    recalled_on: date | None

    @property
    def free(self) -> int:
        """Kits that are there and set aside for nobody."""
        return self.on_hand - self.reserved

    def may_leave(self, today: date) -> bool:
        """Whether its kits may be given on a day: neither expired nor recalled."""
        return self.recalled_on is None and self.expires_on >= today


@dataclass(frozen=True, slots=True)
class Locked:
    """What a point says after it was locked."""

    version: int
    last_ticket: int


def lock(s: Session, point_id: int, tickets: int = 0) -> Locked:
    """Lock a point, raise its version, and its last ticket by `tickets`; first write of all.

    Raises PointClosed when there is no such point any more.
    """
    row = s.execute(_LOCK, {"point": point_id, "tickets": tickets}).one_or_none()
    if row is None:
        raise PointClosed
    return Locked(row[0], row[1])


def lock_all(s: Session, point_ids: Iterable[int]) -> None:
    """Lock several points, in id order."""
    for point_id in sorted(set(point_ids)):
        lock(s, point_id)


def post(
    s: Session,
    holding_id: int,
    kind: str,
    on_hand: int,
    reserved: int,
    today: date,
    actor: str = "",
    reason: str = "",
    reverses: int | None = None,
) -> int:
    """Change the balances of a holding and write the entry that says so; its id. Raises NotEnough."""
    if s.execute(_MOVE, {"holding": holding_id, "d": on_hand, "r": reserved}).rowcount == 0:  # type: ignore[attr-defined]
        raise NotEnough
    entry = {
        "holding_id": holding_id, "kind": kind, "d_on_hand": on_hand, "d_reserved": reserved,
        "reverses": reverses, "reason": reason, "actor": actor, "day": today,
    }  # fmt: skip
    return int(s.execute(_WRITE, entry).scalar_one())


def reverse(s: Session, entry_id: int, today: date, actor: str) -> None:
    """Write the counter-entry of an entry: the database takes one only. Raises NotEnough."""
    entry = s.execute(select(ENTRY).where(ENTRY.c.id == entry_id)).one()
    post(s, entry.holding_id, "undone", -entry.d_on_hand, -entry.d_reserved, today, actor, "", entry_id)


def at_point(s: Session, point_id: int) -> list[Held]:
    """All that was ever held at a point, first to expire first."""
    return [_held(row) for row in s.execute(_OF_POINT, {"point": point_id})]


def of_kit(s: Session, point_id: int, kit_id: int) -> list[Held]:
    """The holdings of one kit at a point, first to expire first."""
    return [_held(row) for row in s.execute(_OF_KIT, {"point": point_id, "kit": kit_id})]


def one(s: Session, holding_id: int) -> Held:
    """One holding."""
    return _held(s.execute(_ONE, {"holding": holding_id}).one())


def _held(row: Any) -> Held:
    return Held(
        row.id, row.point_id, row.on_hand, row.reserved, row.lot_id, row.number, row.kit_type_id, row.expires_on,
        row.recalled_on,
    )  # fmt: skip
