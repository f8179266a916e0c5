"""The table of a day: pure arithmetic against what a person would draw on paper."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinic import clock
from clinic.booking.appointments import DeskRow
from clinic.db import Text3
from clinic.desk import roster
from clinic.directory.catalogue import RoomInfo

DAY = date(2026, 11, 24)
ROOMS = tuple(RoomInfo(n, 1, Text3(en=f"Room {n}"), None, None, 0, frozenset(), None) for n in (3, 4))
NOW = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)  # 19:40


def at(hour: int, minute: int = 0) -> datetime:
    return clock.at(DAY, hour * 60 + minute)


def bits(start: datetime, end: datetime) -> int:
    first = clock.cell(clock.service_day_start(DAY))
    return (1 << clock.cell(end) - first) - (1 << clock.cell(start) - first)


def visit(ticket: int, start: datetime, minutes: int = 20, room: int = 3, status: str = "booked") -> DeskRow:
    return DeskRow(bytes(16), room, start, start + timedelta(minutes=minutes), ticket, status, start, False)


def build(*rows: DeskRow, open_: int | None = None, now: datetime = NOW, whole: bool = True) -> roster.Roster:
    hours = bits(at(17), at(21)) if open_ is None else open_
    taken = {room.id: 0 for room in ROOMS}
    for row in rows:
        taken[row.room_id or 0] |= bits(row.start, row.end)
    return roster.build(DAY, ROOMS, rows, {3: hours, 4: hours}, taken, 10, {}, now, whole)


def column(day: roster.Roster, room: int) -> list[roster.Block]:
    return [b for line in day.lines for b in line.blocks if b.room_id == room]


def test_rows_run_from_opening_to_closing_every_five_minutes() -> None:
    day = build()
    assert [line.start for line in day.lines] == [at(17) + timedelta(minutes=5 * n) for n in range(48)]
    assert [line.start for line in day.lines if line.now] == [NOW]


def test_a_visit_is_as_high_as_it_is_long_and_time_to_come_is_free() -> None:
    day = build(visit(27, at(20, 20), 40))
    blocks = column(day, 3)
    assert [(b.kind, b.span) for b in blocks] == [("empty", 32), ("free", 8), ("cards", 8)]
    assert blocks[1].gap == roster.Gap(3, NOW, 40)
    assert day.next_gap == roster.Gap(3, NOW, 40)


def test_a_break_is_shut_until_its_end_and_closing_for_good() -> None:
    hours = bits(at(17), at(18)) | bits(at(18, 30), at(20))
    day = build(visit(1, at(20, 30)), open_=hours, now=at(17))
    shut = [(b.span, b.shut_until) for b in column(day, 3) if b.kind == "shut"]
    assert shut == [(6, at(18, 30)), (6, None), (2, None)]


def test_a_card_in_shut_time_does_not_hide_when_it_opens_again() -> None:
    hours = bits(at(17), at(18)) | bits(at(20), at(21))
    shut = [b.shut_until for b in column(build(visit(1, at(18, 30)), open_=hours, now=at(17)), 3) if b.kind == "shut"]
    assert shut == [at(20), at(20)]


def test_the_finished_morning_is_folded_away_but_nobody_who_is_expected() -> None:
    hours = bits(at(9), at(21))
    done = visit(1, at(9), status="done")
    folded = build(done, visit(2, at(18), status="done"), open_=hours, whole=False)
    assert folded.lines[0].start == at(18)
    assert folded.folded == at(9)
    waiting = build(done, visit(2, at(10)), open_=hours, whole=False)
    assert waiting.lines[0].start == at(10)


def test_late_is_who_is_expected_after_the_grace() -> None:
    assert [c.late for c in build(visit(1, at(19, 30)), visit(2, at(19, 35))).cards] == [True, False]
    assert [c.late for c in build(visit(1, at(19, 30), status="here")).cards] == [False]


def test_a_night_belongs_to_its_evening() -> None:
    day = build(visit(1, at(24, 30)), open_=bits(at(22), at(26)), now=at(24, 35))
    assert (day.lines[0].start, day.lines[-1].start) == (at(22), at(25, 55))
    assert [line.start for line in day.lines if line.now] == [at(24, 35)]


def test_a_day_without_hours_and_visits_has_no_rows() -> None:
    assert build(open_=0).lines == ()


def test_steps_are_not_offered_before_the_day_begins() -> None:
    assert not build(now=clock.service_day_start(DAY) - timedelta(minutes=5)).begun
    assert build(now=clock.service_day_start(DAY)).begun


def test_visits_that_overlap_share_a_block_and_none_is_lost() -> None:
    day = build(visit(1, at(19), status="missed"), visit(2, at(19, 10)))
    assert [tuple(c.ticket for c in b.cards) for b in column(day, 3) if b.cards] == [(1, 2)]


visits = st.lists(
    st.builds(
        visit,
        ticket=st.integers(1, 500),
        start=st.integers(0, 280).map(lambda n: clock.service_day_start(DAY) + timedelta(minutes=5 * n)),
        minutes=st.integers(1, 8).map(lambda n: 5 * n),
        room=st.sampled_from([3, 4]),
        status=st.sampled_from(["booked", "here", "in_room", "done", "missed", "cancelled"]),
    ),
    max_size=25,
)


@given(visits, st.integers(0, (1 << 288) - 1), st.integers(-50, 330), st.booleans())
def test_every_column_is_full_and_every_visit_stands_once(
    rows: list[DeskRow], hours: int, now_cell: int, whole: bool
) -> None:
    rows = [replace(row, ticket=n) for n, row in enumerate(rows, 1)]
    now = clock.service_day_start(DAY) + timedelta(minutes=5 * now_cell)
    day = build(*rows, open_=hours, now=now, whole=whole)
    for room in ROOMS:
        assert sum(b.span for b in column(day, room.id)) == len(day.lines)
        at_row = 0
        for n, line in enumerate(day.lines):
            for block in line.blocks:
                if block.room_id == room.id:
                    assert n == at_row, "blocks follow each other without a hole"
                    at_row += block.span
    shown = sorted(c.ticket for line in day.lines for b in line.blocks for c in b.cards)
    expected = sorted(row.ticket for row in rows if row.status != "cancelled")
    if whole:
        assert shown == expected
    else:
        missing = set(expected) - set(shown)
        assert all(row.status in ("done", "missed") for row in rows if row.ticket in missing)
    assert sorted(c.ticket for _, columns in day.sheet() for cards in columns for c in cards) == expected
