"""Stock by lot and point: what comes in, is set aside, given, written off, moved, counted, recalled, undone.

Everything happens in the caller's writing session. First to expire leaves first; what is expired,
recalled or set aside leaves by write-off or handover to its order only. `reserve`, `release` and
`hand_over` expect the point to be locked (`ledger.lock`); the others lock it themselves.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.directory import catalogue
from clinic.kits import ledger
from clinic.kits.ledger import ENTRY, HOLDING, LOT, Held
from clinic.kits.models import KitLine, KitOrder, PointKit
from clinic.kits.refusals import (
    BadLotNumber,
    BadQuantity,
    LotDiffers,
    LotExpired,
    LotNotExpired,
    LotNotRecalled,
    LotRecalled,
    LotUnknown,
    NotUndoable,
    OutOfStock,
    ReasonNeeded,
)

MOST = 10_000  # kits in one delivery: more is a slip of the finger
WRITE_OFFS = ("expired", "damaged", "recalled")
UNDOABLE = ("received", "handed_over", "expired", "damaged", "recalled", "counted")
_SPACES = re.compile(r"[\s\u00a0\u200b-\u200f\u2060\ufeff]+")
_LOT_NUMBER = re.compile(r"[A-Z0-9!\"%&'()*+,\-./:;<=>?_]{1,20}")  # what a GS1 bar code may hold, capitals
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))

# Two plain queries, not a join: thousands of holdings share a few lots, whose days are read once.
_GOOD_LOTS = (
    select(LOT.c.id, LOT.c.number, LOT.c.expires_on)
    .where(
        LOT.c.kit_type_id == bindparam("kit"),
        LOT.c.expires_on >= bindparam("good_until"),
        LOT.c.recalled_on.is_(None),
    )
    .order_by(LOT.c.expires_on)
)
_FREE = select(HOLDING.c.point_id, HOLDING.c.id, HOLDING.c.lot_id, HOLDING.c.on_hand - HOLDING.c.reserved).where(
    HOLDING.c.lot_id.in_(bindparam("lots", expanding=True)), HOLDING.c.on_hand > HOLDING.c.reserved
)
_FREE_AT = _FREE.where(HOLDING.c.point_id.in_(bindparam("points", expanding=True)))
# Where others wait, what is free is theirs; the partial index holds no more than those who wait.
_WAITED_FOR = (
    select(KitOrder.point_id)
    .join(KitLine, KitLine.order_id == KitOrder.rid)
    .where(KitOrder.status == "backordered", KitLine.kit_type_id == bindparam("kit"))
    .distinct()
)


class Free(NamedTuple):
    """Kits of one lot at one point that nobody has."""

    holding_id: int
    lot: str
    expires_on: date
    free: int


class Shelves(Mapping[int, list[Free]]):
    """What is free of a kit, by point, first to expire first; made for a point when it is looked at."""

    def __init__(self, lots: Mapping[int, tuple[str, date]], rows: Mapping[int, Sequence[Any]]) -> None:
        self._lots = lots  # number and last day by id
        self._rows = rows  # (point id, holding id, lot id, free)

    def __getitem__(self, point_id: int) -> list[Free]:
        found = [Free(holding_id, *self._lots[lot_id], n) for _, holding_id, lot_id, n in self._rows[point_id]]
        found.sort(key=lambda one: (one.expires_on, one.holding_id))
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True, slots=True)
class Line:
    """So many kits of one holding."""

    holding_id: int
    lot_id: int
    lot: str
    expires_on: date
    quantity: int


def free(
    s: Session, kit_id: int, good_until: date, today: date, point_ids: Collection[int] | None = None
) -> Mapping[int, list[Free]]:
    """What is free of a kit, still good on `good_until`, by point, first to expire first.

    Balances only, never sums of entries. A point where back orders wait has nothing free.
    """
    lots = {
        row.id: (row.number, row.expires_on)
        for row in s.execute(_GOOD_LOTS, {"kit": kit_id, "good_until": max(good_until, today)})
    }
    wanted: dict[str, Any] = {"lots": list(lots)}
    if point_ids is not None:
        wanted["points"] = list(point_ids)
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in s.execute(_FREE if point_ids is None else _FREE_AT, wanted).all():
        found[row[0]].append(row)
    for point_id in s.scalars(_WAITED_FOR, {"kit": kit_id}):
        found.pop(point_id, None)
    return Shelves(lots, dict(found))


def receive(
    s: Session, point_id: int, kit_id: int, lot_number: str, expires_on: date, quantity: int, actor: str, today: date
) -> int:
    """Take a delivery in; the id of its entry.

    Raises BadQuantity, BadLotNumber, LotExpired, LotRecalled, LotDiffers (known with another last day).
    """
    number = lot_number_of(lot_number)
    if not 1 <= quantity <= MOST:
        raise BadQuantity
    if expires_on < today:
        raise LotExpired(expires_on)
    ledger.lock(s, point_id)
    insert = _insert(s)
    lot_key = {"kit_type_id": kit_id, "number": number}
    s.execute(insert(LOT).values(**lot_key, expires_on=expires_on).on_conflict_do_nothing())
    lot = s.execute(select(LOT).where(LOT.c.kit_type_id == kit_id, LOT.c.number == number)).one()
    if lot.recalled_on is not None:
        raise LotRecalled
    if lot.expires_on != expires_on:
        raise LotDiffers(lot.expires_on)
    handed = insert(PointKit).values(point_id=point_id, kit_type_id=kit_id).on_conflict_do_nothing()
    if s.execute(handed).rowcount:  # type: ignore[attr-defined]
        catalogue.changed(s)
    return ledger.post(s, holding_of(s, point_id, lot.id), "received", quantity, 0, today, actor)


def reserve(s: Session, point_id: int, kit_id: int, quantity: int, good_until: date, today: date) -> list[Line]:
    """Set kits aside that are still good on `good_until`, first to expire first, from several lots if need be.

    Raises OutOfStock and takes nothing when there are too few.
    """
    lines = pick(ledger.of_kit(s, point_id, kit_id), quantity, max(good_until, today))
    for line in sorted(lines, key=lambda line: line.holding_id):
        ledger.post(s, line.holding_id, "reserved", 0, line.quantity, today)
    return lines


def release(s: Session, lines: Sequence[tuple[int, int]], today: date, actor: str = "", reason: str = "") -> None:
    """Give back what was set aside: (holding id, quantity) each."""
    for holding_id, quantity in sorted(lines):
        ledger.post(s, holding_id, "released", 0, -quantity, today, actor, reason)


def hand_over(s: Session, holding_id: int, quantity: int, today: date, actor: str) -> int:
    """Hand over kits that were set aside; the id of the entry. Raises LotRecalled, LotExpired."""
    _may_leave(ledger.one(s, holding_id), today)
    return ledger.post(s, holding_id, "handed_over", -quantity, -quantity, today, actor)


def hand_over_free(
    s: Session, point_id: int, kit_id: int, quantity: int, actor: str, today: date
) -> list[tuple[int, Line]]:
    """Hand over kits that nobody had ordered, first to expire first; (entry id, line) each. Raises OutOfStock."""
    ledger.lock(s, point_id)
    lines = pick(ledger.of_kit(s, point_id, kit_id), quantity, today)
    lines.sort(key=lambda line: line.holding_id)
    return [(ledger.post(s, one.holding_id, "handed_over", -one.quantity, 0, today, actor), one) for one in lines]


def undo(s: Session, entry_id: int, actor: str, today: date) -> None:
    """Undo an entry by a counter-entry; once. A handover only on its own day, that of an order at the counter only.

    Raises NotUndoable, NotEnough (what came in has been given or set aside since).
    """
    entry = s.execute(
        select(ENTRY.c.kind, ENTRY.c.day, ENTRY.c.d_reserved, HOLDING.c.point_id)
        .join(HOLDING, HOLDING.c.id == ENTRY.c.holding_id)
        .where(ENTRY.c.id == entry_id)
    ).one_or_none()
    if entry is None or entry.kind not in UNDOABLE:
        raise NotUndoable
    if entry.kind == "handed_over" and (entry.d_reserved != 0 or entry.day != today):
        raise NotUndoable
    ledger.lock(s, entry.point_id)
    if s.execute(select(ENTRY.c.id).where(ENTRY.c.reverses == entry_id)).first() is not None:
        raise NotUndoable
    ledger.reverse(s, entry_id, today, actor)


def write_off(
    s: Session, point_id: int, lot_id: int, kind: str, quantity: int, actor: str, today: date, reason: str = ""
) -> int:
    """Take kits out for good, as "expired", "damaged" or "recalled"; the id of the entry.

    Raises BadQuantity, LotUnknown, LotNotExpired, LotNotRecalled, NotEnough (there are fewer, or orders have them).
    """
    if kind not in WRITE_OFFS:
        raise ValueError(kind)
    if quantity < 1:
        raise BadQuantity
    ledger.lock(s, point_id)
    held = _of_lot(s, point_id, lot_id)
    if kind == "expired" and held.expires_on >= today:
        raise LotNotExpired(held.expires_on)
    if kind == "recalled" and held.recalled_on is None:
        raise LotNotRecalled
    return ledger.post(s, held.id, kind, -quantity, 0, today, actor, reason)


def move(s: Session, from_id: int, to_id: int, lot_id: int, quantity: int, actor: str, today: date) -> None:
    """Bring free kits of a lot to another point. Raises BadQuantity, LotUnknown, LotRecalled, LotExpired, NotEnough."""
    if quantity < 1 or from_id == to_id:
        raise BadQuantity
    ledger.lock_all(s, (from_id, to_id))
    held = _of_lot(s, from_id, lot_id)
    _may_leave(held, today)
    handed = _insert(s)(PointKit).values(point_id=to_id, kit_type_id=held.kit_id).on_conflict_do_nothing()
    if s.execute(handed).rowcount:  # type: ignore[attr-defined]
        catalogue.changed(s)
    steps = [(held.id, "moved_out", -quantity), (holding_of(s, to_id, lot_id), "moved_in", quantity)]
    for holding_id, kind, n in sorted(steps):
        ledger.post(s, holding_id, kind, n, 0, today, actor)


def count(s: Session, point_id: int, lot_id: int, counted: int, reason: str, actor: str, today: date) -> int | None:
    """Correct a holding to what was counted; the id of the entry, None when the count was right.

    Raises BadQuantity, LotUnknown, ReasonNeeded, NotEnough (orders have more than that).
    """
    if not 0 <= counted <= MOST:
        raise BadQuantity
    ledger.lock(s, point_id)
    held = _of_lot(s, point_id, lot_id)
    if counted == held.on_hand:
        return None
    if not reason.strip():
        raise ReasonNeeded
    return ledger.post(s, held.id, "counted", counted - held.on_hand, 0, today, actor, reason.strip()[:120])


def recall(s: Session, lot_id: int, actor: str, today: date) -> tuple[int, ...]:
    """Stop a lot: from this transaction on none of it is set aside or handed over. The points that hold it.

    Each gets an entry that changes nothing but says who. Recalling twice changes nothing. Who calls this
    serves the orders again: `serving.recall` does both.
    """
    rows = s.execute(
        select(HOLDING.c.id, HOLDING.c.point_id).where(HOLDING.c.lot_id == lot_id).order_by(HOLDING.c.id)
    ).all()
    ledger.lock_all(s, (row.point_id for row in rows))
    stopped = s.execute(update(LOT).where(LOT.c.id == lot_id, LOT.c.recalled_on.is_(None)).values(recalled_on=today))
    if stopped.rowcount:  # type: ignore[attr-defined]
        for row in rows:
            ledger.post(s, row.id, "recalled", 0, 0, today, actor)
    return tuple(sorted({row.point_id for row in rows}))


def lot_number_of(text: str) -> str:
    """A lot number as it is kept: capitals, no spaces, plain hyphens. Raises BadLotNumber."""
    number = _SPACES.sub("", unicodedata.normalize("NFKC", text)).translate(_DASHES).upper()
    if not _LOT_NUMBER.fullmatch(number):
        raise BadLotNumber
    return number


def holding_of(s: Session, point_id: int, lot_id: int) -> int:
    """The id of the holding of a lot at a point, made when there is none."""
    s.execute(
        _insert(s)(HOLDING).values(point_id=point_id, lot_id=lot_id, on_hand=0, reserved=0).on_conflict_do_nothing()
    )
    found = select(HOLDING.c.id).where(HOLDING.c.point_id == point_id, HOLDING.c.lot_id == lot_id)
    return int(s.execute(found).scalar_one())


def pick(holdings: Sequence[Held], quantity: int, good_until: date) -> list[Line]:
    """Which free kits leave first. Raises OutOfStock when there are too few."""
    lines: list[Line] = []
    for held in holdings:
        if quantity > 0 and held.free > 0 and held.may_leave(good_until):
            n = min(held.free, quantity)
            lines.append(Line(held.id, held.lot_id, held.lot, held.expires_on, n))
            quantity -= n
    if quantity > 0:
        raise OutOfStock
    return lines


def _of_lot(s: Session, point_id: int, lot_id: int) -> Held:
    found = next((held for held in ledger.at_point(s, point_id) if held.lot_id == lot_id), None)
    if found is None:
        raise LotUnknown
    return found


def _may_leave(held: Held, today: date) -> None:
    if held.recalled_on is not None:
        raise LotRecalled
    if held.expires_on < today:
        raise LotExpired(held.expires_on)


def _insert(s: Session) -> Any:
    return sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
