"""Low stock and kits that will expire, from how fast they go; where they would be given out in time."""

from datetime import date, timedelta
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.kits import warnings
from clinic.kits.warnings import LotStock, Shelf

TODAY = date(2026, 11, 24)


def lot(free: int, days: int, lot_id: int = 1) -> LotStock:
    return LotStock(lot_id, f"L-{lot_id}", TODAY + timedelta(days=days), free)


def low(lots: list[LotStock], rate: float, waiting: int = 0, expected: list[tuple[date, int]] | None = None):  # type: ignore[no-untyped-def]
    return warnings.low(7, lots, rate, waiting, expected or [], TODAY)


def test_two_kits_at_five_a_week_last_until_the_day_after_tomorrow() -> None:
    found = low([lot(2, 300)], 5.0)
    assert (found.free, found.weekly, found.lasts_until, found.ask) == (2, 5, TODAY + timedelta(days=1), 20)


def test_enough_for_two_weeks_is_no_warning() -> None:
    assert low([lot(10, 300)], 5.0) is None
    assert low([lot(9, 300)], 5.0) is not None


def test_kits_that_will_expire_before_they_are_given_do_not_count_as_stock() -> None:
    found = low([lot(40, 6)], 5.0)  # five will be given this week, the rest expires
    assert (found.free, found.lasts_until) == (40, TODAY + timedelta(days=6))


def test_nothing_left_is_said_even_where_nobody_came() -> None:
    found = low([lot(0, 300)], 0.0)
    assert (found.free, found.lasts_until, found.ask) == (0, None, 5)
    assert low([lot(1, 300)], 0.0) is None


def test_expired_kits_are_not_there() -> None:
    assert low([lot(30, -1)], 5.0).free == 0


def test_those_who_wait_are_asked_for_too() -> None:
    assert low([lot(0, 300)], 0.0, waiting=7).ask == 10
    assert low([lot(50, 300)], 1.0, waiting=1).waiting == 1


def test_a_delivery_on_its_way_is_named() -> None:
    found = low([lot(1, 300)], 5.0, expected=[(TODAY + timedelta(days=9), 20), (TODAY + timedelta(days=3), 10)])
    assert (found.expected, found.expected_on) == (30, TODAY + timedelta(days=3))
    assert low([lot(1, 300)], 5.0, expected=[(TODAY - timedelta(days=1), 20)]).expected == 0


def test_a_lot_that_goes_in_time_is_no_worry() -> None:
    assert warnings.expiring(7, [lot(4, 6)], 5.0, (), TODAY) == ()


def test_a_lot_that_stays_is_named_without_a_place_when_nobody_would_take_it() -> None:
    (one,) = warnings.expiring(7, [lot(12, 13)], 5.0, [Shelf(2, 900, (), 0.0)], TODAY)
    assert (one.too_many, one.move_to, one.move) == (2, None, 0)


def test_it_moves_to_where_most_of_it_would_be_given_then_to_the_nearest() -> None:
    others = [Shelf(2, 5000, (), 1.0), Shelf(3, 4000, (), 9.0), Shelf(4, 1000, (), 9.0)]
    (one,) = warnings.expiring(7, [lot(20, 13)], 5.0, others, TODAY)
    assert (one.too_many, one.move_to, one.move, one.distance_m) == (10, 4, 10, 1000)


def test_kits_do_not_move_to_where_they_would_make_others_expire() -> None:
    full = Shelf(2, 500, (lot(10, 13, 9),), 5.0)
    (one,) = warnings.expiring(7, [lot(30, 13)], 5.0, [full], TODAY)
    assert one.move_to is None


def test_two_lots_do_not_both_get_the_same_room_on_a_shelf() -> None:
    found = warnings.expiring(7, [lot(10, 13, 1), lot(10, 13, 2)], 0.0, [Shelf(2, 500, (), 6.0)], TODAY)
    assert sum(one.move for one in found) == 12


def test_kits_in_their_last_week_are_not_sent_anywhere() -> None:
    (one,) = warnings.expiring(7, [lot(10, 6)], 0.0, [Shelf(2, 500, (), 12.0)], TODAY)
    assert (one.too_many, one.move_to) == (10, None)


def test_a_lot_of_next_year_is_nobodys_worry_yet() -> None:
    assert warnings.expiring(7, [lot(500, warnings.SOON_DAYS + 1)], 1.0, (), TODAY) == ()


STOCK = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), max_size=5).map(
    lambda rows: tuple(lot(free, days, n) for n, (free, days) in enumerate(rows, 1))
)


@given(STOCK, st.floats(0, 20))
def test_what_is_left_over_is_what_a_counter_would_find(lots: tuple[LotStock, ...], rate: float) -> None:
    """Give kits out day by day, first to expire first, and look what stays."""
    stock = {one.lot_id: one.free for one in lots}
    given_out = 0
    for n in range(61):
        for one in sorted(lots, key=lambda x: (x.expires_on, x.lot_id)):
            if one.expires_on >= TODAY + timedelta(days=n):
                take = max(0, min(stock[one.lot_id], floor(rate * (n + 1) / 7) - given_out))
                stock[one.lot_id] -= take
                given_out += take
    assert warnings.left_over(lots, rate, TODAY) == stock


@given(STOCK, st.floats(0, 20), st.integers(1, 30), st.integers(0, 60))
def test_a_move_never_wastes_more_at_the_other_point(
    lots: tuple[LotStock, ...], rate: float, most: int, days: int
) -> None:
    shelf, moved = Shelf(2, 500, lots, rate), lot(most, days, 99)
    n = warnings.takes(shelf, moved, most, TODAY)
    before = sum(warnings.left_over(lots, rate, TODAY).values())
    after = sum(warnings.left_over((*lots, lot(n, days, 99)), rate, TODAY).values())
    assert 0 <= n <= most
    assert after <= before


@pytest.mark.parametrize("rate", [0.0, 0.3, 4.0])
def test_an_empty_point_warns_of_nothing_that_expires(rate: float) -> None:
    assert warnings.expiring(7, [], rate, (), TODAY) == ()
