"""Random sequences of all moves of stock against a simple model: balances, ledger and promises always agree."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select
from time_machine import Traveller

from clinic import clock
from clinic.db import Base, db, reading, writing
from clinic.directory import catalogue
from clinic.kits import counter, ledger, orders, releasing, serving, shelving
from clinic.kits.ledger import HOLDING, LOT
from clinic.kits.models import Entry, KitOrder, Lot
from clinic.kits.refusals import LotExpired, LotNotExpired, LotRecalled, LotStopped, NotEnough, OrderChanged, OutOfStock
from clinic.passes import passes
from tests.kits.shelf import ACTOR, TODAY, a_kit, a_point, assert_the_ledger_agrees, now_there, wish

LOTS = {"SHORT": 2, "MIDDLE": 9, "LONG": 400}  # days from the first one to the last of each
POINTS = 2
LAST_DAYS = 3


@dataclass
class Wanted:
    """An order as the model knows it: which kits it has, or since when it waits."""

    code: str
    rid: bytes
    point: int
    n: int
    status: str
    has: dict[str, int] = field(default_factory=dict)
    last: date | None = None


class Shelves(RuleBasedStateMachine):
    """Two points, three lots of one kit, any order of deeds; the model is a table of numbers and a list."""

    traveller: Traveller

    @initialize()
    def begin(self) -> None:
        with db.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in ("catalogue", "audit"):
                    connection.execute(delete(table))
        with writing() as s:
            catalogue.changed(s)
        self.traveller.move_to(clock.at(TODAY, 12 * 60))
        self.kit = a_kit()
        self.points = [a_point(self.kit, hold_days=LAST_DAYS, seen=TODAY + timedelta(days=90)) for _ in range(POINTS)]
        self.held = {(point, lot): 0 for point in self.points for lot in LOTS}
        self.recalled: set[str] = set()
        self.orders: list[Wanted] = []
        self.handed: list[Wanted] = []

    # the model

    def last_of(self, lot: str) -> date:
        return TODAY + timedelta(days=LOTS[lot])

    def taken(self, point: int, lot: str) -> int:
        return sum(one.has.get(lot, 0) for one in self.live(point) if one.status == "reserved")

    def live(self, point: int) -> list[Wanted]:
        return [one for one in self.orders if one.point == point]

    def pick(self, point: int, n: int, good_until: date) -> dict[str, int] | None:
        found: dict[str, int] = {}
        for lot in LOTS:  # in the order of their last days
            if lot not in self.recalled and self.last_of(lot) >= good_until:
                some = min(n, self.held[point, lot] - self.taken(point, lot))
                if some > 0:
                    found[lot], n = some, n - some
        return found if n == 0 else None

    def serve(self, point: int) -> None:
        """The line: the oldest first, until the first who can't be served."""
        for one in [one for one in self.live(point) if one.status == "backordered"]:
            last = clock.today() + timedelta(days=LAST_DAYS)
            found = self.pick(point, one.n, last)
            if found is None:
                return
            one.status, one.has, one.last = "reserved", found, last

    def lose(self, point: int, lot: str, keep: int) -> list[Wanted]:
        """Orders that must give up a lot, the youngest first."""
        mine = [one for one in self.live(point) if one.status == "reserved" and lot in one.has]
        gone = []
        for one in sorted(mine, key=lambda one: (one.last, self.ticket(one)), reverse=True):
            if self.taken(point, lot) <= keep:
                break
            one.has = {}
            gone.append(one)
        return gone

    def settle(self, point: int, gone: list[Wanted]) -> None:
        waiting = []
        for one in sorted(gone, key=lambda one: (one.last, self.ticket(one))):
            found = self.pick(point, one.n, one.last or TODAY)
            if found is None:
                waiting.append(one)
            else:
                one.has = found
        for one in waiting:
            one.status, one.last = "backordered", None
        others = [one for one in self.orders if one not in waiting]
        self.orders = waiting + others  # they stand before all who wait
        self.serve(point)

    def ticket(self, one: Wanted) -> int:
        with reading() as s:
            return s.execute(select(KitOrder.ticket).where(KitOrder.rid == one.rid)).scalar_one()

    def act(self, deed: Callable[[Any, Any, Any], Any]) -> Any:
        cat, known = now_there()
        with writing() as s:
            return deed(s, cat, known)

    def lot_id(self, lot: str) -> int | None:
        with reading() as s:
            return s.execute(select(Lot.id).where(Lot.number == lot)).scalar_one_or_none()

    # the deeds

    points_ = st.integers(0, POINTS - 1)
    lots_ = st.sampled_from(sorted(LOTS))

    @rule(p=points_, lot=lots_, n=st.integers(1, 4))
    def receive(self, p: int, lot: str, n: int) -> None:
        point = self.points[p]
        refused = self.last_of(lot) < clock.today() or (lot in self.recalled and self.lot_id(lot) is not None)
        try:
            self.act(
                lambda s, cat, known: shelving.receive(
                    s,
                    cat,
                    known.points[point],
                    known.kit_by_id[self.kit],
                    lot,
                    self.last_of(lot),
                    n,
                    ACTOR,
                    clock.now(),
                )
            )
        except (LotExpired, LotRecalled):
            assert refused
            return
        assert not refused
        self.held[point, lot] += n
        self.serve(point)

    @rule(p=points_, n=st.integers(1, 3), waits=st.booleans())
    def order(self, p: int, n: int, waits: bool) -> None:
        point = self.points[p]
        last = clock.today() + timedelta(days=LAST_DAYS)
        line = any(one.status == "backordered" for one in self.live(point))
        found = None if line else self.pick(point, n, last)
        place = orders.wait if waits else orders.place
        try:
            done = self.act(lambda s, cat, known: place(s, cat, wish(point, self.kit, n), clock.now()))
        except OutOfStock:
            assert found is None
            assert not waits
            return
        assert waits or found is not None
        status = "reserved" if found else "backordered"
        assert done.order.status == status
        self.orders.append(Wanted(done.code, done.order.rid, point, n, status, found or {}, last if found else None))

    @rule(p=points_)
    def line_up(self, p: int) -> None:
        """One who wants many before one who wants little: where a line is not strict it shows."""
        self.order(p, 3, True)
        self.order(p, 1, True)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.orders:
            one = data.draw(st.sampled_from(self.orders))
            self.act(lambda s, cat, known: orders.cancel(s, cat, passes.find(s, one.code), one.rid, clock.now()))
            self.orders.remove(one)
            if one.status == "reserved":
                self.serve(one.point)

    @rule(data=st.data(), p=points_)
    def move_order(self, data: st.DataObject, p: int) -> None:
        if not self.orders:
            return
        one, point = data.draw(st.sampled_from(self.orders)), self.points[p]
        last = clock.today() + timedelta(days=LAST_DAYS)
        line = any(other.status == "backordered" for other in self.live(point))
        found = None if line else self.pick(point, one.n, last)
        try:
            self.act(
                lambda s, cat, known: orders.move_to(
                    s, cat, passes.find(s, one.code), one.rid, known.points[point], clock.now()
                )
            )
        except OutOfStock:
            assert found is None
            return
        if one.point == point:
            return
        assert found is not None
        was, one.point = (one.point, one.status), point
        one.status, one.has, one.last = "reserved", found, last
        if was[1] == "reserved":
            self.serve(was[0])

    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        if not self.orders:
            return
        one = data.draw(st.sampled_from(self.orders))
        good = all(lot not in self.recalled and self.last_of(lot) >= clock.today() for lot in one.has)
        try:
            self.act(
                lambda s, cat, known: counter.hand_over(s, cat, known.points[one.point], one.rid, ACTOR, clock.now())
            )
        except OrderChanged:
            assert one.status == "backordered"
            return
        except LotStopped:
            assert not good
            return
        assert good
        for lot, n in one.has.items():
            self.held[one.point, lot] -= n
        self.orders.remove(one)
        self.handed = [one]  # only the last one can still be undone: time may have passed for others

    @rule()
    def undo_hand_over(self) -> None:
        for one in self.handed:
            rid, point = one.rid, one.point
            self.act(
                lambda s, cat, known, rid=rid, point=point: counter.undo_hand_over(  # type: ignore[misc]
                    s, cat, known.points[point], rid, ACTOR, clock.now()
                )
            )
            for lot, n in one.has.items():
                self.held[one.point, lot] += n
            self.orders.append(one)
            for lot in list(LOTS):
                if lot in one.has and (lot in self.recalled or self.last_of(lot) < clock.today()):
                    self.settle(one.point, self.lose(one.point, lot, 0))
        self.handed = []

    @rule(p=points_, n=st.integers(1, 3))
    def walk_in(self, p: int, n: int) -> None:
        point = self.points[p]
        found = self.pick(point, n, clock.today())
        try:
            self.act(
                lambda s, cat, known: shelving.walk_in(
                    s, cat, known.points[point], known.kit_by_id[self.kit], n, ACTOR, clock.now()
                )
            )
        except OutOfStock:
            assert found is None
            return
        assert found is not None
        for lot, some in found.items():
            self.held[point, lot] -= some

    @rule(p=points_, lot=lots_, n=st.integers(1, 3), kind=st.sampled_from(("expired", "damaged")))
    def write_off(self, p: int, lot: str, n: int, kind: str) -> None:
        point, id_ = self.points[p], self.lot_id(lot)
        if id_ is None or not self.known_here(point, id_):
            return
        expired = self.last_of(lot) < clock.today()
        try:
            self.act(
                lambda s, cat, known: shelving.write_off(s, cat, known.points[point], id_, kind, n, ACTOR, clock.now())
            )
        except NotEnough:
            assert n > self.held[point, lot]
            return
        except LotNotExpired:
            assert kind == "expired"
            assert not expired
            return
        gone = self.lose(point, lot, self.held[point, lot] - n)
        self.held[point, lot] -= n
        if gone:
            self.settle(point, gone)

    @rule(p=points_, lot=lots_, n=st.integers(0, 5))
    def count(self, p: int, lot: str, n: int) -> None:
        point, id_ = self.points[p], self.lot_id(lot)
        if id_ is None or not self.known_here(point, id_):
            return
        self.act(
            lambda s, cat, known: shelving.count(s, cat, known.points[point], id_, n, "counted", ACTOR, clock.now())
        )
        gone = self.lose(point, lot, n)
        self.held[point, lot] = n
        if gone:
            self.settle(point, gone)
        self.serve(point)

    @rule(p=points_, lot=lots_, n=st.integers(1, 3))
    def move_stock(self, p: int, lot: str, n: int) -> None:
        point, to, id_ = self.points[p], self.points[1 - p], self.lot_id(lot)
        if id_ is None or not self.known_here(point, id_):
            return
        free = self.held[point, lot] - self.taken(point, lot)
        try:
            self.act(
                lambda s, cat, known: shelving.move(
                    s, cat, known.points[point], known.points[to], id_, n, ACTOR, clock.now()
                )
            )
        except (NotEnough, LotExpired, LotRecalled):
            assert n > free or lot in self.recalled or self.last_of(lot) < clock.today()
            return
        assert n <= free
        self.held[point, lot] -= n
        self.held[to, lot] += n
        self.serve(to)

    @rule(lot=st.sampled_from(("SHORT", "MIDDLE")))
    def recall(self, lot: str) -> None:
        id_ = self.lot_id(lot)
        if id_ is None:
            return
        self.act(lambda s, cat, known: serving.recall(s, cat, id_, ACTOR, clock.now()))
        self.recalled.add(lot)
        for point in self.points:
            if self.known_here(point, id_):
                self.settle(point, self.lose(point, lot, 0))

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        with reading() as s:
            undoable = s.execute(
                select(Entry.id, Entry.holding_id, Entry.d_on_hand).where(
                    Entry.kind.in_(("received", "damaged")),
                    Entry.id.not_in(select(Entry.reverses).where(Entry.reverses.is_not(None))),
                )
            ).all()
            where = {row.id: (row.point_id, row.number) for row in s.execute(_WHERE)}
        if not undoable:
            return
        entry = data.draw(st.sampled_from(undoable))
        point, lot = where[entry.holding_id]
        too_much = self.held[point, lot] - entry.d_on_hand < self.taken(point, lot)
        try:
            self.act(lambda s, cat, known: shelving.undo(s, cat, known.points[point], entry.id, ACTOR, clock.now()))
        except NotEnough:
            assert too_much
            return
        assert not too_much
        self.held[point, lot] -= entry.d_on_hand
        self.serve(point)

    @rule(days=st.integers(1, 4))
    def midnight(self, days: int) -> None:
        self.traveller.shift(timedelta(days=days))
        self.handed = []
        releasing.run(clock.now())
        today = clock.today()
        for point in sorted(self.points):
            late = [one for one in self.live(point) if one.last is not None and one.last < today]
            self.orders = [one for one in self.orders if one not in late]
            if late:
                self.serve(point)
        for point in sorted(self.points):
            for lot in LOTS:
                if self.last_of(lot) < today or lot in self.recalled:
                    gone = self.lose(point, lot, 0)
                    if gone:
                        self.settle(point, gone)
        for point in self.points:
            self.serve(point)
        with reading() as s:
            left = set(s.scalars(select(KitOrder.rid)))
        self.orders = [one for one in self.orders if one.rid in left]  # who waited for thirty days is forgotten

    def known_here(self, point: int, lot_id: int) -> bool:
        with reading() as s:
            return any(held.lot_id == lot_id for held in ledger.at_point(s, point))

    # what must always hold

    @invariant()
    def database_and_model_agree(self) -> None:
        if not hasattr(self, "held"):
            return
        with reading() as s:
            there = {(row.point_id, row.number): (row.on_hand, row.reserved) for row in s.execute(_WHERE)}
            rows = s.execute(select(KitOrder.rid, KitOrder.status).where(KitOrder.status.in_(orders.LIVE))).all()
        wanted = {key: (n, self.taken(*key)) for key, n in self.held.items()}
        assert {key: both for key, both in there.items() if both != (0, 0)} == {
            key: both for key, both in wanted.items() if both != (0, 0)
        }
        assert {row.rid: row.status for row in rows} == {one.rid: one.status for one in self.orders}
        assert_the_ledger_agrees()


_WHERE = select(HOLDING.c.id, HOLDING.c.point_id, LOT.c.number, HOLDING.c.on_hand, HOLDING.c.reserved).join(
    LOT, LOT.c.id == HOLDING.c.lot_id
)


def test_any_sequence_of_deeds_agrees_with_the_model(app: Flask, evening: Traveller) -> None:
    Shelves.traveller = evening
    run_state_machine_as_test(
        Shelves,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
