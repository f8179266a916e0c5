"""What comes to a point's shelf and leaves it without an order: walk-ins, deliveries, counts, write-offs, moves.

What changes the stock here serves the line of back orders in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.config import settings
from clinic.directory.catalogue import Catalogue
from clinic.kits import counting, ledger, serving, stock
from clinic.kits.catalogue import KitInfo, PointInfo, kits
from clinic.kits.models import Expected
from clinic.kits.refusals import (
    BadQuantity,
    CountChanged,
    LotUnknown,
    NotEnough,
    TooMany,
)


@dataclass(frozen=True, slots=True)
class CounterLot:
    """Which box to take from: so many of a lot."""

    holding_id: int
    lot: str
    expires_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Kits given without an order: the entries that can be undone, and from which lots they are."""

    entries: tuple[int, ...]
    lots: tuple[CounterLot, ...]


def walk_in(
    s: Session,
    cat: Catalogue,  # noqa: ARG001
    point: PointInfo,
    kit: KitInfo,
    quantity: int,
    actor: str,
    now: datetime,
) -> WalkIn:
    """Hand over free kits to who stands there without an order. Raises TooMany, OutOfStock."""
    limit = settings().kits_per_order
    if not 1 <= quantity <= limit:
        raise TooMany(limit)
    given = stock.hand_over_free(s, point.id, kit.id, quantity, actor, clock.local(now).date())
    counting.add(s, counting.city_of(point), kit.id, counting.WALK_IN, quantity, now)
    note(s, point, actor, "kit.walk_in", kit, quantity, now)
    return WalkIn(
        tuple(entry for entry, _line in given),
        tuple(CounterLot(one.holding_id, one.lot, one.expires_on, one.quantity) for _entry, one in given),
    )


def undo_walk_in(
    s: Session, cat: Catalogue, point: PointInfo, entries: Sequence[int], actor: str, now: datetime
) -> None:
    """Take back what was given without an order, on the same day. Raises NotUndoable."""
    for entry in sorted(entries):
        _kind, kit_id, n = _entry(s, point, entry)
        stock.undo(s, entry, actor, clock.local(now).date())
        counting.add(s, counting.city_of(point), kit_id, counting.WALK_IN, n, now)
        serving.serve_line(s, point, kit_id, now)
        note(s, point, actor, "kit.walk_in_undone", kits(s, cat).kit_by_id[kit_id], -n, now)


def receive(
    s: Session,
    cat: Catalogue,  # noqa: ARG001
    point: PointInfo,
    kit: KitInfo,
    lot: str,
    expires_on: date,
    quantity: int,
    actor: str,
    now: datetime,
) -> int:
    """Take a delivery in and serve who waits; the id of its entry. Raises as `stock.receive`."""
    entry = stock.receive(s, point.id, kit.id, lot, expires_on, quantity, actor, clock.local(now).date())
    _arrived(s, point.id, kit.id, quantity)
    serving.serve_line(s, point, kit.id, now)
    note(s, point, actor, "kit.received", kit, quantity, now)
    return entry


def write_off(
    s: Session,
    cat: Catalogue,
    point: PointInfo,
    lot_id: int,
    kind: str,
    quantity: int,
    actor: str,
    now: datetime,
    reason: str = "",
) -> int:
    """Take kits out for good; orders that had them get others. The id of the entry. Raises as `stock.write_off`."""
    today = clock.local(now).date()
    held = _lot(s, point, lot_id)
    if quantity > held.on_hand:
        raise NotEnough
    rows = serving.displace(s, point.id, lot_id, held.on_hand - max(quantity, 0), today)
    entry = stock.write_off(s, point.id, lot_id, kind, quantity, actor, today, reason)
    serving.settle(s, point, rows, now)
    note(s, point, actor, f"kit.{kind}", kits(s, cat).kit_by_id[held.kit_id], quantity, now)
    return entry


def count(
    s: Session,
    cat: Catalogue,
    point: PointInfo,
    lot_id: int,
    counted: int,
    reason: str,
    actor: str,
    now: datetime,
    was: int | None = None,
) -> int | None:
    """Correct a lot to what was counted; orders that had more get others. The id of the entry, None when it was
    right. `was` is what the ledger said when the counting began. Raises CountChanged, and as `stock.count`."""
    today = clock.local(now).date()
    held = _lot(s, point, lot_id)
    if counted < 0:
        raise BadQuantity
    if was is not None and was != held.on_hand != counted:
        raise CountChanged(held.on_hand)
    rows = serving.displace(s, point.id, lot_id, counted, today)
    entry = stock.count(s, point.id, lot_id, counted, reason, actor, today)
    serving.settle(s, point, rows, now)
    serving.serve_line(s, point, held.kit_id, now)
    if entry is not None:
        note(s, point, actor, "kit.counted", kits(s, cat).kit_by_id[held.kit_id], counted, now)
    return entry


def move(
    s: Session,
    cat: Catalogue,
    from_point: PointInfo,
    to_point: PointInfo,
    lot_id: int,
    quantity: int,
    actor: str,
    now: datetime,
) -> None:
    """Bring free kits to another point and serve who waits there. Raises as `stock.move`."""
    stock.move(s, from_point.id, to_point.id, lot_id, quantity, actor, clock.local(now).date())
    kit = kits(s, cat).kit_by_id[_lot_kit(s, to_point, lot_id)]
    serving.serve_line(s, to_point, kit.id, now)
    note(s, from_point, actor, "kit.moved", kit, quantity, now)


def undo(s: Session, cat: Catalogue, point: PointInfo, entry_id: int, actor: str, now: datetime) -> None:
    """Undo a delivery, a write-off, a count or a walk-in by a counter-entry.

    Raises NotUndoable, NotEnough, LotUnknown (no entry of this point).
    """
    kind, kit_id, n = _entry(s, point, entry_id)
    if kind == "handed_over":
        undo_walk_in(s, cat, point, (entry_id,), actor, now)
        return
    stock.undo(s, entry_id, actor, clock.local(now).date())
    serving.serve_line(s, point, kit_id, now)
    note(s, point, actor, "kit.undone", kits(s, cat).kit_by_id[kit_id], abs(n), now)


def expect(s: Session, point_id: int, kit_id: int, quantity: int, on: date) -> None:
    """Write down that a delivery is expected: what the date of a back order rests on. Raises BadQuantity."""
    if not 1 <= quantity <= stock.MOST:
        raise BadQuantity
    s.add(Expected(point_id=point_id, kit_type_id=kit_id, quantity=quantity, day=on))
    s.flush()


def _lot(s: Session, point: PointInfo, lot_id: int) -> ledger.Held:
    """A lot of a point, locked. Raises LotUnknown."""
    ledger.lock(s, point.id)
    found = next((held for held in ledger.at_point(s, point.id) if held.lot_id == lot_id), None)
    if found is None:
        raise LotUnknown
    return found


def _lot_kit(s: Session, point: PointInfo, lot_id: int) -> int:
    return next(held.kit_id for held in ledger.at_point(s, point.id) if held.lot_id == lot_id)


def _entry(s: Session, point: PointInfo, entry_id: int) -> tuple[str, int, int]:
    """The kind and kit of an entry of this point, and by how many it changed the shelf. Raises LotUnknown."""
    row = s.execute(
        select(ledger.ENTRY.c.kind, ledger.HOLDING.c.point_id, ledger.LOT.c.kit_type_id, ledger.ENTRY.c.d_on_hand)
        .join(ledger.HOLDING, ledger.HOLDING.c.id == ledger.ENTRY.c.holding_id)
        .join(ledger.LOT, ledger.LOT.c.id == ledger.HOLDING.c.lot_id)
        .where(ledger.ENTRY.c.id == entry_id)
    ).one_or_none()
    if row is None or row.point_id != point.id:
        raise LotUnknown
    return row.kind, row.kit_type_id, row.d_on_hand


def _arrived(s: Session, point_id: int, kit_id: int, quantity: int) -> None:
    """What came is no longer expected: the earliest deliveries first."""
    for row in s.scalars(
        select(Expected)
        .where(Expected.point_id == point_id, Expected.kit_type_id == kit_id)
        .order_by(Expected.day, Expected.id)
    ).all():
        came = min(row.quantity, quantity)
        quantity -= came
        left = row.quantity - came
        change = update(Expected).values(quantity=left) if left else delete(Expected)
        s.execute(change.where(Expected.id == row.id).execution_options(synchronize_session=False))
        if not quantity:
            break


def note(s: Session, point: PointInfo, actor: str, verb: str, kit: KitInfo, n: int, now: datetime) -> None:
    """Write down what was done with how many of a kit."""
    audit.record(s, now, actor, verb, f"{kit.letter} {n}", point.id)
