"""The roster of a big place, against a bare Flask view that renders the same rows from memory."""

import json
from collections.abc import Iterable
from http.client import HTTPConnection
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from bench import load, serving
from bench.table import Row, in_turns
from bench.world import World
from clinic import clock, create_app, wording
from clinic.booking import placing, taken
from clinic.booking.placing import Details
from clinic.db import Text3, db, new_rid, reading, writing
from clinic.desk import board
from clinic.desk.roster import LOOKS, NEXT, SIGNS, Block, Card
from clinic.directory import catalogue
from clinic.directory.models import Location, Room
from clinic.staff import accounts, sign_in
from clinic.wording import speaking

ROUNDS, SECONDS = 5, 2.0
VISITS, ROOMS, VISIT_CELLS = 300, 10, 4
TARGET = 3.0  # times the bare view's
PLACE = 1
STATUSES = ("done", "done", "missed", "in_room", "here", "booked", "booked", "booked")
STATES = {"booked": "ждём", "here": "здесь", "in_room": "в кабинете", "done": "готово", "missed": "не было"}
WORDS = {"here": "Здесь", "in_room": "В кабинет", "done": "Готово"}


def run(world: World) -> Iterable[Row]:
    """300 visits in ten rooms, the whole day unfolded: two tables (screen and paper), as the desk opens it."""
    environ = world.sqlite("roster", 0)
    app = create_app(environ)
    with app.app_context():
        slug = _fill()
        token = _sign_in()
        rows = world.folder / "roster.json"
        rows.write_text(json.dumps(_rows()))
        db.engine.dispose()
    path = f"/ru/staff/roster/{slug}/{clock.service_day(clock.now()).isoformat()}?all=1"
    cookie = {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={_cookie(app, token)}"}
    with serving.app(environ) as ours, serving.baseline("roster", {"BENCH_ROWS": str(rows)}) as bare:
        _holds(ours.port, path, cookie)
        mine, theirs = [load.get(path, cookie)], [load.get("/roster")]
        weight = load.measure(ours.port, mine, 1.0).expect(200).body_bytes
        bare_weight = load.measure(bare.port, theirs, 1.0).expect(200).body_bytes
        if not 0.8 < bare_weight / weight < 1.25:
            raise RuntimeError(f"the pages are not alike: {weight:.0f} and {bare_weight:.0f} bytes")
        pair = in_turns(
            lambda _n: load.measure(ours.port, mine, SECONDS).expect(200).rate,
            lambda _n: load.measure(bare.port, theirs, SECONDS).expect(200).rate,
            ROUNDS,
        )
        yield Row(f"roster of {VISITS}, times the bare page's", 1 / pair.ratio, "<=", TARGET, pair.words("/s"))


def _fill() -> str:
    """Ten rooms, open around the clock, and the visits of today; the slug of the place."""
    day = clock.service_day(clock.now())
    with writing() as s:
        s.execute(
            update(Location).where(Location.id == PLACE).values(hours="Mo-Su 06:00-30:00", hours_ph="06:00-30:00")
        )
        s.execute(update(Room).where(Room.location_id == PLACE).values(pause=0))
        more = [
            {
                "location_id": PLACE,
                "key": f"more{n}",
                "name": Text3(f"{n}", f"{n}", f"{n}"),
                "pause": 0,
                "retired_on": None,
            }
            for n in range(2, ROOMS)
        ]
        s.execute(insert(Room), more)
        catalogue.changed(s)
    with writing() as s:
        place = catalogue.current(s).locations[PLACE]
        taken.bump(s, PLACE, day, VISITS)
        base = taken.first_cell(day) + 24  # from 8:00
        for n in range(VISITS):
            room, at = place.rooms[n % ROOMS], base + n // ROOMS * VISIT_CELLS
            _visit(s, room.id, day, at, n)
        return place.slug


def _visit(s: Any, room_id: int, day: Any, at: int, n: int) -> None:
    rid, status = new_rid(), STATUSES[n * len(STATUSES) // VISITS]
    forget_on = placing.forget_day(clock.moment(at + VISIT_CELLS))
    placing.insert_appointment(
        s,
        {
            "rid": rid, "pass_id": None, "location_id": PLACE, "room_id": room_id, "day": day, "start_cell": at,
            "visit_cells": VISIT_CELLS, "own_cells": VISIT_CELLS, "status": status, "status_at": clock.moment(at),
            "ticket": n + 1, "noun": 0, "details": placing.seal(forget_on, rid, Details((), None)), "moves": 0,
            "forget_on": forget_on,
        },
    )  # fmt: skip
    placing.take_cells(s, rid, room_id, at, VISIT_CELLS)


def _sign_in() -> str:
    """The token of a receptionist's open sign-in."""
    now = clock.now()
    with writing() as s:
        person = accounts.add(s, "bench", "Bench", "ru", "a long enough password", "2468")
        accounts.give_role(s, person, "receptionist", None, PLACE)
        s.flush()
        return sign_in.begin(s, person.id, now)


def _cookie(app: Flask, token: str) -> str:
    """What the browser holds after a sign-in."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    held: str = serializer.dumps({"_user_id": token, "_fresh": True, "language": "ru"})
    return held


def _holds(port: int, path: str, cookie: dict[str, str]) -> None:
    """Raises RuntimeError unless the page shows every visit: a redirect would be quick, and no measure."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=cookie)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != 200 or text.count("data-ticket=") != VISITS:
        raise RuntimeError(f"the roster answers {answer.status} with {text.count('data-ticket=')} visits")


def _rows() -> dict[str, Any]:
    """The page as plain values, as a bare view would have them from its tables."""
    now = clock.now()
    with reading() as s, speaking("ru"):
        cat = catalogue.current(s)
        place = cat.locations[PLACE]
        shown = board.read(s, cat, place, clock.service_day(now), now, True).roster
        columns = {room.id: n for n, room in enumerate(shown.rooms)}
        return {
            "rooms": [room.name["ru"] for room in shown.rooms],
            "lines": [
                {
                    "time": wording.time_words(line.start),
                    "label": line.label,
                    "blocks": [_block(block, columns) for block in line.blocks],
                }
                for line in shown.lines
            ],
            "paper": [
                [wording.time_words(time), [[_card(card) for card in cards] for cards in rooms]]
                for time, rooms in shown.sheet()
            ],
        }


def _block(block: Block, columns: dict[int, int]) -> dict[str, Any]:
    gap = block.gap
    return {
        "span": block.span,
        "kind": block.kind,
        "column": columns[block.room_id],
        "cards": [_card(card) for card in block.cards],
        "gap": gap and {"key": f"{gap.room_id}:{clock.cell(gap.start)}", "time": wording.time_words(gap.start)},
    }


def _card(card: Card) -> dict[str, Any]:
    to = NEXT.get(card.status)
    return {
        "ticket": card.ticket,
        "time": wording.time_words(card.start),
        "minutes": card.minutes,
        "status": card.status,
        "sign": SIGNS[card.status],
        "look": LOOKS[card.status],
        "state": STATES[card.status],
        "to": to,
        "word": WORDS.get(to or "", ""),
    }
