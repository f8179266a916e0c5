"""A bare Flask view over one indexed table: the free times of one place and day, as JSON."""

import os
import sqlite3
import threading

from flask import Flask, request

app = Flask(__name__)
_held = threading.local()


def connection() -> sqlite3.Connection:
    if not hasattr(_held, "raw"):
        _held.raw = sqlite3.connect(os.environ["BENCH_DATABASE"], isolation_level=None)
    raw: sqlite3.Connection = _held.raw
    return raw


@app.get("/places/<slug>/slots")
def slots(slug: str) -> dict[str, object]:
    rows = connection().execute(
        'SELECT start, "end" FROM slot WHERE place = ? AND day = ? ORDER BY start', (slug, request.args["day"])
    )
    return {"minutes": 30, "slots": [{"start": start, "end": end} for start, end in rows]}
