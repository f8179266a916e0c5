"""Orders: set aside, waited for in line, moved, cancelled, not collected, forgotten; the ledger always agrees."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, update
from time_machine import Traveller

from clinic import clock
from clinic.booking import forgetting
from clinic.config import settings
from clinic.db import Base, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure
from clinic.kits import counter, orders, releasing, shelving, telling
from clinic.kits.models import Expected, KitLine, KitOrder, Outcome, Point
from clinic.kits.refusals import Gone, NotOffered, OutOfStock, PointClosed, TooMany
from clinic.messaging import outbox
from clinic.messaging.models import Message
from clinic.passes import passes
from clinic.passes.models import Pass
from clinic.passes.passes import CodeUnknown, PhoneNeeded
from tests.conftest import Maker
from tests.kits.shelf import (
    ACTOR,
    LONG,
    PHONE,
    TODAY,
    a_kit,
    a_point,
    assert_the_ledger_agrees,
    filled,
    mine,
    now_there,
    ordered,
    point_of,
    shelf,
    waiting,
    wish,
)

pytestmark = pytest.mark.usefixtures("evening", "app")


def count(model: type[Base]) -> int:
    with reading() as s:
        return s.execute(select(func.count()).select_from(model)).scalar_one()


def outcomes() -> dict[str, int]:
    with reading() as s:
        return {what: n for what, n in s.execute(select(Outcome.what, Outcome.n)) if n}


def messages(order: orders.OrderView) -> dict[str, str]:
    """Kind and state of her messages; of one put again, the one that counts."""
    with reading() as s:
        views = outbox.of(s, telling.about(order.rid))
    return {view.kind: view.state for view in sorted(views, key=lambda view: view.state == "waiting")}


def cancelled(code: str | None, order: orders.OrderView) -> orders.OrderView:
    with writing() as s:
        return orders.cancel(s, now_there()[0], passes.find(s, code or ""), order.rid, clock.now())


def moved(code: str | None, order: orders.OrderView, to: int) -> orders.OrderView:
    with writing() as s:
        return orders.move_to(s, now_there()[0], passes.find(s, code or ""), order.rid, point_of(to), clock.now())


def test_an_order_sets_kits_aside_until_the_end_of_its_last_day() -> None:
    kit = a_kit()
    point = a_point(kit, hours="Mo-Su 09:00-23:00")
    filled(point, kit, 5)
    done = ordered(point, kit, 2)
    order = done.order
    assert (order.status, order.quantity, order.collect_by) == ("reserved", 2, date(2026, 11, 27))
    assert order.until == clock.at(date(2026, 11, 27), 23 * 60)
    assert order.forget_on == date(2026, 11, 28)
    assert shelf(point) == (5, 2)
    assert mine(done.code) == (order,)
    assert 1 <= order.ticket <= 3
    assert outcomes() == {"ordered": 2}
    assert_the_ledger_agrees()


def test_what_expires_first_leaves_first_and_one_order_may_come_from_several_lots() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5, "LATE", LONG)
    filled(point, kit, 1, "SOON", date(2026, 11, 27))
    filled(point, kit, 9, "TOO-SOON", date(2026, 11, 26))
    assert ordered(point, kit, 3).order.lots == ("SOON", "LATE")
    assert_the_ledger_agrees()


@pytest.mark.parametrize("quantity", [-1, 0, 4, 99])
def test_an_order_is_for_one_to_three(quantity: int) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 100)
    with pytest.raises(TooMany) as refused:
        ordered(point, kit, quantity)
    assert refused.value.limit == 3
    assert shelf(point) == (100, 0)


def test_the_operator_may_allow_fewer(make_app: Maker) -> None:
    make_app("sqlite", {"KESHKI_KITS_PER_ORDER": "1"})
    assert settings().kits_per_order == 1
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5)
    with pytest.raises(TooMany):
        ordered(point, kit, 2)


def test_a_kit_without_its_leaflet_or_unchecked_is_not_offered() -> None:
    for number, kit in enumerate((a_kit(1, steps=0), a_kit(2, leaflet=""), a_kit(3, checked=False))):
        point = a_point(kit, lat=43.2 + number / 100)
        filled(point, kit, 5, f"L{number}")
        with pytest.raises(NotOffered):
            ordered(point, kit)


def test_a_point_takes_only_orders_for_what_it_hands_over_is_open_for_and_looks_at() -> None:
    kit, other = a_kit(1), a_kit(2)
    point = a_point(kit)
    filled(point, kit, 5)
    with pytest.raises(NotOffered):
        ordered(point, other)
    with pytest.raises(PointClosed):
        ordered(a_point(kit, seen=TODAY - timedelta(days=8)), kit)
    with pytest.raises(PointClosed):
        ordered(shut_for_the_winter(kit), kit)


def shut_for_the_winter(kit: int) -> int:
    """A locker in a yard: below 2 °C its kits spoil."""
    point = a_point(kit, kind="locker")
    filled(point, kit, 5, "WINTER")
    with writing() as s:
        s.add(Closure(location_id=point, starts_at=clock.now(), ends_at=clock.now() + timedelta(days=100)))
        catalogue.changed(s)
    return point


def test_a_point_that_closed_while_she_read_takes_no_order() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5)
    asked, (cat, _) = wish(point, kit), now_there()
    with writing() as s:
        s.add(Closure(location_id=point, starts_at=clock.now(), ends_at=clock.now() + timedelta(days=100)))
        catalogue.changed(s)
    with pytest.raises(PointClosed), writing() as s:
        orders.place(s, cat, asked, clock.now())
    assert shelf(point) == (5, 0)


def test_without_stock_she_is_shown_other_points_and_nothing_is_written() -> None:
    kit = a_kit()
    empty, near, far = a_point(kit), a_point(kit, lat=43.25), a_point(kit, lat=43.30)
    filled(empty, kit, 1)
    filled(near, kit, 5)
    filled(far, kit, 5)
    with pytest.raises(OutOfStock) as refused:
        ordered(empty, kit, 2)
    assert [proposal.point.id for proposal in refused.value.alternatives] == [near, far]
    assert (count(KitOrder), count(Pass), shelf(empty)) == (0, 0, (1, 0))


def test_back_orders_are_served_in_their_order_and_nobody_jumps_the_line() -> None:
    kit = a_kit()
    point = a_point(kit)
    first, second, third = waiting(point, kit, 3), waiting(point, kit, 1), waiting(point, kit, 1)
    assert [mine(one.code)[0].status for one in (first, second, third)] == ["backordered"] * 3
    received(point, kit, 2)
    assert mine(second.code)[0].status == "backordered"  # the first waits for three, and stands before her
    with pytest.raises(OutOfStock):
        ordered(point, kit)
    received(point, kit, 2)
    assert [mine(one.code)[0].status for one in (first, second, third)] == ["reserved", "reserved", "backordered"]
    assert mine(first.code)[0].collect_by == date(2026, 11, 27)
    assert shelf(point) == (4, 4)
    assert_the_ledger_agrees()


def test_where_nobody_waits_and_some_are_there_waiting_is_ordering() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 1)
    assert waiting(point, kit).order.status == "reserved"


def test_the_date_of_a_back_order_counts_those_before_her_and_the_deliveries_expected() -> None:
    kit = a_kit()
    point = a_point(kit)
    with writing() as s:
        shelving.expect(s, point, kit, 2, date(2026, 11, 26))
        shelving.expect(s, point, kit, 5, date(2026, 12, 3))
    one, two, three = waiting(point, kit, 2), waiting(point, kit, 2), waiting(point, kit, 3)
    assert one.order.ready_on == date(2026, 11, 26)
    assert two.order.ready_on == date(2026, 12, 3)
    assert three.order.ready_on == date(2026, 12, 3)
    assert waiting(point, kit, 1).order.ready_on is None
    received(point, kit, 3)
    with reading() as s:
        assert [(row.day, row.quantity) for row in s.scalars(select(Expected))] == [(date(2026, 12, 3), 4)]
    assert mine(two.code)[0].ready_on == date(2026, 12, 3)


def test_cancelling_gives_the_kits_to_who_waits_and_twice_changes_nothing() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 1)
    had, waits = ordered(point, kit), waiting(point, kit)
    assert cancelled(had.code, had.order).status == "cancelled"
    assert cancelled(had.code, had.order).status == "cancelled"
    assert mine(waits.code)[0].status == "reserved"
    assert outcomes() == {"ordered": 2, "cancelled": 1}
    assert shelf(point) == (1, 1)
    assert_the_ledger_agrees()


def test_a_moved_order_has_another_number_and_day_and_its_old_kits_are_free() -> None:
    kit = a_kit()
    one, two, empty = a_point(kit), a_point(kit, hold_days=5), a_point(kit)
    filled(one, kit, 2)
    filled(two, kit, 2)
    done = ordered(one, kit, 2, PHONE)
    new = moved(done.code, done.order, two)
    assert (new.point.id, new.collect_by, new.noun) == (two, date(2026, 11, 29), done.order.noun)
    assert (shelf(one), shelf(two)) == ((2, 0), (2, 2))
    assert messages(new) == {"ready": "waiting", "reminder": "waiting"}
    with pytest.raises(OutOfStock):
        moved(done.code, done.order, empty)
    assert shelf(two) == (2, 2)
    assert_the_ledger_agrees()


def test_another_womans_order_is_not_hers() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5)
    hers, other = ordered(point, kit), ordered(point, kit)
    for act in (cancelled, lambda code, order: moved(code, order, point)):
        with pytest.raises(Gone):
            act(other.code, hers.order)


def test_more_under_one_code_hangs_from_the_same_pass() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5)
    first = ordered(point, kit)
    again = ordered(point, kit, code=first.code)
    assert again.code is None
    assert len(mine(first.code)) == 2
    assert count(Pass) == 1
    with pytest.raises(CodeUnknown):
        ordered(point, kit, code="AAAAA AAAAA AAAAA")


def test_numbers_are_unique_among_live_orders_and_begin_anew_after_999() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 100)
    with writing() as s:
        s.execute(update(Point).where(Point.location_id == point).values(last_ticket=985))
    numbers = [ordered(point, kit).order.ticket for _ in range(20)]
    assert len(set(numbers)) == 20
    assert max(numbers) <= 999
    assert min(numbers) < 50
    steps = {(b - a) % 999 for a, b in pairwise(numbers)}
    assert steps <= {1, 2, 3}
    with writing() as s:
        s.execute(update(Point).where(Point.location_id == point).values(last_ticket=999 + numbers[0] - 1))
    again = [ordered(point, kit).order.ticket for _ in range(5)]
    assert not set(again) & set(numbers)


@pytest.mark.parametrize(("kind", "looks"), [("locker", r"\d{6}"), ("post", r"[А-ЯЁ][а-яё]+ \d\d"), ("clinic", None)])
def test_a_locker_gets_a_number_and_a_parcel_a_word_sealed_in_the_database(kind: str, looks: str | None) -> None:
    kit = a_kit()
    point = a_point(kit, kind=kind)
    filled(point, kit, 5)
    done = ordered(point, kit)
    word = mine(done.code)[0].word
    if looks is None:
        assert word is None
        return
    assert word is not None
    assert re.fullmatch(looks, word)
    with reading() as s:
        box = s.execute(select(KitOrder.word)).scalar_one()
        assert box is not None
        assert word.encode() not in box
        assert counter.order(s, now_there()[0], point_of(point), done.order.rid, clock.now()).word == word


def test_she_is_told_only_what_she_asked_for_and_in_her_cover() -> None:
    kit = a_kit()
    point = a_point(kit, hours="Mo-Su 09:00-23:00")
    filled(point, kit, 5)
    assert messages(ordered(point, kit).order) == {}
    done = ordered(point, kit, phone=PHONE)
    assert messages(done.order) == {"ready": "waiting", "reminder": "waiting"}
    with reading() as s:
        ready, reminder = outbox.of(s, telling.about(done.order.rid))
    assert ready.due_at == clock.now()
    assert ready.not_after == clock.at(date(2026, 11, 27), 23 * 60)
    assert reminder.due_at == clock.at(date(2026, 11, 26), 20 * 60 + 45)  # the evening before, inside the hours
    cancelled(done.code, done.order)
    assert set(messages(done.order).values()) == {"dropped"}
    asked = replace(wish(point, kit), remind=True)
    with pytest.raises(PhoneNeeded), writing() as s:
        orders.place(s, now_there()[0], asked, clock.now())


def test_who_waits_is_told_when_it_is_ready() -> None:
    kit = a_kit()
    point = a_point(kit)
    done = waiting(point, kit, phone=PHONE)
    assert messages(done.order) == {}
    received(point, kit, 1)
    assert messages(done.order) == {"ready": "waiting", "reminder": "waiting"}


def test_on_its_last_day_a_kit_is_still_given_and_set_aside_only_if_good_until_collected() -> None:
    kit = a_kit()
    point = a_point(kit, hold_days=1)
    filled(point, kit, 1, "TODAY", TODAY)
    with pytest.raises(OutOfStock):
        ordered(point, kit)
    with writing() as s:
        given = shelving.walk_in(s, now_there()[0], point_of(point), now_there()[1].kits[0], 1, ACTOR, clock.now())
    assert given.lots[0].lot == "TODAY"
    filled(point, kit, 1, "TOMORROW", date(2026, 11, 25))
    assert ordered(point, kit).order.collect_by == date(2026, 11, 25)


def test_not_collected_goes_to_the_next_at_midnight_and_never_blocks_her_next_order(evening: Traveller) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 1)
    lazy, next_one = ordered(point, kit, phone=PHONE), waiting(point, kit)
    evening.move_to(clock.at(date(2026, 11, 28), 0) - timedelta(seconds=1))
    seen_again(point)
    releasing.run(clock.now())
    assert mine(lazy.code)[0].status == "reserved"
    evening.shift(timedelta(seconds=1))
    releasing.run(clock.now())
    assert mine(lazy.code)[0].status == "released"
    assert set(messages(lazy.order).values()) == {"dropped"}
    served = mine(next_one.code)[0]
    assert (served.status, served.collect_by) == ("reserved", date(2026, 12, 1))
    received(point, kit, 1)
    assert ordered(point, kit, code=lazy.code).order.status == "reserved"
    assert outcomes() == {"ordered": 3, "released": 1}
    assert_the_ledger_agrees()


def test_an_order_is_forgotten_after_its_day_and_the_ledger_keeps_no_way_to_it(evening: Traveller) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 3)
    lazy, came = ordered(point, kit, phone=PHONE), ordered(point, kit)
    with writing() as s:
        counter.hand_over(s, now_there()[0], point_of(point), came.order.rid, ACTOR, clock.now())
    evening.shift(timedelta(minutes=6))
    releasing.run(clock.now())
    with reading() as s:
        assert s.execute(select(KitLine.entry_id).where(KitLine.entry_id.is_not(None))).all() == []
    evening.move_to(clock.at(date(2026, 11, 29), 0))
    releasing.run(clock.now())
    assert count(KitOrder) == 1
    assert mine(came.code)[0].handed_on == TODAY
    assert mine(lazy.code) == ()
    evening.move_to(clock.at(date(2026, 12, 16), 0))
    releasing.run(clock.now())
    forgetting.run(clock.now())
    assert (count(KitOrder), count(KitLine), count(Pass), count(Message)) == (0, 0, 0, 0)
    assert outcomes() == {"ordered": 2, "released": 1, "collected": 1}
    assert_the_ledger_agrees()


def test_a_pass_that_was_deleted_leaves_no_kit_set_aside_for_nobody() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 1)
    gone, waits = ordered(point, kit), waiting(point, kit)
    with writing() as s:
        passes.forget(s, passes.find(s, gone.code or ""))
    assert shelf(point) == (1, 1)
    releasing.run(clock.now())
    assert mine(waits.code)[0].status == "reserved"
    assert_the_ledger_agrees()


def received(point: int, kit: int, quantity: int) -> None:
    with writing() as s:
        cat, known = now_there()
        shelving.receive(s, cat, known.points[point], known.kit_by_id[kit], "L1", LONG, quantity, ACTOR, clock.now())


def seen_again(point: int) -> None:
    with writing() as s:
        counter.seen(s, point_of(point), clock.now())
