"""A booking over the JSON face, against a bare view that commits the same rows as durably."""

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count

from bench import city, load, serving
from bench.city import SERVICES, FreeTime
from bench.table import Row, in_turns
from bench.world import World
from clinic import clock

ROUNDS, SECONDS, MOST = 5, 2.0, 5000
DAYS = 9
TARGET = 0.5
FAR = 288 * 3650  # cells: the bare view knows no free room, so it writes ten years from here
GAP = timedelta(minutes=45)  # a visit and the longest pause, on the grid


def run(world: World) -> Iterable[Row]:
    """On SQLite and on PostgreSQL; every answer has to be 201."""
    for name, environ in (("SQLite", world.usual), ("PostgreSQL", world.postgresql)):
        wanted = _apart(city.free_times(environ, DAYS))
        random.Random(2).shuffle(wanted)
        to_us = [_to_us(number, time) for number, time in zip(count(), wanted)]
        to_bare = [_to_bare(time) for time in wanted]
        copy = world.copy_of(environ, f"bare_{name.lower()}")
        with serving.app(environ) as app, serving.baseline("booking", {"BENCH_DATABASE": copy}) as bare:
            pair = in_turns(_takes(app.port, to_us), _takes(bare.port, to_bare), ROUNDS)
            yield Row(f"a booking, {name}", pair.ratio, ">=", TARGET, pair.words("/s"))


class _takes:  # noqa: N801 - used as a function
    """Sends bookings that were not sent yet; their rate."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self._port, self._requests, self._next = port, requests, 0

    def __call__(self, _round: int) -> float:
        part = self._requests[self._next : self._next + MOST]
        found = load.measure(self._port, part, SECONDS, "once").expect(201)
        self._next += found.requests
        return found.rate


def _apart(times: list[FreeTime]) -> list[FreeTime]:
    """Those that do not touch one another, so that every one of them can be booked."""
    kept: list[FreeTime] = []
    for time in times:
        last = kept[-1] if kept else None
        if last is None or last.slug != time.slug or _moment(time) - _moment(last) >= GAP:
            kept.append(time)
    return kept


def _moment(time: FreeTime) -> datetime:
    return datetime.fromisoformat(time.start)


def _to_us(number: int, time: FreeTime) -> bytes:
    body = {"location": time.slug, "services": [SERVICES[0]], "start": time.start}
    return load.post_json("/api/v1/appointments", body, {"Idempotency-Key": f"bench-{number:032d}"})


def _to_bare(time: FreeTime) -> bytes:
    day = clock.service_day(_moment(time))
    place = city.number(time.slug)
    body = {
        "location": place, "room": 2 * place, "day": day.isoformat(), "start": clock.cell(_moment(time)) + FAR,
        "cells": 6, "own": 7, "forget_on": _after(day), "expires_at": f"{_after(day)} 10:00:00", "iso": time.start,
    }  # fmt: skip
    return load.post_json("/bookings", body)


def _after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()
