"""The counter of a point: who waits, and handing over by number and letter.

What needs no order is done in `shelving`. No noun and no pass reach the counter: a number, a kit's letter and how many.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import tickets
from clinic.directory import catalogue as directory
from clinic.directory.catalogue import Catalogue
from clinic.directory.models import Location
from clinic.kits import collecting, counting, ledger, lines, orders, serving, shelving, stock, telling
from clinic.kits.catalogue import KitInfo, PointInfo, kits
from clinic.kits.ledger import POINT
from clinic.kits.lines import LINE, ORDER, LineRow
from clinic.kits.refusals import (
    Gone,
    LotStopped,
    OrderChanged,
    UndoOver,
)
from clinic.kits.shelving import CounterLot
from clinic.messaging import outbox
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


def became(s: Session, point: PointInfo, number: int, letter: str) -> str:
    """What became of an order that does not wait any more (collected, cancelled, released); "" for none of these."""
    rows = s.execute(
        select(ORDER.c.status, ORDER.c.noun)
        .where(ORDER.c.point_id == point.id, ORDER.c.ticket == number, ORDER.c.status.not_in(orders.LIVE))
        .order_by(ORDER.c.forget_on.desc())
    )
    return next((str(row.status) for row in rows if tickets.fold(letter) in tickets.letters(row.noun)), "")


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
    telling.ORDERED.follow(s, rid, "collected", now)
    kit_id, n = held[0].kit_id, lines.quantity(held)
    counting.add(s, counting.city_of(point), kit_id, counting.COLLECTED, n, now)
    seen = order(s, cat, point, rid, now)
    shelving.note(s, point, actor, "kit.handed_over", seen.kit, n, now)
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
        pass_ = passes.of(s, row.pass_id)
        word = serving.make_word(point, pass_.language)
        until = collecting.until(point, max(row.collect_by, today))
        if not any(m.kind == telling.REMINDER and m.state != "dropped" for m in outbox.of(s, telling.about(rid))):
            telling.remind(s, pass_, rid, telling.Asked(row.tell, row.remind), until, forget_on, now)
    box = sealing.seal(forget_on, serving.WORD, rid, word) if word else None
    s.execute(update(ORDER).where(ORDER.c.rid == rid).values(status="reserved", word=box, forget_on=forget_on))
    n = lines.quantity(held)
    counting.add(s, counting.city_of(point), held[0].kit_id, counting.COLLECTED, -n, now)
    serving.serve_again(s, point, now)
    seen = order(s, cat, point, rid, now)
    shelving.note(s, point, actor, "kit.handover_undone", seen.kit, n, now)
    return seen


def serve_again(s: Session, cat: Catalogue, point: PointInfo, rid: bytes, actor: str, now: datetime) -> CounterOrder:  # noqa: ARG001
    """After LotStopped: give the point's orders other kits, or the front of the line; the order as it stands then."""
    _locked(s, point, rid)
    serving.serve_again(s, point, now)
    return order(s, cat, point, rid, now)


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
