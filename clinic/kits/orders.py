"""Orders: placed, waited for, seen under her pass, moved to another point, cancelled.

One transaction from the lock on the point to the message; no snapshot trusted: `cat` is the directory that
the page was made from, and after the lock it is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import tickets
from clinic.config import settings
from clinic.db import new_rid
from clinic.directory import catalogue as directory
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import Spot
from clinic.kits import collecting, counting, ledger, lines, routing, serving, stock, telling
from clinic.kits.catalogue import KitCatalogue, KitInfo, PointInfo, kits, takes_orders
from clinic.kits.lines import ORDER, LineRow
from clinic.kits.refusals import Gone, NotOffered, OutOfStock, PointClosed, TooMany
from clinic.kits.stock import Line
from clinic.kits.telling import Asked
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass, PhoneNeeded
from clinic.privacy import sealing

__all__ = [
    "CodeUnknown",
    "Gone",
    "NotOffered",
    "OrderView",
    "Ordered",
    "OutOfStock",
    "PhoneNeeded",
    "PointClosed",
    "Request",
    "TooMany",
    "cancel",
    "move_to",
    "of_pass",
    "place",
    "wait",
]

HIGHEST_TICKET = 999  # a number is said aloud: after it they begin anew, past those still in use
KEPT_DAYS = 21  # after the handover: how to do the test and what it means stay open under her code
ALTERNATIVES = 3
LIVE = ("reserved", "backordered")

_OF_PASS = select(ORDER).where(ORDER.c.pass_id == bindparam("pass"))
_IN_USE = select(ORDER.c.rid).where(
    or_(ORDER.c.point_id == bindparam("point"), ORDER.c.pass_id == bindparam("pass")),
    ORDER.c.ticket == bindparam("ticket"),
    ORDER.c.status.in_(LIVE),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What she asks for, parsed: `phone` in E.164, `code` of an open pass, `distance_m` where she said from where."""

    kit: KitInfo
    quantity: int
    point: PointInfo
    language: str
    cover: str
    phone: str | None
    tell_when_ready: bool
    remind: bool
    code: str | None
    distance_m: int | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as she may see it, under her code.

    `collect_by`, `until`: the last day and its last moment, None while she waits; `ready_on`: the day of the
    delivery that can serve her, None when nobody knows; `word`: what opens the parcel or locker;
    `recalled`: kits of it are of a lot that was recalled; `handed_on`: when she took them.
    """

    rid: bytes
    kit: KitInfo
    quantity: int
    point: PointInfo
    status: str
    ticket: int
    noun: int
    collect_by: date | None
    until: datetime | None
    ready_on: date | None
    word: str | None
    recalled: bool
    handed_on: date | None
    forget_on: date
    lots: tuple[str, ...]
    lot_ids: tuple[int, ...]

    def noun_in(self, language: str) -> str:
        """The ticket's noun in one of the site's languages."""
        return tickets.noun_words(self.noun, language)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order that is hers, and the code of its pass: None when she came with one."""

    code: str | None
    order: OrderView


def place(s: Session, cat: Catalogue, request: Request, now: datetime) -> Ordered:
    """Order kits that are there. `s` writes, and the caller commits; what is raised here must roll it back.

    Raises OutOfStock, TooMany, NotOffered, PointClosed, CodeUnknown, PhoneNeeded.
    """
    known, point, ticket = _begin(s, cat, request, now)
    today = clock.local(now).date()
    last = collecting.collect_by(point, today)
    found = _set_aside(s, known, point, request.kit, request.quantity, last, now)
    return _write(s, known, point, request, ticket, found, now)


def wait(s: Session, cat: Catalogue, request: Request, now: datetime) -> Ordered:
    """Order kits that are waited for: the last place in the line of the point, or at once where there are some.

    Raises as `place`, but never OutOfStock.
    """
    known, point, ticket = _begin(s, cat, request, now)
    today = clock.local(now).date()
    found: list[Line] = []
    if not serving.in_line(s, point.id, request.kit.id):
        last = collecting.collect_by(point, today)
        try:
            found = stock.reserve(s, point.id, request.kit.id, request.quantity, last, today)
        except OutOfStock:
            found = []
    return _write(s, known, point, request, ticket, found, now)


def of_pass(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> tuple[OrderView, ...]:
    """Every order under a pass that is still remembered on the day of `now`: first those that still wait for her."""
    today, known = clock.local(now).date(), kits(s, cat)
    rows = [row for row in s.execute(_OF_PASS, {"pass": pass_.rid}) if row.forget_on >= today]
    held = lines.of_orders(s, [row.rid for row in rows])
    rows.sort(key=lambda row: (row.status not in LIVE, row.collect_by or date.max, row.ticket))
    return tuple(_view(s, known, row, held[row.rid], today) for row in rows if row.point_id in known.points)


def cancel(s: Session, cat: Catalogue, pass_: OpenPass, rid: bytes, now: datetime) -> OrderView:
    """Give the kits back, and what was not sent is dropped. Cancelling twice changes nothing.

    `s` writes. Raises Gone, also when they were handed over.
    """
    _hers(s, pass_, rid)
    row = lines.locked(s, rid)
    today, known = clock.local(now).date(), kits(s, cat)
    if row.status == "collected":
        raise Gone
    if row.status in LIVE:
        point = known.points[row.point_id]
        kit_id = end(s, point, row, "cancelled", now)
        if row.status == "reserved":
            serving.serve_line(s, point, kit_id, now)
    return _view(s, known, lines.row_of(s, rid), lines.of(s, rid), today)


def end(s: Session, point: PointInfo, row: Any, status: str, now: datetime) -> int:
    """Take a live order off as "cancelled" or "released": its kits are free, its messages dropped; the kit's id."""
    today = clock.local(now).date()
    kit_id, n = lines.give_back(s, row.rid, today)
    s.execute(update(ORDER).where(ORDER.c.rid == row.rid).values(status=status, queue=None, word=None))
    telling.ORDERED.follow(s, row.rid, status, now)
    what = counting.CANCELLED if status == "cancelled" else counting.RELEASED
    counting.add(s, counting.city_of(point), kit_id, what, n, now)
    return kit_id


def move_to(s: Session, cat: Catalogue, pass_: OpenPass, rid: bytes, point: PointInfo, now: datetime) -> OrderView:
    """Bring an order to another point that has the kits: another number, another last day; the noun stays.

    `s` writes. Raises Gone, OutOfStock, NotOffered, PointClosed.
    """
    row = _hers(s, pass_, rid)
    today, known = clock.local(now).date(), kits(s, cat)
    if row.point_id == point.id and row.status in LIVE:
        return _view(s, known, row, lines.of(s, rid), today)
    ticket = _tickets(s, row.point_id, point.id, row.pass_id)
    row = lines.row_of(s, rid)
    if row.status not in LIVE:
        raise Gone
    if row.point_id == point.id:
        return _view(s, known, row, lines.of(s, rid), today)
    known, point = _fresh(s, cat, point, now)
    held = lines.of(s, rid)
    kit = known.kit_by_id[held[0].kit_id]
    if kit.id not in point.kits:
        raise NotOffered
    last = collecting.collect_by(point, today)
    lines.give_back(s, rid, today)
    found = _set_aside(s, known, point, kit, lines.quantity(held), last, now)
    lines.set_aside(s, rid, kit.id, found)
    forget_on = serving.forget_day(last)
    pass_ = passes.keep_until(s, pass_, forget_on)
    word = serving.make_word(point, pass_.language)
    values = {
        "point_id": point.id, "status": "reserved", "queue": None, "ticket": ticket, "collect_by": last,
        "forget_on": forget_on, "word": sealing.seal(forget_on, serving.WORD, rid, word) if word else None,
    }  # fmt: skip
    s.execute(update(ORDER).where(ORDER.c.rid == rid).values(values))
    telling.take_back(s, rid, "moved", now)
    telling.ready(s, pass_, rid, Asked(row.tell, row.remind), collecting.until(point, last), forget_on, now)
    if row.status == "reserved":
        serving.serve_line(s, known.points[row.point_id], kit.id, now)
    return _view(s, known, lines.row_of(s, rid), lines.of(s, rid), today)


def _begin(s: Session, cat: Catalogue, request: Request, now: datetime) -> tuple[KitCatalogue, PointInfo, int]:
    """Refuse what needs no lock; then lock the point, take a number, and look again at what may have changed."""
    limit = settings().kits_per_order
    if not 1 <= request.quantity <= limit:
        raise TooMany(limit)
    if (request.tell_when_ready or request.remind) and request.phone is None and request.code is None:
        raise PhoneNeeded
    hers = passes.find(s, request.code).rid if request.code is not None else None
    ticket = _tickets(s, request.point.id, request.point.id, hers)
    known, point = _fresh(s, cat, request.point, now)
    kit = known.kit_by_id.get(request.kit.id)
    if kit is None or not kit.offered or (kit.checked_on is None and not settings().demo) or kit.id not in point.kits:
        raise NotOffered
    return known, point, ticket


def _fresh(s: Session, cat: Catalogue, point: PointInfo, now: datetime) -> tuple[KitCatalogue, PointInfo]:
    """The catalogue as it is under the lock. Raises PointClosed when nobody can come or nobody looks there."""
    fresh = directory.current(s)
    known = kits(s, cat if fresh.version == cat.version else fresh)
    found = known.points.get(point.id)
    if found is None or not takes_orders(found, clock.local(now).date()) or not collecting.opens_in_time(found, now):
        raise PointClosed
    return known, found


def _tickets(s: Session, also: int, point_id: int, hers: bytes | None) -> int:
    """Lock one or two points, in id order, and take the next number of `point_id`. Raises PointClosed.

    No other order of that point has it, nor another of her pass: code and number say which one she means.
    """
    last = 0
    for one in sorted({also, point_id}):
        locked = ledger.lock(s, one, tickets.step() if one == point_id else 0)
        last = locked.last_ticket if one == point_id else last
    for _ in range(2 * HIGHEST_TICKET):
        ticket = (last - 1) % HIGHEST_TICKET + 1
        if s.execute(_IN_USE, {"point": point_id, "pass": hers, "ticket": ticket}).first() is None:
            return ticket
        last = ledger.lock(s, point_id, tickets.step()).last_ticket
    raise PointClosed


def _set_aside(
    s: Session, cat: KitCatalogue, point: PointInfo, kit: KitInfo, n: int, last: date, now: datetime
) -> list[Line]:
    """Reserve kits for a newcomer: not past those who wait. Raises OutOfStock with other points that have them."""
    today = clock.local(now).date()
    try:
        if serving.in_line(s, point.id, kit.id):
            raise OutOfStock
        return stock.reserve(s, point.id, kit.id, n, last, today)
    except OutOfStock as refusal:
        raise OutOfStock(_alternatives(s, cat, point, kit, n, now)) from refusal


def _alternatives(
    s: Session, cat: KitCatalogue, point: PointInfo, kit: KitInfo, n: int, now: datetime
) -> tuple[routing.Proposal, ...]:
    today = clock.local(now).date()
    spot = Spot(*point.measured, None, "point") if point.measured else None
    others = [other for other in cat.points.values() if other.id != point.id]
    wish = routing.Wish(kit.id, n, None, None)
    found = routing.propose(others, stock.free(s, kit.id, today, today), spot, wish, now, ALTERNATIVES)
    return tuple(proposal for proposal in found if proposal.in_stock)


def _write(
    s: Session, cat: KitCatalogue, point: PointInfo, request: Request, ticket: int, found: Sequence[Line], now: datetime
) -> Ordered:
    """The rows of a new order: served from `found`, or waiting where that is empty; then what she is told."""
    today = clock.local(now).date()
    last = collecting.collect_by(point, today) if found else None
    forget_on = serving.forget_day(last) if last else today + timedelta(days=serving.WAIT_DAYS)
    asks = request.tell_when_ready or request.remind
    pass_, code = passes.for_more(s, request.code, request.language, request.cover, request.phone, asks, forget_on)
    rid = new_rid()
    word = serving.make_word(point, pass_.language) if found else None
    s.execute(
        ORDER.insert(),
        {
            "rid": rid,
            "pass_id": pass_.rid,
            "point_id": point.id,
            "status": "reserved" if found else "backordered",
            "ticket": ticket,
            "noun": tickets.any_noun(),
            "queue": None if found else serving.last_place(s, point.id),
            "collect_by": last,
            "word": sealing.seal(forget_on, serving.WORD, rid, word) if word else None,
            "tell": request.tell_when_ready,
            "remind": request.remind,
            "forget_on": forget_on,
        },
    )
    if found:
        lines.set_aside(s, rid, request.kit.id, found)
    else:
        lines.wait_for(s, rid, request.kit.id, request.quantity)
    if last is not None:
        asked = Asked(request.tell_when_ready, request.remind)
        telling.ready(s, pass_, rid, asked, collecting.until(point, last), forget_on, now)
    city = counting.city_of(point)
    counting.add(s, city, request.kit.id, counting.ORDERED, request.quantity, now)
    if request.distance_m is not None:
        counting.add(s, city, request.kit.id, counting.band(request.distance_m), request.quantity, now)
    return Ordered(code, _view(s, cat, lines.row_of(s, rid), lines.of(s, rid), today))


def _hers(s: Session, pass_: OpenPass, rid: bytes) -> Any:
    row = lines.row_of(s, rid)
    if row.pass_id != pass_.rid:
        raise Gone
    return row


def _view(s: Session, cat: KitCatalogue, row: Any, held: Sequence[LineRow], today: date) -> OrderView:
    point = cat.points[row.point_id]
    kit_id, n = held[0].kit_id, lines.quantity(held)
    waits = row.status == "backordered"
    return OrderView(
        row.rid,
        cat.kit_by_id[kit_id],
        n,
        point,
        row.status,
        row.ticket,
        row.noun,
        row.collect_by,
        collecting.until(point, row.collect_by) if row.collect_by else None,
        serving.ready_on(s, point.id, kit_id, row.queue, n, today) if waits else None,
        word_of(row),
        any(line.recalled_on is not None for line in held),
        row.forget_on - timedelta(days=KEPT_DAYS) if row.status == "collected" else None,
        row.forget_on,
        tuple(line.lot for line in held if line.lot),
        tuple(line.lot_id for line in held if line.lot_id is not None),
    )


def word_of(row: Any) -> str | None:
    """The word or number of an order's row, None when it has none or its day has passed."""
    if row.word is None:
        return None
    try:
        return sealing.open_(serving.WORD, row.rid, row.word)
    except sealing.Unreadable:
        return None
