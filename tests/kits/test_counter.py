"""The counter: by number and letter, twice at once, undone in time, recalls, counts, deliveries, scans, case 16."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from time_machine import Traveller

from clinic import clock
from clinic.audit import Audit
from clinic.db import reading, writing
from clinic.kits import counter, releasing, scanning, serving, shelving, stock, telling
from clinic.kits.models import Entry, Lot, Outcome
from clinic.kits.refusals import (
    BadLotNumber,
    BadQuantity,
    LotDiffers,
    LotExpired,
    LotNotExpired,
    LotNotRecalled,
    LotRecalled,
    LotStopped,
    LotUnknown,
    NotEnough,
    NotUndoable,
    OrderChanged,
    OutOfStock,
    ReasonNeeded,
    TooMany,
    UndoOver,
)
from clinic.messaging import outbox
from tests.kits.shelf import (
    ACTOR,
    LONG,
    PHONE,
    TODAY,
    a_kit,
    a_point,
    assert_the_ledger_agrees,
    balances,
    filled,
    first_letter,
    kit_of,
    mine,
    now_there,
    ordered,
    point_of,
    shelf,
    waiting,
)

pytestmark = pytest.mark.usefixtures("evening", "app")


def lot_id(number: str = "L1") -> int:
    with reading() as s:
        return s.execute(select(Lot.id).where(Lot.number == number)).scalar_one()


def handed(point: int, rid: bytes, shown: tuple[int, ...] = ()) -> counter.Handed:
    with writing() as s:
        return counter.hand_over(s, now_there()[0], point_of(point), rid, ACTOR, clock.now(), shown)


def undone(point: int, rid: bytes) -> counter.CounterOrder:
    with writing() as s:
        return counter.undo_hand_over(s, now_there()[0], point_of(point), rid, ACTOR, clock.now())


def found(point: int, number: int, letter: str) -> counter.CounterOrder | None:
    with reading() as s:
        return counter.find(s, now_there()[0], point_of(point), number, letter, clock.now())


def recalled(number: str = "L1") -> serving.Recalled:
    with writing() as s:
        return serving.recall(s, now_there()[0], lot_id(number), ACTOR, clock.now())


def walked_in(point: int, kit: int, quantity: int = 1) -> shelving.WalkIn:
    with writing() as s:
        return shelving.walk_in(s, now_there()[0], point_of(point), kit_of(kit), quantity, ACTOR, clock.now())


def counted(point: int, number: str, n: int, reason: str = "counted again") -> int | None:
    with writing() as s:
        return shelving.count(s, now_there()[0], point_of(point), lot_id(number), n, reason, ACTOR, clock.now())


def written_off(point: int, number: str, kind: str, quantity: int) -> int:
    with writing() as s:
        return shelving.write_off(
            s, now_there()[0], point_of(point), lot_id(number), kind, quantity, ACTOR, clock.now()
        )


def taken_in(point: int, kit: int, lot: str, expires_on: date, quantity: int) -> int:
    with writing() as s:
        cat = now_there()[0]
        return shelving.receive(s, cat, point_of(point), kit_of(kit), lot, expires_on, quantity, ACTOR, clock.now())


def test_an_order_is_found_by_number_and_first_letter_alone() -> None:
    kit = a_kit()
    point, other = a_point(kit), a_point(kit)
    filled(point, kit, 5)
    order = ordered(point, kit, 2).order
    letter = first_letter(order)
    card = found(point, order.ticket, letter.upper())
    assert card is not None
    assert (card.rid, card.quantity, card.status, [lot.lot for lot in card.lots]) == (order.rid, 2, "reserved", ["L1"])
    assert found(point, order.ticket, "ь") is None
    assert found(point, order.ticket, "") is None
    assert found(point, order.ticket + 7, letter) is None
    assert found(other, order.ticket, letter) is None


def test_two_taps_hand_over_and_the_second_counter_is_told() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5)
    done = ordered(point, kit, 2, PHONE)
    gave = handed(point, done.order.rid)
    assert (gave.left, gave.left_reserved, gave.order.status) == (3, 0, "collected")
    with pytest.raises(OrderChanged) as late:
        handed(point, done.order.rid)
    assert late.value.current == "collected"
    assert shelf(point) == (3, 0)
    view = mine(done.code)[0]
    assert (view.status, view.handed_on, view.forget_on) == ("collected", TODAY, TODAY + timedelta(days=21))
    with reading() as s:
        assert {m.kind: m.state for m in outbox.of(s, telling.about(done.order.rid))}["reminder"] == "dropped"
        assert ("kit.handed_over", "A 2") in s.execute(select(Audit.verb, Audit.thing)).all()


def test_a_handover_is_undone_within_five_minutes_by_a_counter_entry(evening: Traveller) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 2)
    done = ordered(point, kit, 2, PHONE)
    handed(point, done.order.rid)
    evening.shift(timedelta(minutes=5))
    assert undone(point, done.order.rid).status == "reserved"
    assert shelf(point) == (2, 2)
    with reading() as s:
        again = [m.kind for m in outbox.of(s, telling.about(done.order.rid)) if m.state == "waiting"]
    assert again == [telling.REMINDER]  # taken back at the handover, put again by the undo
    with reading() as s:
        entries = s.execute(select(Entry.kind, Entry.reverses).order_by(Entry.id)).all()
    assert [row.kind for row in entries] == ["received", "reserved", "handed_over", "undone"]
    assert entries[-1].reverses is not None
    with pytest.raises(OrderChanged):
        undone(point, done.order.rid)
    handed(point, done.order.rid)
    evening.shift(timedelta(minutes=5, seconds=1))
    with pytest.raises(UndoOver):
        undone(point, done.order.rid)
    with reading() as s:
        assert dict(s.execute(select(Outcome.what, Outcome.n)).all())["collected"] == 2
    assert_the_ledger_agrees()


def test_a_recall_stops_at_once_and_serves_from_another_lot_or_the_front_of_the_line() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 4, "BAD", date(2027, 1, 1))
    filled(point, kit, 1, "GOOD")
    older, younger, rest = ordered(point, kit, 1, PHONE), ordered(point, kit, 2, PHONE), ordered(point, kit, 1)
    handed(point, rest.order.rid)
    line = waiting(point, kit, 3)
    assert line.order.status == "backordered"
    card = found(point, older.order.ticket, first_letter(older.order))
    assert card is not None
    assert recalled("BAD") == serving.Recalled(1, 1)
    with pytest.raises(LotStopped):
        handed(point, older.order.rid, card.holdings)  # the counter still holds the box of the recalled lot
    assert mine(older.code)[0].lots == ("GOOD",)
    waits = mine(younger.code)[0]
    assert (waits.status, waits.collect_by) == ("backordered", None)
    assert mine(rest.code)[0].recalled
    with reading() as s:
        assert {m.kind: m.state for m in outbox.of(s, telling.about(younger.order.rid))} == {
            "ready": "dropped", "reminder": "dropped", "delayed": "waiting",
        }  # fmt: skip
    with pytest.raises(OutOfStock):
        walked_in(point, kit)
    assert recalled("BAD") == serving.Recalled(0, 0)
    taken_in(point, kit, "NEW", LONG, 2)
    assert mine(younger.code)[0].status == "reserved"  # she stood before who came after her
    assert mine(line.code)[0].status == "backordered"
    handed(point, older.order.rid)
    assert_the_ledger_agrees()


def test_a_recall_past_the_counter_still_stops_the_handover_and_the_worker_serves_again() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 1, "BAD", date(2027, 1, 1))
    filled(point, kit, 1, "GOOD")
    done = ordered(point, kit)
    with writing() as s:
        stock.recall(s, lot_id("BAD"), ACTOR, clock.today())
    with pytest.raises(LotStopped) as stopped:
        handed(point, done.order.rid)
    assert stopped.value.lot == "BAD"
    with writing() as s:
        again = counter.serve_again(s, now_there()[0], point_of(point), done.order.rid, ACTOR, clock.now())
    assert [lot.lot for lot in again.lots] == ["GOOD"]
    handed(point, done.order.rid)


def test_case_16_what_expired_leaves_by_write_off_and_count_only(evening: Traveller) -> None:
    kit = a_kit()
    point, other = a_point(kit, hold_days=1), a_point(kit)
    filled(point, kit, 9, "OLD", date(2026, 11, 25))
    filled(point, kit, 1, "NEW", LONG)
    first, second = ordered(point, kit, 1, PHONE), ordered(point, kit, 3, PHONE)
    assert first.order.lots == ("OLD",)
    evening.move_to(clock.at(date(2026, 11, 26), 0) - timedelta(seconds=1))
    assert walked_in(point, kit).lots[0].lot == "OLD"  # on its last day it is still given
    evening.move_to(clock.at(date(2026, 11, 26), 0))
    for act in (
        lambda: walked_in(point, kit, 2),
        lambda: ordered(point, kit, 2),
        lambda: handed(point, first.order.rid),
        lambda: moved(point, other, "OLD", 1),
        lambda: taken_in(point, kit, "OLD", date(2026, 11, 25), 5),
    ):
        before = balances()
        with pytest.raises((OutOfStock, LotStopped, LotExpired)):
            act()
        assert balances() == before
    with writing() as s:
        rows = counter.day(s, now_there()[0], point_of(point), clock.now()).stock
    assert [(row.lot, row.state, row.free) for row in rows] == [("OLD", "expired", 0), ("NEW", "good", 1)]
    releasing.run(clock.now())
    assert {mine(one.code)[0].status for one in (first, second)} == {"released"}  # their last day was over as well
    counted(point, "OLD", 7)
    written_off(point, "OLD", "expired", 7)
    assert shelf(point) == (1, 0)
    assert_the_ledger_agrees()


def test_case_16_an_order_of_a_lot_that_expires_early_is_served_again_and_told(evening: Traveller) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 3, "OLD", date(2026, 12, 10))
    filled(point, kit, 1, "NEW", LONG)
    first, second = ordered(point, kit, 1, PHONE), ordered(point, kit, 2, PHONE)
    with writing() as s:
        s.execute(Lot.__table__.update().where(Lot.number == "OLD").values(expires_on=TODAY))  # type: ignore[attr-defined]
    evening.move_to(clock.at(date(2026, 11, 25), 10 * 60))
    releasing.run(clock.now())
    assert mine(first.code)[0].lots == ("NEW",)
    assert mine(second.code)[0].status == "backordered"
    with reading() as s:
        kinds = {m.kind for m in outbox.of(s, telling.about(second.order.rid)) if m.state == "waiting"}
    assert kinds == {"delayed"}
    assert_the_ledger_agrees()


def moved(point: int, to: int, number: str, quantity: int) -> None:
    with writing() as s:
        cat = now_there()[0]
        shelving.move(s, cat, point_of(point), point_of(to), lot_id(number), quantity, ACTOR, clock.now())


def test_moving_brings_free_kits_to_who_waits_elsewhere() -> None:
    kit = a_kit()
    one, two = a_point(kit), a_point(kit)
    filled(one, kit, 3)
    kept, waits = ordered(one, kit, 2), waiting(two, kit)
    with pytest.raises(NotEnough):
        moved(one, two, "L1", 2)
    moved(one, two, "L1", 1)
    assert (shelf(one), shelf(two)) == ((2, 2), (1, 1))
    assert mine(waits.code)[0].status == "reserved"
    assert mine(kept.code)[0].status == "reserved"
    assert_the_ledger_agrees()


def test_a_count_that_differs_needs_a_reason_and_never_breaks_a_promise_in_silence() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 5)
    older, younger = ordered(point, kit, 2), ordered(point, kit, 2, PHONE)
    assert counted(point, "L1", 5, "") is None
    with pytest.raises(ReasonNeeded):
        counted(point, "L1", 4, " ")
    counted(point, "L1", 3)
    assert (mine(older.code)[0].status, mine(younger.code)[0].status) == ("reserved", "backordered")
    assert shelf(point) == (3, 2)
    counted(point, "L1", 6)
    assert mine(younger.code)[0].status == "reserved"
    for wrong in (-1, 10_001):
        with pytest.raises(BadQuantity):
            counted(point, "L1", wrong)
    assert_the_ledger_agrees()


def test_write_offs_say_the_truth_and_undo_them() -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 3)
    done = ordered(point, kit, 2)
    with pytest.raises(LotNotExpired):
        written_off(point, "L1", "expired", 1)
    with pytest.raises(LotNotRecalled):
        written_off(point, "L1", "recalled", 1)
    with pytest.raises(NotEnough):
        written_off(point, "L1", "damaged", 4)
    with pytest.raises(BadQuantity):
        written_off(point, "L1", "damaged", 0)
    entry = written_off(point, "L1", "damaged", 2)
    assert mine(done.code)[0].status == "backordered"
    with writing() as s:
        shelving.undo(s, now_there()[0], point_of(point), entry, ACTOR, clock.now())
    assert mine(done.code)[0].status == "reserved"
    with pytest.raises(NotUndoable), writing() as s:
        shelving.undo(s, now_there()[0], point_of(point), entry, ACTOR, clock.now())
    assert_the_ledger_agrees()


def test_a_delivery_typed_wrong_is_undone_unless_it_has_left_again() -> None:
    kit = a_kit()
    point, other = a_point(kit), a_point(kit)
    entry = filled(point, kit, 10)
    walked_in(point, kit, 1)
    with pytest.raises(NotEnough), writing() as s:
        shelving.undo(s, now_there()[0], point_of(point), entry, ACTOR, clock.now())
    with pytest.raises(LotUnknown), writing() as s:
        shelving.undo(s, now_there()[0], point_of(other), entry, ACTOR, clock.now())
    more = filled(point, kit, 5)
    with writing() as s:
        shelving.undo(s, now_there()[0], point_of(point), more, ACTOR, clock.now())
    assert shelf(point) == (9, 0)


def test_who_walks_in_gets_what_nobody_ordered_and_it_is_undone_the_same_day(evening: Traveller) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 3)
    ordered(point, kit, 2)
    with pytest.raises(OutOfStock):
        walked_in(point, kit, 2)
    with pytest.raises(TooMany):
        walked_in(point, kit, 4)
    given = walked_in(point, kit, 1)
    with writing() as s:
        shelving.undo_walk_in(s, now_there()[0], point_of(point), given.entries, ACTOR, clock.now())
    assert shelf(point) == (3, 2)
    again = walked_in(point, kit, 1)
    evening.shift(timedelta(days=1))
    with pytest.raises(NotUndoable), writing() as s:
        shelving.undo_walk_in(s, now_there()[0], point_of(point), again.entries, ACTOR, clock.now())
    with reading() as s:
        assert dict(s.execute(select(Outcome.what, Outcome.n)).all())["walk_in"] == 1


@pytest.mark.parametrize(
    ("lot", "kept"),
    [(" or 24 17\u00a0", "OR2417"), ("or–2417", "OR-2417"), ("ＯＲ２４", "OR24"), ("a/b.c_1", "A/B.C_1")],
)
def test_a_lot_number_is_kept_as_its_box_has_it(lot: str, kept: str) -> None:
    assert stock.lot_number_of(lot) == kept


@pytest.mark.parametrize("lot", ["", "   ", "x" * 21, "лот 5", "A\x00B", "A\nB🙂"])
def test_a_lot_number_that_cannot_be_one_is_refused(lot: str) -> None:
    with pytest.raises(BadLotNumber):
        stock.lot_number_of(lot)


def test_a_delivery_that_cannot_be_true_is_refused_and_changes_nothing() -> None:
    kit = a_kit()
    point = a_point(kit)
    taken_in(point, kit, "OR 24", LONG, 5)
    taken_in(point, kit, "or24", LONG, 1)
    assert shelf(point) == (6, 0)
    with pytest.raises(LotDiffers) as differs:
        taken_in(point, kit, "OR24", LONG - timedelta(days=30), 5)
    assert differs.value.expires_on == LONG
    for wrong in (0, -5, 10_001):
        with pytest.raises(BadQuantity):
            taken_in(point, kit, "OR24", LONG, wrong)
    with pytest.raises(LotExpired):
        taken_in(point, kit, "OR23", TODAY - timedelta(days=1), 5)
    taken_in(point, kit, "TODAY", TODAY, 1)
    recalled("OR24")
    with pytest.raises(LotRecalled):
        taken_in(point, kit, "OR24", LONG, 5)
    assert shelf(point) == (7, 0)


def test_the_list_of_a_point_shows_numbers_letters_and_days_only() -> None:
    kit = a_kit()
    point = a_point(kit, hours="Mo-Su 09:00-23:00")
    filled(point, kit, 1)
    had, waits = ordered(point, kit), waiting(point, kit, 2)
    with reading() as s:
        page = counter.day(s, now_there()[0], point_of(point), clock.now())
    assert [(row.ticket, row.kit.letter, row.quantity, row.status) for row in page.waiting] == [
        (had.order.ticket, "A", 1, "reserved"),
        (waits.order.ticket, "A", 2, "backordered"),
    ]
    assert page.waiting[0].until == clock.at(date(2026, 11, 27), 23 * 60)
    assert page.waiting[1].until is None
    filled(point, kit, 1)
    with reading() as s:
        assert counter.day(s, now_there()[0], point_of(point), clock.now()).version > page.version


GTIN = "07612345678900"
SCANS = [
    f"(01){GTIN}(17)270331(10)OR-2417",
    f"(10)OR-2417 (17)270331 (01){GTIN}",
    f"01{GTIN}1727033110OR-2417",
    f"01{GTIN}10OR-2417\x1d17270331",
    f"]d201{GTIN}10OR-2417<GS>17270331",
    f"]C1\x1d01{GTIN}1727033121SN5\x1d10OR-2417\r\n",
    f"01{GTIN}112503311727030010OR-2417",
]


@pytest.mark.parametrize("text", SCANS)
def test_a_scan_is_understood_however_the_scanner_writes_it(text: str) -> None:
    assert scanning.scan(text) == scanning.Scan(GTIN, "OR-2417", date(2027, 3, 31))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \x1d ", "empty"),
        ("OR-2417", "unknown"),
        ("https://example.kz/q", "unknown"),
        (f"01{GTIN[:-1]}", "cut"),
        (f"01{GTIN}172703", "cut"),
        (f"01{GTIN}1727033110", "cut"),
        (f"(01){GTIN}(17)2703", "cut"),
        (f"(01){GTIN}(17)270331(10", "cut"),
        (f"(01){GTIN}(17)270331(10)", "cut"),
        (f"01{GTIN}", "missing"),
        (f"(01){GTIN}(10)OR-2417", "missing"),
        (f"(01){GTIN[:-1]}1(17)270331(10)A", "check"),
        (f"(01){GTIN}(17)271331(10)A", "date"),
        (f"(01){GTIN}(17)270331(10)лот", "lot"),
        ("0" * 300, "unknown"),
    ],
)
def test_a_scan_that_was_cut_off_or_is_none_gets_a_sentence(text: str, kind: str) -> None:
    with pytest.raises(scanning.ScanUnreadable) as refused:
        scanning.scan(text)
    assert refused.value.kind == kind
    assert str(refused.value.message).endswith(".")


@pytest.mark.parametrize("n", range(1, len(SCANS[2])))
def test_no_cut_scan_is_taken_for_a_whole_one(n: int) -> None:
    cut = SCANS[2][:n]
    try:
        found_there = scanning.scan(cut)
    except scanning.ScanUnreadable:
        return
    assert cut.startswith(f"01{GTIN}1727033110OR-2417"[: len(cut)])
    assert found_there.expires_on == date(2027, 3, 31)  # a lot has no length: only its end can go unseen
    assert "OR-2417".startswith(found_there.lot)
