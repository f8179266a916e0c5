"""The counter of a point: who waits, handing over by number and letter, walk-ins, deliveries, counts, recalls.

What changes the stock here serves the line of back orders in the same transaction. No noun and no pass
reach the counter: a number, a kit's letter and how many.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import tickets
from clinic.config import settings
from clinic.directory import catalogue as directory
from clinic.directory.catalogue import Catalogue
from clinic.directory.models import Location
from clinic.kits import collecting, counting, ledger, lines, orders, serving, stock, telling
from clinic.kits.catalogue import KitInfo, PointInfo, kits
from clinic.kits.ledger import POINT
from clinic.kits.lines import LINE, ORDER, LineRow
from clinic.kits.models import Expected
from clinic.kits.refusals import (
    BadQuantity,
    Gone,
    LotStopped,
    LotUnknown,
    NotEnough,
    OrderChanged,
    TooMany,
    UndoOver,
)
from clinic.kits.serving import Recalled
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown
from clinic.privacy import sealing

UNDO = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A live order in the list of a point. `until` None: it waits for a delivery itself."""

    rid: bytes
    ticket: int
    kit: KitInfo
    quantity: int
    status: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StockRow:
    """A lot at a point. `state`: good, expired (write it off) or recalled (do not hand over)."""

    holding_id: int
    lot_id: int
    lot: str
    kit: KitInfo
    expires_on: date
    on_hand: int
    reserved: int
    state: str

    @property
    def free(self) -> int:
        """Kits that may be given to who walks in."""
        return self.on_hand - self.reserved if self.state == "good" else 0


@dataclass(frozen=True, slots=True)
class PointDay:
    """A point's page: its version changes with every change of a row."""

    version: int
    waiting: tuple[WaitingRow, ...]
    stock: tuple[StockRow, ...]


@dataclass(frozen=True, slots=True)
class CounterLot:
    """Which box to take from: so many of a lot."""

    holding_id: int
    lot: str
    expires_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class CounterOrder:
    """An order as the counter sees it. `stopped`: its kits may not be handed over any more;
    `word`: what the keeper enters at a locker or on a parcel; `undo_until`: None where nothing is to be undone."""

    rid: bytes
    ticket: int
    kit: KitInfo
    quantity: int
    status: str
    until: datetime | None
    lots: tuple[CounterLot, ...]
    stopped: bool
    word: str | None
    undo_until: datetime | None

    @property
    def holdings(self) -> tuple[int, ...]:
        """What the card shows, for `hand_over(shown=…)`."""
        return tuple(lot.holding_id for lot in self.lots)


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over, and what is left of that kit at the point, set aside or not."""

    order: CounterOrder
    left: int
    left_reserved: int


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Kits given without an order: the entries that can be undone, and from which lots they are."""

    entries: tuple[int, ...]
    lots: tuple[CounterLot, ...]


def day(s: Session, cat: Catalogue, point: PointInfo, now: datetime) -> PointDay:
    """Who waits, first whose last day ends first, and all that is on the shelf."""
    today, known = clock.local(now).date(), kits(s, cat)
    version = int(s.execute(select(POINT.c.version).where(POINT.c.location_id == point.id)).scalar_one_or_none() or 0)
    rows = s.execute(select(ORDER).where(ORDER.c.point_id == point.id, ORDER.c.status.in_(orders.LIVE))).all()
    held = lines.of_orders(s, [row.rid for row in rows])
    waiting = [
        WaitingRow(
            row.rid,
            row.ticket,
            known.kit_by_id[held[row.rid][0].kit_id],
            lines.quantity(held[row.rid]),
            row.status,
            collecting.until(point, row.collect_by) if row.collect_by else None,
        )
        for row in sorted(rows, key=lambda row: (row.collect_by or date.max, row.queue or 0, row.ticket))
    ]
    shelf = [
        StockRow(
            one.id, one.lot_id, one.lot, known.kit_by_id[one.kit_id], one.expires_on, one.on_hand, one.reserved,
            "recalled" if one.recalled_on else "good" if one.expires_on >= today else "expired",
        )
        for one in ledger.at_point(s, point.id)
        if one.on_hand
    ]  # fmt: skip
    shelf.sort(key=lambda row: (row.kit.letter, row.expires_on, row.holding_id))
    return PointDay(version, tuple(waiting), tuple(shelf))


def find(s: Session, cat: Catalogue, point: PointInfo, number: int, letter: str, now: datetime) -> CounterOrder | None:
    """The live order of a ticket; the noun's first letter, in any language, must be right too."""
    row = s.execute(
        select(ORDER).where(ORDER.c.point_id == point.id, ORDER.c.ticket == number, ORDER.c.status.in_(orders.LIVE))
    ).one_or_none()
    if row is None or tickets.fold(letter) not in tickets.letters(row.noun):
        return None
    return _seen(s, cat, point, row, now)


def order(s: Session, cat: Catalogue, point: PointInfo, rid: bytes, now: datetime) -> CounterOrder:
    """An order of this point, whatever became of it. Raises OrderChanged when it is gone."""
    return _seen(s, cat, point, _of_point(s, point, rid), now)


def hand_over(
    s: Session,
    cat: Catalogue,
    point: PointInfo,
    rid: bytes,
    actor: str,
    now: datetime,
    shown: Collection[int] = (),
) -> Handed:
    """Hand over an order; `shown` are the holdings on the card, so that no other box is taken than is written down.

    Raises OrderChanged (another counter was faster), LotStopped (recalled, expired, or served from another lot since).
    """
    row = _locked(s, point, rid)
    if row.status != "reserved":
        raise OrderChanged(row.status)
    today = clock.local(now).date()
    held = lines.of(s, rid)
    stopped = next((line for line in held if not line.may_leave(today)), None)
    if stopped is not None:
        raise LotStopped(stopped.lot)
    if shown and set(shown) != {line.holding_id for line in held}:
        raise LotStopped(held[0].lot)
    for line in sorted(held, key=lambda line: line.holding_id or 0):
        entry = stock.hand_over(s, line.holding_id or 0, line.quantity, today, actor)
        s.execute(update(LINE).where(LINE.c.rid == line.rid).values(entry_id=entry, handed_at=now))
    forget_on = today + timedelta(days=orders.KEPT_DAYS)
    s.execute(update(ORDER).where(ORDER.c.rid == rid).values(status="collected", word=None, forget_on=forget_on))
    with suppress(CodeUnknown):  # her pass is gone, the kits are hers all the same
        passes.keep_until(s, passes.of(s, row.pass_id), forget_on)
    telling.take_back(s, rid, "collected", now)
    kit_id, n = held[0].kit_id, lines.quantity(held)
    counting.add(s, counting.city_of(point), kit_id, counting.COLLECTED, n, now)
    seen = order(s, cat, point, rid, now)
    _note(s, point, actor, "kit.handed_over", seen.kit, n, now)
    rest = ledger.of_kit(s, point.id, kit_id)
    return Handed(seen, sum(one.on_hand for one in rest), sum(one.reserved for one in rest))


def undo_hand_over(s: Session, cat: Catalogue, point: PointInfo, rid: bytes, actor: str, now: datetime) -> CounterOrder:
    """Take a handover back within five minutes: the kits are set aside for the same order again.

    Raises OrderChanged, UndoOver.
    """
    row = _locked(s, point, rid)
    if row.status != "collected":
        raise OrderChanged(row.status)
    today = clock.local(now).date()
    held = lines.of(s, rid)
    for line in sorted(held, key=lambda line: line.holding_id or 0):
        if line.entry_id is None or line.handed_at is None or now - line.handed_at > UNDO:
            raise UndoOver
        ledger.reverse(s, line.entry_id, today, actor)
    s.execute(update(LINE).where(LINE.c.order_id == rid).values(entry_id=None, handed_at=None))
    forget_on = serving.forget_day(max(row.collect_by, today))
    word = None
    with suppress(CodeUnknown):
        word = serving.make_word(point, passes.of(s, row.pass_id).language)
    box = sealing.seal(forget_on, serving.WORD, rid, word) if word else None
    s.execute(update(ORDER).where(ORDER.c.rid == rid).values(status="reserved", word=box, forget_on=forget_on))
    n = lines.quantity(held)
    counting.add(s, counting.city_of(point), held[0].kit_id, counting.COLLECTED, -n, now)
    serving.serve_again(s, point, now)
    seen = order(s, cat, point, rid, now)
    _note(s, point, actor, "kit.handover_undone", seen.kit, n, now)
    return seen


def serve_again(s: Session, cat: Catalogue, point: PointInfo, rid: bytes, actor: str, now: datetime) -> CounterOrder:  # noqa: ARG001
    """After LotStopped: give the point's orders other kits, or the front of the line; the order as it stands then."""
    _locked(s, point, rid)
    serving.serve_again(s, point, now)
    return order(s, cat, point, rid, now)


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
    _note(s, point, actor, "kit.walk_in", kit, quantity, now)
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
        _note(s, point, actor, "kit.walk_in_undone", kits(s, cat).kit_by_id[kit_id], -n, now)


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
    _note(s, point, actor, "kit.received", kit, quantity, now)
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
    _note(s, point, actor, f"kit.{kind}", kits(s, cat).kit_by_id[held.kit_id], quantity, now)
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
) -> int | None:
    """Correct a lot to what was counted; orders that had more get others. The id of the entry, None when it was
    right. Raises as `stock.count`."""
    today = clock.local(now).date()
    held = _lot(s, point, lot_id)
    if counted < 0:
        raise BadQuantity
    rows = serving.displace(s, point.id, lot_id, counted, today)
    entry = stock.count(s, point.id, lot_id, counted, reason, actor, today)
    serving.settle(s, point, rows, now)
    serving.serve_line(s, point, held.kit_id, now)
    if entry is not None:
        _note(s, point, actor, "kit.counted", kits(s, cat).kit_by_id[held.kit_id], counted, now)
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
    _note(s, from_point, actor, "kit.moved", kit, quantity, now)


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
    _note(s, point, actor, "kit.undone", kits(s, cat).kit_by_id[kit_id], abs(n), now)


def recall(s: Session, cat: Catalogue, lot_id: int, actor: str, now: datetime) -> Recalled:
    """Stop a lot everywhere and serve its orders again."""
    return serving.recall(s, cat, lot_id, actor, now)


def expect(s: Session, point_id: int, kit_id: int, quantity: int, on: date) -> None:
    """Write down that a delivery is expected: what the date of a back order rests on. Raises BadQuantity."""
    if not 1 <= quantity <= stock.MOST:
        raise BadQuantity
    s.add(Expected(point_id=point_id, kit_type_id=kit_id, quantity=quantity, day=on))
    s.flush()


def unseen_today(point: PointInfo, now: datetime) -> bool:
    """Whether this is the first time today that somebody opens the page of this point."""
    seen_on = point.location.desk_seen_on
    return seen_on is None or seen_on < clock.local(now).date()


def seen(s: Session, point: PointInfo, now: datetime) -> None:
    """Somebody looks at this point: for the next seven days it may take orders."""
    s.get_one(Location, point.id).desk_seen_on = clock.local(now).date()
    s.flush()
    directory.changed(s)


def _seen(s: Session, cat: Catalogue, point: PointInfo, row: Any, now: datetime) -> CounterOrder:
    today = clock.local(now).date()
    held = lines.of(s, row.rid)
    handed = [line.handed_at for line in held if line.handed_at is not None]
    return CounterOrder(
        row.rid,
        row.ticket,
        kits(s, cat).kit_by_id[held[0].kit_id],
        lines.quantity(held),
        row.status,
        collecting.until(point, row.collect_by) if row.collect_by else None,
        tuple(_counter_lot(line) for line in held if line.holding_id is not None),
        row.status == "reserved" and not all(line.may_leave(today) for line in held),
        orders.word_of(row),
        min(handed) + UNDO if handed and now - min(handed) <= UNDO else None,
    )


def _counter_lot(line: LineRow) -> CounterLot:
    return CounterLot(line.holding_id or 0, line.lot, line.expires_on or date.min, line.quantity)


def _of_point(s: Session, point: PointInfo, rid: bytes) -> Any:
    row = s.execute(select(ORDER).where(ORDER.c.rid == rid, ORDER.c.point_id == point.id)).one_or_none()
    if row is None:
        raise OrderChanged("")
    return row


def _locked(s: Session, point: PointInfo, rid: bytes) -> Any:
    try:
        row = lines.locked(s, rid)
    except Gone as error:
        raise OrderChanged("") from error
    if row.point_id != point.id:
        raise OrderChanged("")
    return row


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


def _note(s: Session, point: PointInfo, actor: str, verb: str, kit: KitInfo, n: int, now: datetime) -> None:
    audit.record(s, now, actor, verb, f"{kit.letter} {n}", point.id)
