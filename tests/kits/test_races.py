"""Sixty clients drain shelves, counters hand over the same order at once, a process is killed in between."""

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from clinic import clock
from clinic.booking import stopping
from clinic.db import reading, writing
from clinic.kits import counter, ledger, pausing, releasing, stock
from clinic.kits.ledger import HOLDING
from clinic.kits.models import Entry, KitLine, KitOrder
from clinic.kits.refusals import OrderChanged
from clinic.messaging.models import Message
from clinic.passes.models import Pass
from tests.conftest import EVENING
from tests.kits.draining import THREADS
from tests.kits.shelf import (
    LONG,
    a_kit,
    a_point,
    assert_the_ledger_agrees,
    filled,
    now_there,
    ordered,
    point_of,
    shelf,
    waiting,
)

pytestmark = pytest.mark.usefixtures("evening")
PROCESSES = 4
ATTEMPTS = 5  # of each of the sixty
KITS = 160


def plan(app: Flask, kit: int, *points: int, **more: Any) -> dict[str, Any]:
    return {
        "environ": app.config["KESHKI_ENVIRON"], "now": EVENING.isoformat(), "kit": kit, "points": points,
        "attempts": ATTEMPTS, **more,
    }  # fmt: skip


def started(planned: dict[str, Any]) -> subprocess.Popen[str]:
    runner = subprocess.Popen(
        [sys.executable, "-m", "tests.kits.draining"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert runner.stdin
    runner.stdin.write(json.dumps(planned))
    runner.stdin.close()
    return runner


def ended(runner: subprocess.Popen[str]) -> str:
    assert runner.stdout
    said = runner.stdout.read()
    runner.wait()
    runner.stdout.close()
    return said


def test_sixty_clients_never_promise_a_kit_twice_nor_lose_one(app_on: Flask) -> None:
    assert PROCESSES * THREADS == 60
    kit = a_kit()
    drained, other = a_point(kit), a_point(kit)
    for n in range(4):
        filled(drained, kit, KITS // 4, f"L{n}", LONG.replace(day=1 + n))
    filled(other, kit, 30, "ELSEWHERE")
    runners = [started(plan(app_on, kit, drained, other, seed=seed)) for seed in range(PROCESSES)]
    seen, errors = Counter[str](), list[str]()
    for runner in runners:
        said = json.loads(ended(runner).splitlines()[-1])
        seen.update(said["seen"])
        errors += said["errors"]
    print(dict(seen))
    assert errors == []
    assert seen["ordered"] + seen["out of stock"] == 60 * ATTEMPTS
    assert min(seen["out of stock"], seen["cancelled"], seen["moved"], seen["kits given"], seen["undone"]) > 0
    with reading() as s:
        in_orders = dict(
            s.execute(
                select(KitOrder.status, func.sum(KitLine.quantity))
                .join(KitLine, KitLine.order_id == KitOrder.rid)
                .group_by(KitOrder.status)
            ).all()
        )
        assert s.execute(select(func.min(HOLDING.c.on_hand - HOLDING.c.reserved))).scalar_one() >= 0
        numbers = s.execute(
            select(KitOrder.point_id, KitOrder.ticket).where(KitOrder.status.in_(("reserved", "backordered")))
        ).all()
    (here, here_reserved), (there, there_reserved) = shelf(drained), shelf(other)
    assert in_orders["collected"] == seen["kits given"]
    assert here + there == KITS + 30 - seen["kits given"]
    assert here_reserved + there_reserved == in_orders["reserved"]
    assert len(set(numbers)) == len(numbers)
    assert_the_ledger_agrees()


def test_two_counters_hand_over_the_same_order_at_once_and_one_succeeds(app_on: Flask) -> None:
    kit = a_kit()
    point_id = a_point(kit)
    filled(point_id, kit, 30)
    point, cat = point_of(point_id), now_there()[0]
    for _ in range(10):
        order = ordered(point_id, kit, 3).order
        ready, outcomes = threading.Barrier(2), list[str]()

        def hand_over(rid: bytes = order.rid, ready: threading.Barrier = ready, said: list[str] = outcomes) -> None:
            with app_on.app_context():
                ready.wait()
                try:
                    with writing() as s:
                        counter.hand_over(s, cat, point, rid, "keeper", EVENING)
                    said.append("given")
                except OrderChanged as changed:
                    said.append(changed.current)

        counters = [threading.Thread(target=hand_over) for _ in range(2)]
        for one in counters:
            one.start()
        for one in counters:
            one.join()
        assert sorted(outcomes) == ["collected", "given"]
    assert shelf(point_id) == (0, 0)
    assert_the_ledger_agrees()


def test_killed_between_reservation_and_message_nothing_is_set_aside_and_nothing_is_stuck(app_on: Flask) -> None:
    kit = a_kit()
    point = a_point(kit)
    filled(point, kit, 2)
    runner = started(plan(app_on, kit, point, die=True))
    assert ended(runner) == "killed\n"
    assert runner.returncode == -signal.SIGKILL
    with reading() as s:
        for model in (KitOrder, KitLine, Pass, Message):
            assert s.execute(select(func.count()).select_from(model)).scalar_one() == 0
        assert s.execute(select(Entry.kind)).scalars().all() == ["received"]
    assert shelf(point) == (2, 0)
    assert ordered(point, kit, 2, "+77010000001").order.status == "reserved"
    assert waiting(point, kit).order.status == "backordered"
    assert clock.now() == EVENING
    assert_the_ledger_agrees()


def test_an_order_that_is_being_served_is_not_forgotten_at_that_moment(pg_app: Flask) -> None:
    """Deleted by its key alone, it would go once the other transaction is over, and its kits would stay set aside."""
    kit = a_kit()
    point = a_point(kit)
    rid = waiting(point, kit).order.rid
    later = EVENING + timedelta(days=100)
    with writing() as s:
        s.execute(update(KitOrder).where(KitOrder.rid == rid).values(status="reserved"))
        forgets = threading.Thread(target=in_app, args=(pg_app, lambda: releasing.forget(later)))
        forgets.start()
        forgets.join()  # it waits for nobody
    with reading() as s:
        assert s.scalars(select(KitOrder.rid)).all() == [rid]


def in_app(app: Flask, act: Callable[[], object]) -> None:
    with app.app_context():
        act()


def test_a_stop_and_a_delivery_of_a_new_kind_at_the_same_moment_both_go_through(pg_app: Flask) -> None:
    """Both change what the lists show; neither may die of waiting for the other, the Stop least of all."""
    point_id, new = a_point(a_kit()), a_kit(2)
    point = point_of(point_id)
    holds, stopping_now, errors = threading.Event(), threading.Event(), list[BaseException]()

    def deliver() -> None:
        with writing() as s:
            ledger.lock(s, point_id)
            holds.set()
            stopping_now.wait(30)
            stock.receive(s, point_id, new, "NEW", LONG, 5, "keeper", EVENING.date())

    def stop() -> None:
        holds.wait(30)
        with writing() as s:
            stopping.stop(s, point.location, "keeper", EVENING)
            stopping_now.set()
            pausing.pause(s, point, EVENING)

    def guarded(act: Callable[[], None]) -> None:
        with pg_app.app_context():
            try:
                act()
            except BaseException as error:
                errors.append(error)
                raise

    both = [threading.Thread(target=guarded, args=(act,)) for act in (deliver, stop)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert errors == []
    assert shelf(point_id) == (5, 0)
    cat, kits = now_there()
    assert cat.locations[point_id].stopped_at is not None
    assert new in kits.points[point_id].kits
