"""One of several processes that drain the same shelves: `python -m tests.kits.draining < plan.json`.

Fifteen threads order, cancel, move, hand over and undo at once; what came of it is written as JSON. With
`plan["die"]` the process kills itself after it has set kits aside and before the message is put.
"""

import json
import os
import random
import signal
import sys
import threading
from collections import Counter
from datetime import datetime
from typing import Any

from flask import Flask

from clinic import clock, create_app
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.kits import counter, orders, telling
from clinic.kits.catalogue import kits
from clinic.kits.refusals import Gone, LotStopped, OrderChanged, OutOfStock, UndoOver
from clinic.passes import passes

THREADS = 15


def main() -> None:
    plan = json.load(sys.stdin)
    now = datetime.fromisoformat(plan["now"])
    clock._source = lambda: now
    app = create_app(plan["environ"])
    if plan.get("die"):
        die_before_the_message(app, plan)
    ready = threading.Barrier(THREADS)
    clients = [Client(app, plan, n, ready) for n in range(THREADS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    total: Counter[str] = sum((client.seen for client in clients), Counter())
    errors = [error for client in clients for error in client.errors]
    print(json.dumps({"seen": total, "errors": errors}), flush=True)


def request(app: Flask, plan: dict[str, Any], quantity: int, phone: str | None) -> tuple[Any, orders.Request]:
    with reading() as s:
        cat = catalogue.current(s)
        known = kits(s, cat)
    kit, point = known.kit_by_id[plan["kit"]], known.points[plan["points"][0]]
    asked = phone is not None
    return cat, orders.Request(kit, quantity, point, "ru", "parcel", phone, asked, asked, None)


def die_before_the_message(app: Flask, plan: dict[str, Any]) -> None:
    """Order with a phone; the kits are set aside, then the process is killed."""

    def die(*_args: object) -> None:
        print("killed", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    vars(telling)["ready"] = die
    with app.app_context():
        cat, wanted = request(app, plan, 2, "+77010000001")
        with writing() as s:
            orders.place(s, cat, wanted, clock.now())


class Client(threading.Thread):
    def __init__(self, app: Flask, plan: dict[str, Any], n: int, ready: threading.Barrier) -> None:
        super().__init__()
        self.app, self.plan, self.ready = app, plan, ready
        self.chance = random.Random(plan["seed"] * 100 + n)
        self.seen: Counter[str] = Counter()
        self.errors: list[str] = []

    def run(self) -> None:
        self.ready.wait()
        with self.app.app_context():
            for _ in range(self.plan["attempts"]):
                try:
                    self.attempt()
                except Exception as error:
                    self.errors.append(f"{type(error).__name__}: {error}")

    def attempt(self) -> None:
        quantity = self.chance.randint(1, 3)
        cat, wanted = request(self.app, self.plan, quantity, None)
        try:
            with writing() as s:
                done = orders.place(s, cat, wanted, clock.now())
        except OutOfStock:
            self.seen["out of stock"] += 1
            return
        self.seen["ordered"] += 1
        self.seen["kits ordered"] += quantity
        what = self.chance.random()
        try:
            if what < 0.3:
                self.cancel(cat, done)
            elif what < 0.5:
                self.move(cat, done)
            elif what < 0.8:
                self.hand_over(cat, done, wanted)
        except (Gone, OutOfStock, OrderChanged, LotStopped, UndoOver) as refusal:
            self.seen[type(refusal).__name__] += 1

    def cancel(self, cat: Any, done: orders.Ordered) -> None:
        with writing() as s:
            orders.cancel(s, cat, passes.find(s, done.code or ""), done.order.rid, clock.now())
        self.seen["cancelled"] += 1

    def move(self, cat: Any, done: orders.Ordered) -> None:
        with reading() as s:
            other = kits(s, cat).points[self.chance.choice(self.plan["points"])]
        with writing() as s:
            orders.move_to(s, cat, passes.find(s, done.code or ""), done.order.rid, other, clock.now())
        self.seen["moved"] += 1

    def hand_over(self, cat: Any, done: orders.Ordered, wanted: orders.Request) -> None:
        with writing() as s:
            counter.hand_over(s, cat, wanted.point, done.order.rid, "keeper", clock.now())
        self.seen["kits given"] += wanted.quantity
        if self.chance.random() < 0.2:
            with writing() as s:
                counter.undo_hand_over(s, cat, wanted.point, done.order.rid, "keeper", clock.now())
            self.seen["kits given"] -= wanted.quantity
            self.seen["undone"] += 1


if __name__ == "__main__":
    main()
