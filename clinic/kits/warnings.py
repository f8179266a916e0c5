"""What the stock of a point will lack or lose soon, from how fast it has been given out lately.

All of it is arithmetic on plain values; `of_point` reads them. A rate is kits a week, the mean of the
last four weeks or of the time since a point opened.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, floor

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from clinic.directory.catalogue import LocationInfo
from clinic.directory.gazetteer import distance_m
from clinic.kits.models import Entry, Expected, Holding, KitLine, KitOrder, Lot

RATE_DAYS = 28  # what "the last weeks" are
LOW_DAYS = 14  # less than this left: say so
ASK_DAYS = 28  # what to ask for lasts about this long
MOVE_DAYS = 7  # with fewer left, kits are not sent anywhere any more
SOON_DAYS = 84  # lots that expire later than this are nobody's worry yet
WEEK = 7


@dataclass(frozen=True, slots=True)
class LotStock:
    """The kits of one lot at one point that nobody has ordered; `expires_on` is the last day they may be given."""

    lot_id: int
    number: str
    expires_on: date
    free: int


@dataclass(frozen=True, slots=True)
class Low:
    """A kit that will soon be missing here. `lasts_until` None: there is none already."""

    kit_id: int
    free: int
    waiting: int  # kits of orders that wait for a delivery
    weekly: int  # given out in a week, rounded
    lasts_until: date | None
    ask: int  # how many to ask for
    expected: int  # that many are on their way …
    expected_on: date | None  # … and come on this day at the earliest


@dataclass(frozen=True, slots=True)
class Shelf:
    """A point that could give out what another one cannot: its stock of the kit, by lot, and its rate."""

    point_id: int
    distance_m: int
    lots: tuple[LotStock, ...]
    rate: float


@dataclass(frozen=True, slots=True)
class Expiring:
    """Kits of a lot that will still be here when they expire, and where they would be given out in time."""

    kit_id: int
    lot: LotStock
    too_many: int
    move_to: int | None = None  # the point
    move: int = 0  # how many of them
    distance_m: int = 0


@dataclass(frozen=True, slots=True)
class Warnings:
    """What a point should act on."""

    low: tuple[Low, ...]
    expiring: tuple[Expiring, ...]


def left_over(lots: Iterable[LotStock], rate: float, today: date) -> dict[int, int]:
    """How many kits of each lot will not be given out in time, the first to expire leaving first (lot id → kits)."""
    given = 0
    wasted: dict[int, int] = {}
    for lot in sorted(lots, key=lambda x: (x.expires_on, x.lot_id)):
        days = max(0, (lot.expires_on - today).days + 1)
        used = min(lot.free, max(0, floor(rate * days / WEEK) - given))
        given += used
        wasted[lot.lot_id] = lot.free - used
    return wasted


def low(
    kit_id: int,
    lots: Sequence[LotStock],
    rate: float,
    waiting: int,
    expected: Sequence[tuple[date, int]],
    today: date,
) -> Low | None:
    """The warning for a kit, or None while there is enough of it for two weeks and nobody waits."""
    good = [lot for lot in lots if lot.expires_on >= today]
    free = sum(lot.free for lot in good)
    useful = free - sum(left_over(good, rate, today).values()) if rate else free
    days = floor(useful * WEEK / rate) if rate else None
    if waiting == 0 and free > 0 and (days is None or days >= LOW_DAYS):
        return None
    coming = sorted((day, n) for day, n in expected if day >= today)
    return Low(
        kit_id=kit_id,
        free=free,
        waiting=waiting,
        weekly=round(rate),
        lasts_until=None if free == 0 or days is None else today + timedelta(days=max(0, days - 1)),
        ask=_rounded(rate * ASK_DAYS / WEEK + waiting - useful),
        expected=sum(n for _, n in coming),
        expected_on=coming[0][0] if coming else None,
    )


def expiring(
    kit_id: int, lots: Sequence[LotStock], rate: float, others: Sequence[Shelf], today: date
) -> tuple[Expiring, ...]:
    """Lots that will be left over within twelve weeks, each with the point that would give most of them out."""
    wasted = left_over([lot for lot in lots if lot.expires_on >= today], rate, today)
    shelves = list(others)
    found = []
    for lot in sorted(lots, key=lambda x: (x.expires_on, x.lot_id)):
        too_many = wasted.get(lot.lot_id, 0)
        if too_many == 0 or (lot.expires_on - today).days > SOON_DAYS:
            continue
        best = max(
            ((takes(shelf, lot, too_many, today), -shelf.distance_m, -n) for n, shelf in enumerate(shelves)),
            default=(0, 0, 0),
        )
        if best[0] == 0:
            found.append(Expiring(kit_id, lot, too_many))
            continue
        n = -best[2]
        shelf = shelves[n]
        shelves[n] = replace(shelf, lots=_with(shelf.lots, lot, best[0]))  # the next lot finds them there
        found.append(Expiring(kit_id, lot, too_many, shelf.point_id, best[0], shelf.distance_m))
    return tuple(found)


def takes(shelf: Shelf, lot: LotStock, most: int, today: date) -> int:
    """How many kits of `lot` a point can take so that none more will be left over there; none in their last week."""

    if (lot.expires_on - today).days < MOVE_DAYS:
        return 0

    def wasted(lots: Iterable[LotStock]) -> int:
        return sum(left_over(lots, shelf.rate, today).values())

    before = wasted(shelf.lots)
    fits, too_many = 0, most + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if wasted(_with(shelf.lots, lot, middle)) <= before:
            fits = middle
        else:
            too_many = middle
    return fits


def _with(lots: tuple[LotStock, ...], lot: LotStock, more: int) -> tuple[LotStock, ...]:
    """The shelf after `more` kits of `lot` have come."""
    had = next((x.free for x in lots if x.lot_id == lot.lot_id), 0)
    return (*(x for x in lots if x.lot_id != lot.lot_id), replace(lot, free=had + more))


def _rounded(kits: float) -> int:
    """A number to ask for: whole fives, at least five."""
    return max(5, ceil(kits / 5) * 5)


# --- reading


def of_point(s: Session, point: LocationInfo, family: Sequence[LocationInfo], today: date) -> Warnings:
    """What this point should act on; `family` are the points of its organization, where kits may move to."""
    ids = {point.id} | {p.id for p in family}
    stock = _stock(s, ids, today)
    rates = rates_of(s, ids, today)
    waiting = _waiting(s, point.id)
    expected = _expected(s, point.id, today)
    kits = sorted({kit for at, kit in (*stock, *rates) if at == point.id} | set(waiting))
    lows: list[Low] = []
    soon: list[Expiring] = []
    for kit in kits:
        lots, rate = stock.get((point.id, kit), ()), rates.get((point.id, kit), 0.0)
        found = low(kit, lots, rate, waiting.get(kit, 0), expected.get(kit, ()), today)
        if found is not None:
            lows.append(found)
        shelves = [
            Shelf(
                p.id,
                distance_m(point.lat, point.lng, p.lat, p.lng),
                stock.get((p.id, kit), ()),
                rates.get((p.id, kit), 0.0),
            )
            for p in family
            if p.id != point.id
        ]
        soon.extend(expiring(kit, lots, rate, shelves, today))
    return Warnings(tuple(lows), tuple(soon))


def rates_of(s: Session, point_ids: Collection[int], today: date) -> dict[tuple[int, int], float]:
    """Kits given out in a week, by (point, kit): what was handed over and not taken back in the last weeks."""
    first = today - timedelta(days=RATE_DAYS)
    undone = aliased(Entry)
    given = s.execute(
        select(Holding.point_id, Lot.kit_type_id, func.sum(-Entry.d_on_hand))
        .join(Holding, Holding.id == Entry.holding_id)
        .join(Lot, Lot.id == Holding.lot_id)
        .outerjoin(undone, undone.id == Entry.reverses)
        .where(
            Holding.point_id.in_(point_ids),
            Entry.day >= first,
            Entry.day < today,
            or_(Entry.kind == "handed_over", and_(Entry.kind == "undone", undone.kind == "handed_over")),
        )
        .group_by(Holding.point_id, Lot.kit_type_id)
    ).all()
    opened = {
        row[0]: row[1]
        for row in s.execute(
            select(Holding.point_id, func.min(Entry.day))
            .join(Entry, Entry.holding_id == Holding.id)
            .where(Holding.point_id.in_(point_ids))
            .group_by(Holding.point_id)
        )
    }
    return {
        (at, kit): kits * WEEK / min(RATE_DAYS, max(WEEK, (today - opened[at]).days))
        for at, kit, kits in given
        if kits and kits > 0
    }


def _stock(s: Session, point_ids: Collection[int], today: date) -> Mapping[tuple[int, int], tuple[LotStock, ...]]:
    """What is free by (point, kit): lots that have not expired and were not recalled."""
    found: dict[tuple[int, int], tuple[LotStock, ...]] = {}
    for at, kit, lot_id, number, expires_on, free in s.execute(
        select(
            Holding.point_id, Lot.kit_type_id, Lot.id, Lot.number, Lot.expires_on, Holding.on_hand - Holding.reserved
        )
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Holding.point_id.in_(point_ids), Lot.recalled_on.is_(None), Lot.expires_on >= today)
        .order_by(Lot.expires_on, Lot.id)
    ):
        found[(at, kit)] = (*found.get((at, kit), ()), LotStock(lot_id, number, expires_on, free))
    return found


def _waiting(s: Session, point_id: int) -> dict[int, int]:
    return {
        kit: int(n)
        for kit, n in s.execute(
            select(KitLine.kit_type_id, func.sum(KitLine.quantity))
            .join(KitOrder, KitOrder.rid == KitLine.order_id)
            .where(KitOrder.point_id == point_id, KitOrder.status == "backordered", KitLine.holding_id.is_(None))
            .group_by(KitLine.kit_type_id)
        )
    }


def _expected(s: Session, point_id: int, today: date) -> dict[int, tuple[tuple[date, int], ...]]:
    found: dict[int, tuple[tuple[date, int], ...]] = {}
    for kit, day, quantity in s.execute(
        select(Expected.kit_type_id, Expected.day, Expected.quantity).where(
            Expected.point_id == point_id, Expected.day >= today
        )
    ):
        found[kit] = (*found.get(kit, ()), (day, quantity))
    return found
