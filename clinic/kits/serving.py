"""Serving orders from stock: the line of back orders, and orders whose kits may not be given any more.

At every point the line is strict: whoever has waited longest for a kit is served first, nobody jumps it,
and an order that lost its kits (a recall, a count that came out lower) stands before all who wait. The
point is locked by the caller, except in `recall`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import tickets
from clinic.directory.catalogue import Catalogue
from clinic.kits import collecting, lines, stock, telling
from clinic.kits.catalogue import PointInfo, kits
from clinic.kits.ledger import HOLDING, LOT
from clinic.kits.lines import LINE, ORDER
from clinic.kits.models import Expected
from clinic.kits.refusals import OutOfStock
from clinic.kits.telling import Asked
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass
from clinic.privacy import sealing

WORD = "kit_order.word"
WAIT_DAYS = 30  # a back order that nothing has served by then is forgotten
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall did to the orders of its lot."""

    served_again: int
    backordered: int


def forget_day(collect_by: date) -> date:
    """The last day on which an uncollected order is remembered: the one after its last."""
    return collect_by + _DAY


def make_word(point: PointInfo, language: str) -> str | None:
    """What opens the parcel besides the ticket: a word at the post, a number at a locker; a keeper enters them."""
    if point.kind == "post":
        return f"{tickets.noun_words(tickets.any_noun(), language)} {10 + secrets.randbelow(90)}"
    if point.kind == "locker":
        return f"{secrets.randbelow(1_000_000):06}"
    return None


def serve_line(s: Session, point: PointInfo, kit_id: int, now: datetime) -> int:
    """Serve who waits for a kit at a point, the oldest first, until the first who can't be; how many were.

    At a stopped place nobody is: she would be told to come.
    """
    if point.location.stopped_at is not None:
        return 0
    today = clock.local(now).date()
    served = 0
    for row in in_line(s, point.id, kit_id):
        last = collecting.collect_by(point, today)
        try:
            found = stock.reserve(s, point.id, kit_id, lines.quantity(lines.of(s, row.rid)), last, today)
        except OutOfStock:
            break
        lines.set_aside(s, row.rid, kit_id, found)
        if not _is_ready(s, point, row, last, now):
            lines.give_back(s, row.rid, today)
            s.execute(delete(ORDER).where(ORDER.c.rid == row.rid))
            continue
        served += 1
    return served


def in_line(s: Session, point_id: int, kit_id: int) -> list[Any]:
    """The orders that wait for a kit at a point, the oldest first."""
    query = (
        select(ORDER)
        .join(LINE, LINE.c.order_id == ORDER.c.rid)
        .where(ORDER.c.point_id == point_id, ORDER.c.status == "backordered", LINE.c.kit_type_id == kit_id)
        .order_by(ORDER.c.queue)
    )
    return list(s.execute(query))


def last_place(s: Session, point_id: int) -> int:
    """The place behind all who wait at a point."""
    return 1 + (_edge(s, point_id, func.max(ORDER.c.queue)) or 0)


def displace(s: Session, point_id: int, lot_id: int, keep: int, today: date) -> list[Any]:
    """Take a lot's kits from orders, the youngest first, until at most `keep` are set aside.

    The orders, as rows: `settle` serves them again.
    """
    query = (
        select(ORDER, LINE.c.quantity)
        .join(LINE, LINE.c.order_id == ORDER.c.rid)
        .join(HOLDING, HOLDING.c.id == LINE.c.holding_id)
        .where(HOLDING.c.point_id == point_id, HOLDING.c.lot_id == lot_id, ORDER.c.status == "reserved")
        .order_by(ORDER.c.collect_by.desc(), ORDER.c.ticket.desc())
    )
    rows = list(s.execute(query))
    reserved = sum(row.quantity for row in rows)
    taken = []
    for row in rows:
        if reserved <= keep:
            break
        reserved -= row.quantity
        lines.give_back(s, row.rid, today, "", "moved to another lot")
        taken.append(row)
    return taken


def settle(s: Session, point: PointInfo, rows: Sequence[Any], now: datetime) -> Recalled:
    """Serve displaced orders again, the oldest first, from what is free at the same point; the others go to the
    front of the line and are told. Then those who wait get what is left."""
    today = clock.local(now).date()
    waiting: list[Any] = []
    kits: set[int] = set()
    for row in sorted(rows, key=lambda row: (row.collect_by, row.ticket)):
        held = lines.of(s, row.rid)
        kit_id, n = held[0].kit_id, lines.quantity(held)
        kits.add(kit_id)
        try:
            lines.set_aside(s, row.rid, kit_id, stock.reserve(s, point.id, kit_id, n, row.collect_by, today))
        except OutOfStock:
            waiting.append(row)
    front = (_edge(s, point.id, func.min(ORDER.c.queue)) or 1) - len(waiting)
    for n, row in enumerate(waiting):
        _is_delayed(s, point, row, front + n, now)
    for kit_id in sorted(kits):
        serve_line(s, point, kit_id, now)
    return Recalled(len(rows) - len(waiting), len(waiting))


def recall(s: Session, cat: Catalogue, lot_id: int, actor: str, now: datetime) -> Recalled:
    """Stop a lot everywhere at once, and serve its orders from other lots or put them in front of the line."""
    today = clock.local(now).date()
    points = kits(s, cat).points
    served = waiting = 0
    for point_id in stock.recall(s, lot_id, actor, today):
        done = settle(s, points[point_id], displace(s, point_id, lot_id, 0, today), now)
        served, waiting = served + done.served_again, waiting + done.backordered
    number = s.execute(select(LOT.c.number).where(LOT.c.id == lot_id)).scalar_one_or_none() or ""
    audit.record(s, now, actor, "lot.recall", number)
    return Recalled(served, waiting)


def unusable(s: Session, point_id: int | None, today: date) -> list[tuple[int, int]]:
    """(point id, lot id) of lots that orders are set aside from and that may not be given any more."""
    query = (
        select(HOLDING.c.point_id, HOLDING.c.lot_id)
        .join(LOT, LOT.c.id == HOLDING.c.lot_id)
        .where(HOLDING.c.reserved > 0, (LOT.c.recalled_on.is_not(None)) | (LOT.c.expires_on < today))
        .order_by(HOLDING.c.point_id, HOLDING.c.lot_id)
    )
    if point_id is not None:
        query = query.where(HOLDING.c.point_id == point_id)
    return [(row.point_id, row.lot_id) for row in s.execute(query)]


def serve_again(s: Session, point: PointInfo, now: datetime) -> int:
    """Serve the orders of a locked point whose kits may not be given any more; how many there were."""
    today = clock.local(now).date()
    done = 0
    for _point_id, lot_id in unusable(s, point.id, today):
        rows = displace(s, point.id, lot_id, 0, today)
        settle(s, point, rows, now)
        done += len(rows)
    return done


def ready_on(s: Session, point_id: int, kit_id: int, queue: int, n: int, today: date) -> date | None:
    """When a back order may be ready, by the deliveries that are expected and those who stand before it."""
    ahead = (
        select(func.coalesce(func.sum(LINE.c.quantity), 0))
        .join(ORDER, LINE.c.order_id == ORDER.c.rid)
        .where(
            ORDER.c.point_id == point_id,
            ORDER.c.status == "backordered",
            LINE.c.kit_type_id == kit_id,
            ORDER.c.queue < queue,
        )
    )
    before = int(s.scalar(ahead) or 0)
    return _delivery(_deliveries(s, kit_id, today).get(point_id, ()), before + n)


def expected(s: Session, kit_id: int, n: int, today: date) -> dict[int, date]:
    """By point, the day of the delivery from which `n` kits more than are waited for already can be served."""
    waited = (
        select(ORDER.c.point_id, func.sum(LINE.c.quantity))
        .join(LINE, LINE.c.order_id == ORDER.c.rid)
        .where(ORDER.c.status == "backordered", LINE.c.kit_type_id == kit_id)
        .group_by(ORDER.c.point_id)
    )
    before: dict[int, int] = {row[0]: int(row[1]) for row in s.execute(waited)}
    days = {
        point_id: _delivery(deliveries, before.get(point_id, 0) + n)
        for point_id, deliveries in _deliveries(s, kit_id, today).items()
    }
    return {point_id: day for point_id, day in days.items() if day is not None}


def _deliveries(s: Session, kit_id: int, today: date) -> dict[int, list[tuple[date, int]]]:
    query = (
        select(Expected.point_id, Expected.day, Expected.quantity)
        .where(Expected.kit_type_id == kit_id, Expected.day >= today)
        .order_by(Expected.day)
    )
    found: dict[int, list[tuple[date, int]]] = {}
    for point_id, day, n in s.execute(query):
        found.setdefault(point_id, []).append((day, n))
    return found


def _delivery(deliveries: Sequence[tuple[date, int]], needed: int) -> date | None:
    for day, n in deliveries:
        needed -= n
        if needed <= 0:
            return day
    return None


def _edge(s: Session, point_id: int, edge: Any) -> int | None:
    found: int | None = s.execute(
        select(edge).where(ORDER.c.point_id == point_id, ORDER.c.status == "backordered")
    ).scalar_one()
    return found


def _is_ready(s: Session, point: PointInfo, row: Any, last: date, now: datetime) -> bool:
    """A back order has its kits: until when, its word, her message. False when her pass is gone."""
    pass_ = _pass(s, row)
    if pass_ is None:
        return False
    forget_on = forget_day(last)
    pass_ = passes.keep_until(s, pass_, forget_on)
    word = make_word(point, pass_.language)
    s.execute(
        update(ORDER)
        .where(ORDER.c.rid == row.rid)
        .values(
            status="reserved",
            queue=None,
            collect_by=last,
            forget_on=forget_on,
            word=sealing.seal(forget_on, WORD, row.rid, word) if word else None,
        )
    )
    telling.take_back(s, row.rid, "ready", now)
    telling.ready(s, pass_, row.rid, Asked(row.tell, row.remind), collecting.until(point, last), forget_on, now)
    return True


def _is_delayed(s: Session, point: PointInfo, row: Any, place: int, now: datetime) -> None:
    forget_on = clock.local(now).date() + timedelta(days=WAIT_DAYS)
    s.execute(
        update(ORDER)
        .where(ORDER.c.rid == row.rid)
        .values(status="backordered", queue=place, collect_by=None, forget_on=forget_on, word=None)
    )
    pass_ = _pass(s, row)
    if pass_ is not None:
        pass_ = passes.keep_until(s, pass_, forget_on)
        until = collecting.until(point, row.collect_by)
        telling.delayed(s, pass_, row.rid, Asked(row.tell, row.remind), until, forget_on, now)


def _pass(s: Session, row: Any) -> OpenPass | None:
    try:
        return passes.of(s, row.pass_id)
    except CodeUnknown:
        return None
