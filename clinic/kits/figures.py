"""What the programme's doctor sees: per city and month, and by lot; numbers that count nobody alone.

Counts of orders and of what women chose to tell come from `outcome`, stock from the ledger. A month is
shown once it is over, and then changes no more, so that no two editions of a page can be subtracted.
Numbers of one city and month go through `withholding`; what is counted by lot grows from month to month
and is shown in whole fives.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.kits import counting
from clinic.kits.counting import CANCELLED, COLLECTED, ORDERED, RELEASED, WALK_IN
from clinic.kits.follow_up import CONFIRMED, FALSE, HARM, INVALID, NONREACTIVE, OF_A_LOT, REACTIVE
from clinic.kits.models import Entry, Holding, Lot, Outcome
from clinic.kits.withholding import Sum, in_steps, shown

MONTHS = 12
BANDS = (*(word for _, word in counting.BANDS_M), counting.FAR)
NO_BAND = "no_band"  # ordered without a place
OTHER = "other"  # told: one line, or none
SILENT = "silent"  # collected, and nothing told
UNTOLD = "untold"  # a reactive one of which the second answer was not told, or was another one
WAITING = "waiting"  # ordered, and neither collected, cancelled nor released in that month
EXPIRED, DRY = "expired", "dry_days"
PUBLISHED = (
    ORDERED, COLLECTED, CANCELLED, RELEASED, WALK_IN, EXPIRED, DRY, *BANDS,
    REACTIVE, OTHER, SILENT, CONFIRMED, UNTOLD, HARM,
)  # fmt: skip
UNPUBLISHED = (WAITING, NO_BAND)
SUMS = (
    Sum(ORDERED, (COLLECTED, CANCELLED, RELEASED, WAITING)),
    Sum(COLLECTED, (REACTIVE, OTHER, SILENT)),
    Sum(REACTIVE, (CONFIRMED, UNTOLD)),
    Sum(ORDERED, (*BANDS, NO_BAND)),
)


@dataclass(frozen=True, slots=True)
class CityMonth:
    """One row: what may be written out, None for what is held back."""

    city: str
    month: date
    numbers: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class OfLot:
    """A lot's failures since it came, in whole fives; None under five."""

    kit_id: int
    number: str
    expires_on: date
    recalled: bool
    given: int | None
    invalid: int | None
    false: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page, the drawings and the file are made of."""

    rows: tuple[CityMonth, ...]
    lots: tuple[OfLot, ...]

    def of_city(self, city: str) -> tuple[CityMonth, ...]:
        """A city's months, the earliest first."""
        return tuple(row for row in self.rows if row.city == city)


@dataclass(frozen=True, slots=True)
class Balance:
    """What the ledger of one kit at one point did on one day: all its lots together."""

    point_id: int
    kit_id: int
    day: date
    free: int  # change of what nobody has


def months(today: date) -> tuple[date, ...]:
    """The first days of the last twelve months that are over, the earliest first."""
    found = [today.replace(day=1)]
    for _ in range(MONTHS):
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return tuple(reversed(found[1:]))


def row(city: str, month: date, counts: Mapping[str, int]) -> CityMonth:
    """A row from what was counted in a city and month. Told in one month of what was collected in another,
    counts may contradict each other; an addition that does not hold tells nobody anything and is dropped."""
    told = {name: counts.get(name, 0) for name in (*PUBLISHED, *UNPUBLISHED)}
    told[OTHER] = counts.get(NONREACTIVE, 0) + counts.get(INVALID, 0)
    told[WAITING] = told[ORDERED] - told[COLLECTED] - told[CANCELLED] - told[RELEASED]
    told[NO_BAND] = told[ORDERED] - sum(told[b] for b in BANDS)
    told[SILENT] = told[COLLECTED] - told[REACTIVE] - told[OTHER]
    told[UNTOLD] = told[REACTIVE] - told[CONFIRMED]
    numbers = {name: max(0, n) for name, n in told.items()}
    sums = [s for s in SUMS if numbers[s.total] == sum(numbers[p] for p in s.parts)]
    seen = shown(numbers, sums, UNPUBLISHED)
    return CityMonth(city, month, {name: seen[name] for name in PUBLISHED})


def dry_days(balances: Iterable[Balance], first: date, last: date) -> dict[tuple[int, date], int]:
    """Days that ended with nothing free of a kit that a point once had, by (point, first day of the month).

    `balances` since the beginning of the ledger; days from `first` to `last`. Two kits missing count two days.
    """
    changes: dict[tuple[int, int], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for one in balances:
        changes[one.point_id, one.kit_id][one.day] += one.free
    found: dict[tuple[int, date], int] = defaultdict(int)
    for (point_id, _kit), by_day in changes.items():
        days = sorted(by_day)
        free = 0
        for n, day in enumerate(days):
            free += by_day[day]
            end = days[n + 1] if n + 1 < len(days) else last + timedelta(days=1)
            if free <= 0:
                _count_days(found, point_id, max(day, first), min(end, last + timedelta(days=1)))
    return dict(found)


def _count_days(found: dict[tuple[int, date], int], point_id: int, start: date, end: date) -> None:
    """Add the days from `start` to the one before `end`, month by month."""
    while start < end:
        month = start.replace(day=1)
        stop = min(end, (month + timedelta(days=32)).replace(day=1))
        found[point_id, month] += (stop - start).days
        start = stop


# --- reading


def read(s: Session, cities: Mapping[str, Sequence[int]], today: date) -> Figures:
    """The figures of these cities (each with the ids of its points), of all months that are over."""
    span = months(today)
    counts: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for city, month, what, n in s.execute(
        select(Outcome.city, Outcome.month, Outcome.what, func.sum(Outcome.n))
        .where(Outcome.city.in_(cities), Outcome.month >= span[0], Outcome.month <= span[-1])
        .group_by(Outcome.city, Outcome.month, Outcome.what)
    ):
        counts[city, month][what] += int(n)
    city_of = {point: city for city, points in cities.items() for point in points}
    end = today.replace(day=1)
    for point, day, n in s.execute(
        select(Holding.point_id, Entry.day, -func.sum(Entry.d_on_hand))
        .join(Holding, Holding.id == Entry.holding_id)
        .where(Entry.kind == "expired", Entry.day >= span[0], Entry.day < end, Holding.point_id.in_(city_of))
        .group_by(Holding.point_id, Entry.day)
    ):
        counts[city_of[point], day.replace(day=1)][EXPIRED] += int(n)
    for (point, month), days in dry_days(_balances(s, city_of, end), span[0], end - timedelta(days=1)).items():
        counts[city_of[point], month][DRY] += days
    rows = tuple(row(city, month, counts[city, month]) for city, month in sorted(counts))
    return Figures(rows, _lots(s, end))


def _balances(s: Session, point_ids: Iterable[int], end: date) -> Iterable[Balance]:
    found = s.execute(
        select(Holding.point_id, Lot.kit_type_id, Entry.day, func.sum(Entry.d_on_hand - Entry.d_reserved))
        .join(Holding, Holding.id == Entry.holding_id)
        .join(Lot, Lot.id == Holding.lot_id)
        .where(Entry.day < end, Holding.point_id.in_(list(point_ids)))
        .group_by(Holding.point_id, Lot.kit_type_id, Entry.day)
    )
    return (Balance(point, kit, day, int(n)) for point, kit, day, n in found)


def _lots(s: Session, end: date) -> tuple[OfLot, ...]:
    """Every lot of which something failed or that was given out, over the whole country: a lot knows no city."""
    failed: dict[int, dict[str, int]] = defaultdict(dict)
    for lot_id, what, n in s.execute(
        select(Outcome.lot_id, Outcome.what, func.sum(Outcome.n))
        .where(Outcome.what.in_(OF_A_LOT), Outcome.lot_id != 0, Outcome.month < end)
        .group_by(Outcome.lot_id, Outcome.what)
    ):
        failed[lot_id][what] = int(n)
    given = {
        lot_id: int(n)
        for lot_id, n in s.execute(
            select(Holding.lot_id, -func.sum(Entry.d_on_hand))
            .join(Holding, Holding.id == Entry.holding_id)
            .where(Entry.day < end, Entry.kind == "handed_over")
            .group_by(Holding.lot_id)
        )
    }
    return tuple(
        OfLot(
            lot.kit_type_id,
            lot.number,
            lot.expires_on,
            lot.recalled_on is not None,
            in_steps(given.get(lot.id, 0)),
            in_steps(failed[lot.id].get(INVALID, 0)),
            in_steps(failed[lot.id].get(FALSE, 0)),
        )
        for lot in s.scalars(select(Lot).order_by(Lot.kit_type_id, Lot.expires_on, Lot.number))
        if lot.id in failed or lot.id in given
    )
