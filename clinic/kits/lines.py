"""Orders and their kits as rows: read, locked, set aside, given back. Works inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.orm import Session

from clinic.db import new_rid
from clinic.kits import ledger, stock
from clinic.kits.ledger import HOLDING, LOT
from clinic.kits.models import KitLine, KitOrder
from clinic.kits.refusals import Gone
from clinic.kits.stock import Line

ORDER = cast(Table, KitOrder.__table__)
LINE = cast(Table, KitLine.__table__)

_ONE = select(ORDER).where(ORDER.c.rid == bindparam("rid"))
_OF_ORDERS = (
    select(
        LINE.c.order_id,
        LINE.c.rid,
        LINE.c.kit_type_id,
        LINE.c.quantity,
        LINE.c.holding_id,
        LINE.c.entry_id,
        LINE.c.handed_at,
        LOT.c.id.label("lot_id"),
        LOT.c.number,
        LOT.c.expires_on,
        LOT.c.recalled_on,
    )
    .outerjoin(HOLDING, HOLDING.c.id == LINE.c.holding_id)
    .outerjoin(LOT, LOT.c.id == HOLDING.c.lot_id)
    .where(LINE.c.order_id.in_(bindparam("orders", expanding=True)))
    .order_by(LOT.c.expires_on, LINE.c.holding_id)
)
_ADD = LINE.insert()
_DROP = delete(LINE).where(LINE.c.order_id == bindparam("order"))


@dataclass(frozen=True, slots=True)
class LineRow:
    """Kits of an order from one holding; of none while they are waited for or were given back."""

    rid: bytes
    kit_id: int
    quantity: int
    holding_id: int | None
    entry_id: int | None
    handed_at: datetime | None
    lot_id: int | None
    lot: str
    expires_on: date | None
    recalled_on: date | None

    def may_leave(self, today: date) -> bool:
        """Whether these kits may be handed over: there, neither expired nor recalled."""
        return self.recalled_on is None and self.expires_on is not None and self.expires_on >= today


def row_of(s: Session, rid: bytes) -> Any:
    """The row of an order. Raises Gone."""
    row = s.execute(_ONE, {"rid": rid}).one_or_none()
    if row is None:
        raise Gone
    return row


def locked(s: Session, rid: bytes) -> Any:
    """Lock the point of an order, then read the order again: only now it holds still. Raises Gone."""
    row = row_of(s, rid)
    while True:
        point_id = row.point_id
        ledger.lock(s, point_id)
        row = row_of(s, rid)
        if row.point_id == point_id:
            return row


def of_orders(s: Session, rids: Iterable[bytes]) -> dict[bytes, tuple[LineRow, ...]]:
    """The lines of several orders, in one query; the first to expire first."""
    found: dict[bytes, tuple[LineRow, ...]] = {}
    for row in s.execute(_OF_ORDERS, {"orders": list(rids)}):
        line = LineRow(
            row.rid, row.kit_type_id, row.quantity, row.holding_id, row.entry_id, row.handed_at, row.lot_id,
            row.number or "", row.expires_on, row.recalled_on,
        )  # fmt: skip
        found[row.order_id] = (*found.get(row.order_id, ()), line)
    return found


def of(s: Session, rid: bytes) -> tuple[LineRow, ...]:
    """The lines of one order."""
    return of_orders(s, (rid,)).get(rid, ())


def quantity(lines: Sequence[LineRow]) -> int:
    """How many kits an order is for."""
    return sum(line.quantity for line in lines)


def set_aside(s: Session, rid: bytes, kit_id: int, lines: Sequence[Line]) -> None:
    """Write down from which holdings an order is served; what stood there before goes."""
    _replace(s, rid, [(kit_id, line.holding_id, line.quantity) for line in lines])


def wait_for(s: Session, rid: bytes, kit_id: int, n: int) -> None:
    """Write down that an order is for so many kits of no holding; what stood there before goes."""
    _replace(s, rid, [(kit_id, None, n)])


def give_back(s: Session, rid: bytes, today: date, actor: str = "", reason: str = "") -> tuple[int, int]:
    """Release all that is set aside for an order, which keeps its kit and number alone: those two."""
    lines = of(s, rid)
    held = [(line.holding_id, line.quantity) for line in lines if line.holding_id is not None]
    stock.release(s, held, today, actor, reason)
    kit_id, n = lines[0].kit_id, quantity(lines)
    wait_for(s, rid, kit_id, n)
    return kit_id, n


def _replace(s: Session, rid: bytes, wanted: Sequence[tuple[int, int | None, int]]) -> None:
    s.execute(_DROP, {"order": rid})
    s.execute(
        _ADD,
        [
            {"rid": new_rid(), "order_id": rid, "kit_type_id": kit_id, "holding_id": holding_id, "quantity": n,
             "entry_id": None, "handed_at": None}
            for kit_id, holding_id, n in wanted
        ],
    )  # fmt: skip
