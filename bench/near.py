"""The list of places, against a bare Flask view that renders the same list from rows in memory."""

import json
import re
from collections.abc import Iterable
from html import unescape
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from bench import load, serving
from bench.table import Row, in_turns
from bench.world import World

ROUNDS, SECONDS = 5, 2.0
SHOWN, FRESH = 30, 4000
TARGET = 0.4
TOWN = "Алматы"
PATH = f"/ru/near?near={quote(TOWN)}&limit={SHOWN}"


def run(world: World) -> Iterable[Row]:
    """30 of 1,000 places with 200,000 stored appointments, next free times on every row."""
    with serving.app(world.usual) as app:
        page = _page(app.port)
        places = [_place(part) for part in page.split('<li class="card">')[1:]]
        if len(places) != SHOWN or not all(place["times"] for place in places):
            raise RuntimeError("the list does not show free times on every row")
        rows = world.folder / "rows.json"
        rows.write_text(json.dumps({**_form(page), "places": places}))
        with serving.baseline("near", {"BENCH_ROWS": str(rows)}) as bare:
            ours, theirs = [load.get(PATH)], [load.get("/near")]
            weight = load.measure(app.port, ours, 1.0).expect(200).body_bytes
            bare_weight = load.measure(bare.port, theirs, 1.0).expect(200).body_bytes
            if not 0.8 < bare_weight / weight < 1.25:
                raise RuntimeError(f"the pages are not alike: {weight:.0f} and {bare_weight:.0f} bytes")
            pair = in_turns(
                lambda _n: load.measure(app.port, ours, SECONDS).expect(200).rate,
                lambda _n: load.measure(bare.port, theirs, SECONDS).expect(200).rate,
                ROUNDS,
            )
            yield Row(f"list of {SHOWN} places", pair.ratio, ">=", TARGET, pair.words("/s"))
            fresh = [[load.get(f"{PATH}&x={number * FRESH + n}") for n in range(FRESH)] for number in range(ROUNDS)]
            pair = in_turns(
                lambda n: load.measure(app.port, fresh[n], SECONDS, "once").expect(200).rate,
                lambda _n: load.measure(bare.port, theirs, SECONDS).expect(200).rate,
                ROUNDS,
            )
            yield Row(f"list of {SHOWN} places, never asked before", pair.ratio, "", 0, pair.words("/s"))


def _page(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", PATH)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def _place(html: str) -> dict[str, Any]:
    """A row of our list as plain values, as a bare view would have them from its tables."""
    button = re.compile(r'<button class="[^"]*" name="start" value="([^"]*)" aria-label="([^"]*), [^",]*">([^<]*)<')
    return {
        "slug": _first(r'/at/([^"/?]+)', html),
        "service": _first(r'name="service" value="(\d+)"', html),
        "name": _first(r"<h2><a [^>]*>([^<]*)<", html),
        "open": 'class="chip on"' in html,
        "open_words": _first(r'class="chip[^"]*">([^<]*)<', html),
        "kind": _first(r'class="chip">([^<]*)</span></p>', html),
        "where": _first(r"<p>([^<]+)</p>", html),
        "times": [[value, hour, unescape(full)] for value, full, hour in button.findall(html)],
    }


def _form(html: str) -> dict[str, Any]:
    """What the search form of our page offers."""
    options = {name: _options(html, name) for name in ("day", "after", "service", "kind", "language")}
    return {
        "near": TOWN,
        "summary": _first(r"<summary>([^<]*)<", html),
        "status": _first(r'role="status">([^<]*)<', html),
        "languages": [["kk", "Қаз"], ["ru", "Рус"], ["en", "Eng"]],
        "days": options["day"],
        "hours": [said for _value, said in options["after"]],
        "services": [[value, *said.rsplit(", ", 1)] for value, said in options["service"]],
        "picks": [["kind", "Что за место", options["kind"]], ["language", "На каком языке", options["language"]]],
        "chips": [["Сейчас", "open_now", "1"], ["После 18:00", "after", "18:00"], ["Выходные", "day", "2026-11-28"]],
    }


def _options(html: str, name: str) -> list[list[str]]:
    inside = _first(rf'<select id="{name}" name="{name}">(.*?)</select>', html)
    found = re.findall(r'<option(?: value="([^"]*)")?[^>]*>([^<]*)', inside)
    return [[value or said, unescape(said)] for value, said in found if value or said[:1].isdigit()]


def _first(pattern: str, html: str) -> str:
    found = re.search(pattern, html, re.DOTALL)
    if found is None:
        raise RuntimeError(f"the list has no {pattern}")
    return unescape(found[1])
