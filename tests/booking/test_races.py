"""Two processes of eight threads race for the same and for overlapping times, several rooms, against closures."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.booking.models import Appointment, Cell
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure
from tests.conftest import EVENING
from tests.factories import a_location, a_room, a_service

PROCESSES = 2
ATTEMPTS = 64  # of each of the eight threads


def a_contested_place() -> tuple[int, list[list[int]]]:
    with writing() as s:
        short, long = a_service(s, "short", 20), a_service(s, "long", 45)
        place = a_location(s, hours="Mo-Su 00:00-24:00", seen=date(2026, 11, 24))
        a_room(s, place, (short, long), pause=5)
        a_room(s, place, (short, long), pause=10)
        a_room(s, place, (short,), pause=0)
        catalogue.changed(s)
        return place.id, [[short.id], [long.id], [short.id, long.id]]


def hot_starts() -> list[str]:
    """Quarters and thirds of hours over five nights, one of them over 06:00."""
    evenings = [EVENING + timedelta(days=n, minutes=20) for n in range(1, 6)]
    return [(evening + timedelta(minutes=5 * n)).isoformat() for evening in evenings for n in range(0, 140, 2)]


def race(app: Flask, place: int, services: list[list[int]]) -> tuple[Counter[str], list[str]]:
    plan = {
        "environ": app.config["KESHKI_ENVIRON"],
        "now": EVENING.isoformat(),
        "location": place,
        "services": services,
        "starts": hot_starts(),
        "attempts": ATTEMPTS,
    }
    runners = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.booking.racing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for seed, runner in enumerate(runners):
        assert runner.stdin
        runner.stdin.write(json.dumps({**plan, "seed": seed}))
        runner.stdin.close()
    seen, errors = Counter[str](), list[str]()
    for runner in runners:
        said = runner.stdout.read() if runner.stdout else ""
        runner.wait()
        if runner.stdout:
            runner.stdout.close()
        assert runner.returncode == 0, said
        result = json.loads(said.splitlines()[-1])
        seen.update(result["seen"])
        errors += result["errors"]
    return seen, errors


@pytest.mark.usefixtures("evening")
def test_no_race_makes_two_visits_share_a_room_and_every_loser_gets_alternatives(app_on: Flask) -> None:
    place, services = a_contested_place()
    seen, errors = race(app_on, place, services)
    print(dict(seen))
    assert errors == []
    assert seen["attempts"] >= 1000
    assert seen["won"] >= 100
    assert seen["SlotTaken"] + seen["NotASlot"] >= 100
    assert seen["SlotTaken"] >= 50
    assert seen["closures"] >= 5
    assert seen["moved"] > 0
    assert seen["cancelled"] > 0

    with reading() as s:
        visits = s.execute(
            select(
                Appointment.rid, Appointment.room_id, Appointment.start_cell, Appointment.own_cells,
                Appointment.visit_cells, Appointment.day, Appointment.ticket,
            ).where(Appointment.status != "cancelled")
        ).all()  # fmt: skip
        cells = s.execute(select(Cell.room_id, Cell.cell, Cell.appointment_id)).all()
        closures = s.execute(select(Closure.room_id, Closure.starts_at, Closure.ends_at)).all()
    owned = [(v.room_id, v.start_cell + n, v.rid) for v in visits for n in range(v.own_cells)]
    assert len({(room, cell) for room, cell, _ in owned}) == len(owned), "two visits share a room"
    assert sorted(owned) == sorted(tuple(cell) for cell in cells)
    for room, starts_at, ends_at in closures:
        for v in visits:
            if v.room_id == room:
                assert not _overlap(clock.moment(v.start_cell), v.visit_cells, starts_at, ends_at)
    assert len({(v.day, v.ticket) for v in visits}) == len(visits)


def _overlap(start: datetime, visit_cells: int, starts_at: datetime, ends_at: datetime) -> bool:
    return start < ends_at and start + timedelta(minutes=5 * visit_cells) > starts_at
