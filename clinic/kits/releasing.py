"""What time does to orders: kits not collected go to the next, kits that may not be given are exchanged, what is
over is forgotten. Each step is a transaction of its own for one point, so that nobody waits for it."""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import forgetting
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.kits import collecting, ledger, lines, orders, serving, stock, telling
from clinic.kits.catalogue import KitCatalogue, PointInfo, kits
from clinic.kits.counter import UNDO
from clinic.kits.ledger import HOLDING
from clinic.kits.lines import LINE, ORDER
from clinic.kits.refusals import OutOfStock
from clinic.messaging.models import Message

log = logging.getLogger(__name__)

BATCH = 200

_unclean = False  # whether deleted rows may still stand in SQLite's write-ahead log


def run(now: datetime) -> int:
    """Everything that is due at `now`, at every point; how much was done."""
    with reading() as s:
        known = kits(s, catalogue.current(s))
    done = 0
    for find, work in (
        (_uncollected, release_uncollected),
        (_unusable, serving.serve_again),
        (_orphaned, free_orphaned),
        (_waited_for, serve_waiting),
    ):
        done += _at_points(known, find, work, now)
    with writing() as s:
        close_undo(s, now)
    return done + forget(now)


def release_uncollected(s: Session, point: PointInfo, now: datetime) -> int:
    """Give kits whose last day has passed to the next; how many orders. The point is locked."""
    today = clock.local(now).date()
    late = s.execute(
        select(ORDER).where(ORDER.c.point_id == point.id, ORDER.c.status == "reserved", ORDER.c.collect_by < today)
    ).all()
    freed = {orders.end(s, point, row, "released", now) for row in late}
    for kit_id in sorted(freed):
        serving.serve_line(s, point, kit_id, now)
    return len(late)


def free_orphaned(s: Session, point: PointInfo, now: datetime) -> int:
    """Free what is set aside for nobody: her pass was deleted, and the order with it. The point is locked."""
    today = clock.local(now).date()
    found = _orphans(s, point.id)
    for holding_id, n in found:
        stock.release(s, [(holding_id, n)], today, "", "forgotten")
    for kit_id in sorted({ledger.one(s, holding_id).kit_id for holding_id, _n in found}):
        serving.serve_line(s, point, kit_id, now)
    return len(found)


def serve_waiting(s: Session, point: PointInfo, now: datetime) -> int:
    """Serve the lines of a point, should stock have come past the counter. The point is locked."""
    return sum(serving.serve_line(s, point, kit_id, now) for kit_id in _kits_waited_for(s, point.id))


def close_undo(s: Session, now: datetime) -> None:
    """After five minutes nothing ties an order to its entry in the ledger any more."""
    s.execute(update(LINE).where(LINE.c.handed_at < now - UNDO).values(entry_id=None, handed_at=None))


def forget(now: datetime) -> int:
    """Delete orders whose last day has passed, with their messages; how many. Nothing is set aside for them."""
    global _unclean
    today = clock.local(now).date()
    gone = 0
    while True:
        with writing() as s:
            over = select(ORDER.c.rid).where(ORDER.c.forget_on < today, ORDER.c.status != "reserved")
            # held: what is just being served or kept longer is passed over, and looked at again next time
            rids = s.scalars(over.order_by(ORDER.c.rid).limit(BATCH).with_for_update(skip_locked=True)).all()
            abouts = [telling.about(rid) for rid in rids]
            s.execute(delete(Message).where(Message.about.in_(abouts)).execution_options(synchronize_session=False))
            s.execute(delete(ORDER).where(ORDER.c.rid.in_(rids)))
        gone += len(rids)
        if len(rids) < BATCH:
            break
    _unclean = _unclean or gone > 0
    if _unclean:
        _unclean = not forgetting.truncate_log()
    return gone


def _at_points(
    known: KitCatalogue,
    find: Callable[[Session, datetime], Iterable[int]],
    work: Callable[[Session, PointInfo, datetime], int],
    now: datetime,
) -> int:
    with reading() as s:
        found = sorted(set(find(s, now)))
    done = 0
    for point_id in found:
        point = known.points.get(point_id)
        if point is None:
            continue
        with writing() as s:
            ledger.lock(s, point_id)
            done += work(s, point, now)
    return done


def _uncollected(s: Session, now: datetime) -> Iterable[int]:
    today = clock.local(now).date()
    return s.scalars(
        select(ORDER.c.point_id).where(ORDER.c.status == "reserved", ORDER.c.collect_by < today).distinct()
    ).all()


def _unusable(s: Session, now: datetime) -> Iterable[int]:
    return [point_id for point_id, _lot_id in serving.unusable(s, None, clock.local(now).date())]


def _orphaned(s: Session, now: datetime) -> Iterable[int]:  # noqa: ARG001
    return [ledger.one(s, holding_id).point_id for holding_id, _n in _orphans(s, None)]


def _waited_for(s: Session, now: datetime) -> Iterable[int]:
    """Points where the first who waits for a kit could be served."""
    today = clock.local(now).date()
    known = kits(s, catalogue.current(s))
    for point_id in s.scalars(select(ORDER.c.point_id).where(ORDER.c.status == "backordered").distinct()).all():
        point = known.points.get(point_id)
        if point is not None and any(_could(s, point, kit_id, today) for kit_id in _kits_waited_for(s, point_id)):
            yield point_id


def _could(s: Session, point: PointInfo, kit_id: int, today: date) -> bool:
    first = serving.in_line(s, point.id, kit_id)[0]
    last = collecting.collect_by(point, today)
    try:
        stock.pick(ledger.of_kit(s, point.id, kit_id), lines.quantity(lines.of(s, first.rid)), last)
    except OutOfStock:
        return False
    return True


def _kits_waited_for(s: Session, point_id: int) -> list[int]:
    query = (
        select(LINE.c.kit_type_id)
        .join(ORDER, ORDER.c.rid == LINE.c.order_id)
        .where(ORDER.c.point_id == point_id, ORDER.c.status == "backordered")
        .distinct()
    )
    return sorted(s.scalars(query))


def _orphans(s: Session, point_id: int | None) -> list[tuple[int, int]]:
    """(holding id, how many more are set aside than orders have)."""
    had = (
        select(LINE.c.holding_id, func.sum(LINE.c.quantity).label("n"))
        .join(ORDER, ORDER.c.rid == LINE.c.order_id)
        .where(ORDER.c.status == "reserved", LINE.c.holding_id.is_not(None))
        .group_by(LINE.c.holding_id)
        .subquery()
    )
    query = (
        select(HOLDING.c.id, HOLDING.c.reserved - func.coalesce(had.c.n, 0))
        .outerjoin(had, had.c.holding_id == HOLDING.c.id)
        .where(HOLDING.c.reserved > func.coalesce(had.c.n, 0))
    )
    if point_id is not None:
        query = query.where(HOLDING.c.point_id == point_id)
    return [(row[0], int(row[1])) for row in s.execute(query)]
