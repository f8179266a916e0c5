"""The day of a location as a table: a row per five minutes, a column per room. Pure arithmetic, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from clinic import clock
from clinic.booking.appointments import DeskRow
from clinic.booking.lateness import latest
from clinic.booking.taken import DAY_CELLS, first_cell
from clinic.directory.catalogue import RoomInfo

HALF_HOUR = 6  # cells
LOOK_BACK = timedelta(hours=2, minutes=40)  # finished visits older than this are folded away
SHORTEST_CARD = timedelta(minutes=10)  # one who did not come stays to be seen, and to be undone
SHORTEST_GAP = 2  # cells: a free gap of less than ten minutes is not worth a button
WALK_IN_MINUTES = (10, 20, 30, 40, 60)

SIGNS = {"booked": "○", "here": "◐", "in_room": "●", "done": "✓", "missed": "×"}
NEXT = {"booked": "here", "here": "in_room", "in_room": "done"}
BEFORE = {"here": "booked", "in_room": "here", "done": "in_room", "missed": "booked"}
LOOKS = {"booked": "exp", "here": "came", "in_room": "in", "done": "done", "missed": "no"}
ACTIVE = frozenset(("booked", "here", "in_room"))


@dataclass(frozen=True, slots=True)
class Card:
    """A visit on the table: a number, a time, a state; nothing about who or what for."""

    ticket: int
    room_id: int | None  # None: waits in the line
    start: datetime
    end: datetime
    status: str
    since: datetime | None
    walk_in: bool
    late: bool  # expected, and the grace after its time is over
    waits: int | None  # minutes, for one who is here
    promised: datetime | None  # for when a message told her to come instead
    comes: datetime | None  # when she says that she comes, later than her time
    held: datetime  # until when the time is hers: the end, or earlier for one who did not come

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Gap:
    """Free time of a room from now on, in which a walk-in could be taken."""

    room_id: int
    start: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Block:
    """One table cell: `span` rows high, with what stands in it."""

    span: int
    kind: Literal["cards", "shut", "free", "empty"]
    room_id: int
    cards: tuple[Card, ...] = ()
    gap: Gap | None = None
    shut_until: datetime | None = None  # None: for the rest of the day


@dataclass(frozen=True, slots=True)
class Line:
    """Five minutes: a row of the table with the blocks that begin in it."""

    start: datetime
    label: bool  # a full or half hour
    now: bool
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """A service day of a location as its desk sees it."""

    day: date
    rooms: tuple[RoomInfo, ...]
    lines: tuple[Line, ...]
    folded: datetime | None  # when the hidden morning begins; None: nothing is hidden
    cards: tuple[Card, ...]  # by time, then room
    next_gap: Gap | None
    begun: bool  # the service day has begun: steps may be taken
    late: Mapping[int, int]  # minutes by room, of those that run late
    in_line: tuple[Card, ...]  # who waits without a time, in the order in which they came

    @property
    def waiting(self) -> tuple[Card, ...]:
        return tuple(c for c in self.cards if c.status == "here")

    def overstaying(self, now: datetime) -> tuple[Card, ...]:
        """Who is in a room although her time is over: it may have been left without a mark."""
        return tuple(c for c in self.cards if c.status == "in_room" and c.end <= now)

    @property
    def overdue(self) -> tuple[Card, ...]:
        return tuple(c for c in self.cards if c.late)

    def sheet(self) -> tuple[tuple[datetime, tuple[tuple[Card, ...], ...]], ...]:
        """The printed day: each time at which somebody comes, with the cards of every room in it."""
        found: dict[datetime, dict[int, list[Card]]] = {}
        for card in self.cards:
            found.setdefault(card.start, {}).setdefault(card.room_id or 0, []).append(card)
        return tuple(
            (start, tuple(tuple(of_rooms.get(room.id, ())) for room in self.rooms))
            for start, of_rooms in sorted(found.items())
        )


def build(
    day: date,
    rooms: Sequence[RoomInfo],
    rows: Sequence[DeskRow],
    open_: Mapping[int, int],
    taken: Mapping[int, int],
    grace_minutes: int,
    late: Mapping[int, int],
    now: datetime,
    whole: bool,
) -> Roster:
    """Put a service day together.

    `open_` and `taken`: per room id one integer, bit i = the i-th five minutes from 06:00 of `day`;
    `taken` includes the pauses. `whole` shows the finished morning as well.
    """
    standing = cards_of(rows, grace_minutes, late, now)
    cards = tuple(card for card in standing if card.room_id is not None)
    base = first_cell(day)
    now_at = clock.cell(now) - base
    first, last = _window(cards, open_, base)
    shown = first if whole or not 0 <= now_at < DAY_CELLS else _after_folding(cards, first, last, base, now)
    begins: dict[int, list[Block]] = {i: [] for i in range(shown, last)}
    for room in rooms:
        of_room = [c for c in cards if c.room_id == room.id]
        for at, block in _column(
            room.id, of_room, open_.get(room.id, 0), taken.get(room.id, 0), shown, last, now_at, base
        ):
            begins[at].append(block)
    lines = tuple(
        Line(
            start=clock.moment(base + i),
            label=i % HALF_HOUR == 0,
            now=i == now_at,
            blocks=tuple(begins[i]),
        )
        for i in range(shown, last)
    )
    gaps = [b.gap for line in lines for b in line.blocks if b.gap is not None]
    return Roster(
        day=day,
        rooms=tuple(rooms),
        lines=lines,
        folded=clock.moment(base + first) if shown > first else None,
        cards=cards,
        next_gap=min(gaps, key=lambda g: g.start, default=None),
        begun=now_at >= 0,
        late=late,
        in_line=tuple(sorted((c for c in standing if c.room_id is None), key=lambda c: c.ticket)),
    )


def cards_of(rows: Sequence[DeskRow], grace_minutes: int, late: Mapping[int, int], now: datetime) -> tuple[Card, ...]:
    """The visits of a day that stand on the roster, by time and room; cancelled ones are gone."""
    cards = (
        Card(
            ticket=row.ticket,
            room_id=row.room_id,
            start=row.start,
            end=row.end,
            status=row.status,
            since=row.status_at,
            walk_in=row.walk_in,
            late=row.status == "booked"
            and now >= row.start + timedelta(minutes=grace_minutes + max(row.promised, latest(late, row.room_id))),
            waits=_minutes_since(row.status_at, now) if row.status == "here" else None,
            promised=row.start + timedelta(minutes=row.promised) if row.promised else None,
            comes=row.start + timedelta(minutes=row.comes_late) if row.comes_late else None,
            held=row.end if row.freed is None else min(row.end, max(row.freed, row.start + SHORTEST_CARD)),
        )
        for row in rows
        if row.status in SIGNS
    )
    return tuple(sorted(cards, key=lambda c: (c.start, c.room_id or 0, c.ticket)))


def _minutes_since(then: datetime | None, now: datetime) -> int | None:
    return None if then is None else max(0, int((now - then).total_seconds()) // 60)


def _window(cards: Sequence[Card], open_: Mapping[int, int], base: int) -> tuple[int, int]:
    """First and last row of the day in whole half hours: opening hours and every visit are inside."""
    any_open = 0
    for bits in open_.values():
        any_open |= bits
    starts = [clock.cell(c.start) - base for c in cards]
    ends = [_end(c, base) for c in cards]
    if any_open:
        starts.append((any_open & -any_open).bit_length() - 1)
        ends.append(any_open.bit_length())
    if not starts:
        return 0, 0
    first = max(0, min(starts)) // HALF_HOUR * HALF_HOUR
    last = -(-min(DAY_CELLS, max(ends)) // HALF_HOUR) * HALF_HOUR
    return first, max(first, last)


def _after_folding(cards: Sequence[Card], first: int, last: int, base: int, now: datetime) -> int:
    """The first row to show while the day runs: what is open, and what ended shortly before now."""
    recent = clock.cell(now - LOOK_BACK) - base
    kept = [clock.cell(c.start) - base for c in cards if c.status in ACTIVE or _end(c, base) > recent]
    shown = min([clock.cell(now) - base, last - HALF_HOUR, *kept]) // HALF_HOUR * HALF_HOUR
    return max(first, shown)


def _end(card: Card, base: int) -> int:
    return clock.cell(card.held - timedelta(seconds=1)) + 1 - base


def _column(
    room_id: int,
    cards: Sequence[Card],
    open_: int,
    taken: int,
    first: int,
    last: int,
    now_at: int,
    base: int,
) -> list[tuple[int, Block]]:
    """A room from row `first` to `last`, cut into blocks that follow each other without a hole."""
    blocks: list[tuple[int, Block]] = []
    at = first
    visits = [v for v in _merged(cards, base) if v[1] > first]
    for start, end, group in [*visits, (last, last, ())]:
        while at < start:
            end_of_run, block = _between(room_id, at, min(start, last), open_, taken, now_at, base)
            blocks.append((at, block))
            at = end_of_run
        if group:
            stop = min(end, last)
            blocks.append((at, Block(span=stop - at, kind="cards", room_id=room_id, cards=group)))
            at = stop
    return blocks


def _merged(cards: Sequence[Card], base: int) -> list[tuple[int, int, tuple[Card, ...]]]:
    """Visits as (first row, row after the last, cards); those that overlap share one block, none is lost."""
    runs: list[tuple[int, int, tuple[Card, ...]]] = []
    for card in cards:
        start, end = clock.cell(card.start) - base, _end(card, base)
        if runs and start < runs[-1][1]:
            before = runs.pop()
            runs.append((before[0], max(before[1], end), (*before[2], card)))
        else:
            runs.append((start, end, (card,)))
    return runs


def _between(room_id: int, at: int, stop: int, open_: int, taken: int, now_at: int, base: int) -> tuple[int, Block]:
    """The run of equal rows from `at` on, at most to `stop`: where it ends, and its block."""

    def kind(i: int) -> Literal["shut", "free", "empty"]:
        if not open_ >> i & 1:
            return "shut"
        return "empty" if taken >> i & 1 or i < now_at else "free"

    what = kind(at)
    end = at + 1
    while end < stop and kind(end) == what:
        end += 1
    if what == "shut":
        later = open_ >> end
        until = clock.moment(base + end + (later & -later).bit_length() - 1) if later else None
        return end, Block(span=end - at, kind="shut", room_id=room_id, shut_until=until)
    if what == "free" and end - at >= SHORTEST_GAP:
        gap = Gap(room_id=room_id, start=clock.moment(base + at), minutes=(end - at) * clock.CELL_MINUTES)
        return end, Block(span=end - at, kind="free", room_id=room_id, gap=gap)
    return end, Block(span=end - at, kind="empty", room_id=room_id)
