"""One of several processes that race for the same times: `python -m tests.booking.racing < plan.json`.

Eight threads book, move, cancel and close at once; what came of it is written as JSON. The time is the
plan's, so that all processes agree on it.
"""

import json
import random
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from clinic import clock, create_app
from clinic.booking import appointments, book, reshape
from clinic.booking.refusals import Gone, NotASlot, SlotTaken
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.passes import passes

THREADS = 8
HALF_HOUR = timedelta(minutes=30)


def main() -> None:
    plan = json.load(sys.stdin)
    now = datetime.fromisoformat(plan["now"])
    clock._source = lambda: now
    app = create_app(plan["environ"])
    ready = threading.Barrier(THREADS)
    racers = [Racer(app, plan, n, ready) for n in range(THREADS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    total: Counter[str] = sum((racer.seen for racer in racers), Counter())
    print(json.dumps({"seen": total, "errors": [error for racer in racers for error in racer.errors]}), flush=True)


class Racer(threading.Thread):
    def __init__(self, app: Flask, plan: dict[str, Any], n: int, ready: threading.Barrier) -> None:
        super().__init__()
        self.app, self.plan, self.ready = app, plan, ready
        self.chance = random.Random(plan["seed"] * 100 + n)
        self.closes = n == 0
        self.seen: Counter[str] = Counter()
        self.errors: list[str] = []

    def run(self) -> None:
        # all racers of all processes go through the same starts in the same order
        same = random.Random(1)
        self.ready.wait()
        with self.app.app_context():
            for n in range(self.plan["attempts"]):
                start = datetime.fromisoformat(same.choice(self.plan["starts"])).astimezone(UTC)
                try:
                    if self.closes and n % 12 == 6:
                        self.shut(start)
                    self.attempt(start)
                except Exception as error:
                    self.errors.append(f"{type(error).__name__}: {error}")

    def attempt(self, start: datetime) -> None:
        now = clock.now()
        with reading() as s:
            cat = catalogue.current(s)
        services = frozenset(self.chance.choice(self.plan["services"]))
        place = cat.locations[self.plan["location"]]
        request = book.Request(place, services, start, "kk", "plain", None, None, False, None)
        self.seen["attempts"] += 1
        try:
            with writing() as s:
                booked = book.confirm(s, cat, request, now)
        except (SlotTaken, NotASlot) as refusal:
            self.seen[type(refusal).__name__] += 1
            if len(refusal.alternatives) != 3:
                self.errors.append(f"refusal with {len(refusal.alternatives)} alternatives")
            return
        self.seen["won"] += 1
        if self.chance.random() < 0.3:
            self.change(cat, booked, start)

    def change(self, cat: catalogue.Catalogue, booked: book.Booked, start: datetime) -> None:
        now, rid = clock.now(), booked.appointment.rid
        to = start + self.chance.choice((-4, -1, 1, 2, 48)) * HALF_HOUR
        try:
            with writing() as s:
                mine = passes.find(s, booked.code or "")
                if self.chance.random() < 0.5:
                    appointments.move(s, cat, mine, rid, to, now)
                    self.seen["moved"] += 1
                else:
                    appointments.cancel(s, cat, mine, rid, now)
                    self.seen["cancelled"] += 1
        except (SlotTaken, NotASlot) as refusal:
            self.seen["move refused"] += 1
            if len(refusal.alternatives) != 3:
                self.errors.append(f"move refused with {len(refusal.alternatives)} alternatives")
        except Gone:
            self.seen["move refused"] += 1

    def shut(self, start: datetime) -> None:
        now = clock.now()
        with reading() as s:
            cat = catalogue.current(s)
            room = self.chance.choice(cat.locations[self.plan["location"]].rooms)
            wanted = reshape.Shut(self.plan["location"], room.id, start, start + HALF_HOUR, Text3())
            touched = reshape.preview(s, cat, wanted, now)
        while True:
            how = (reshape.MOVE, reshape.STOP)
            answers = {one.row.rid: self.chance.choice(how) for one in touched}
            try:
                with writing() as s:
                    done = reshape.close(s, cat, wanted, answers, "clerk", now)
            except reshape.MoreTouched as more:
                self.seen["more touched"] += 1
                touched = more.touched
                continue
            self.seen["closures"] += 1
            self.seen["moved by closures"] += len(done.moved)
            self.seen["stopped by closures"] += len(done.stopped)
            return


if __name__ == "__main__":
    main()
