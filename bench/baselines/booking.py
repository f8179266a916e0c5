"""A bare Flask view that commits the rows of one booking, as durably, and checks nothing but the keys."""

import os
import secrets
import sqlite3
import threading
from typing import Any

from flask import Flask, request

app = Flask(__name__)
URL = os.environ["BENCH_DATABASE"]
SQLITE = not URL.startswith("postgresql")
WRITE_LOCK = threading.Lock()  # SQLite has one writer: waiting here is cheaper than polling its lock
_held = threading.local()
DAY = """INSERT INTO location_day (location_id, day, version, last_ticket) VALUES (?, ?, 1, 2)
 ON CONFLICT (location_id, day) DO UPDATE SET version = location_day.version + 1,
 last_ticket = location_day.last_ticket + 2 RETURNING last_ticket"""
ONCE = "INSERT INTO once (scope, token_hash, body_hash, answer, expires_at) VALUES ('api', ?, ?, ?, ?)"
PASS = "INSERT INTO pass (rid, code_hash, language, cover, phone, forget_on) VALUES (?, ?, 'ru', ?, NULL, ?)"
VISIT = """INSERT INTO appointment (rid, pass_id, location_id, room_id, day, start_cell, visit_cells, own_cells,
 status, ticket, noun, details, moves, forget_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'booked', ?, 7, ?, 0, ?)"""
CELL = "INSERT INTO cell (room_id, cell, appointment_id) VALUES (?, ?, ?)"


def connection() -> Any:
    if not hasattr(_held, "raw"):
        if SQLITE:
            _held.raw = sqlite3.connect(URL, isolation_level=None, timeout=15)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                _held.raw.execute(f"PRAGMA {pragma}")
        else:
            import psycopg

            _held.raw = psycopg.connect(URL)
    return _held.raw


@app.post("/bookings")
def book() -> tuple[dict[str, object], int]:
    wanted = request.get_json()
    if not SQLITE:
        with connection().transaction(), connection().cursor() as cursor:
            return commit(cursor, wanted, str.replace), 201
    with WRITE_LOCK, connection() as raw:
        raw.execute("BEGIN IMMEDIATE")
        return commit(raw.cursor(), wanted, lambda sql, _old, _new: sql), 201


def commit(cursor: Any, w: dict[str, Any], spelt: Any) -> dict[str, object]:
    rid, code = secrets.token_bytes(16), secrets.token_hex(8)
    cursor.execute(spelt(ONCE, "?", "%s"), (secrets.token_bytes(32), rid + rid, bytes(300), w["expires_at"]))
    ticket = cursor.execute(spelt(DAY, "?", "%s"), (w["location"], w["day"])).fetchone()[0]
    cursor.execute(spelt(PASS, "?", "%s"), (rid, secrets.token_bytes(32), bytes(75), w["forget_on"]))
    visit = (rid, rid, w["location"], w["room"], w["day"], w["start"], w["cells"], w["own"], ticket, bytes(107))
    cursor.execute(spelt(VISIT, "?", "%s"), (*visit, w["forget_on"]))
    cursor.executemany(spelt(CELL, "?", "%s"), [(w["room"], w["start"] + n, rid) for n in range(w["own"])])
    return {"ticket": {"number": ticket, "noun": "Tulip"}, "code": code, "start": w["iso"], "end": w["iso"]}
