"""What everybody may read: places, services, free times."""

from datetime import date

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from clinic.api import slots
from clinic.clock import at
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure, Location
from tests.api.conftest import TOMORROW, Face, city


def names(face: Face, query: dict[str, object]) -> list[str]:
    told = face.get("/locations", query).json
    assert told
    return [place["name"] for place in told["locations"]]


def ticket(face: Face, start: str, key: str) -> int:
    told = face.book(start, key).json
    assert told
    number: int = told["ticket"]["number"]
    return number


def test_a_place_is_told_with_exactly_the_fields_of_the_design(face: Face) -> None:
    told = face.get("/locations", {"near": "43.24,76.95"}).json
    assert told
    assert told["locations"][0] == {
        "slug": "aaaaa",
        "name": "Saya",
        "kind": "clinic",
        "address": "78 Baitursynov st.",
        "position": {"lat": 43.24, "lng": 76.93},
        "distance_m": told["locations"][0]["distance_m"],
        "open_now": True,
        "hours": "Mo-Fr 14:00-21:00",
        "services": ["check", "talk", "now"],
        "bookable": True,
        "next_slot": {"start": "2026-11-24T19:40:00+05:00", "end": "2026-11-24T20:00:00+05:00"},
    }
    assert 1500 < told["locations"][0]["distance_m"] < 1750


def test_one_place_is_told_in_the_same_shape(face: Face) -> None:
    listed = face.get("/locations", {"near": "43.24,76.95"}).json
    alone = face.get("/locations/aaaaa").json
    assert listed
    assert alone == listed["locations"][0] | {"distance_m": None}


def test_services_are_told_in_the_language_asked_for(face: Face) -> None:
    told = face.get("/services", {"lang": "ru"}).json
    assert told
    assert told["services"][0] == {"slug": "check", "name": "Quick test (ru)", "minutes": 20}


def test_a_place_reached_by_its_link_is_never_listed(face: Face) -> None:
    assert "By link" not in names(face, {"near": "43.25,76.94", "limit": 100})
    assert "By link" not in names(face, {})
    assert face.get("/locations/aaaac").json["name"] == "By link"  # type: ignore[index]


def test_of_a_hidden_place_neither_address_nor_position_is_told(face: Face) -> None:
    for told in (face.get("/locations/aaaab").json, *face.get("/locations").json["locations"]):  # type: ignore[index]
        if told["slug"] == "aaaab":
            assert told["address"] is None
            assert told["position"] is None


def test_three_distances_do_not_find_a_hidden_place(face: Face) -> None:
    """They are measured from the district's centre and in steps, so they say nothing of the door."""
    door = {}
    for near in ("43.26,76.93", "43.25,76.92", "43.30,76.90"):
        told = face.get("/locations", {"near": near}).json
        door[near] = next(place["distance_m"] for place in told["locations"] if place["slug"] == "aaaab")  # type: ignore[index]
    assert door["43.25,76.92"] <= door["43.26,76.93"]  # nearer to the centre than to the door
    assert all(metres % 500 == 0 for metres in door.values())


def test_the_position_is_rounded_to_two_decimals_on_arrival(face: Face) -> None:
    exact = face.get("/locations", {"near": "43.238949,76.889709"}).json
    rounded = face.get("/locations", {"near": "43.24,76.89"}).json
    assert exact == rounded


def test_search_by_post_answers_as_get_does(face: Face) -> None:
    asked = {"near": "43.24,76.95", "service": ["check"], "day": TOMORROW, "after": "18:00", "limit": 2}
    assert face.post("/locations/search", asked).json == face.get("/locations", asked).json


def test_filters_narrow_the_list(face: Face) -> None:
    assert names(face, {"service": "lab"}) == ["Far"]
    assert names(face, {"kind": "ngo"}) == []
    assert len(names(face, {"limit": 1})) == 1
    told = face.get("/locations", {"day": TOMORROW, "after": "18:30"}).json
    assert told
    assert told["locations"][0]["next_slot"]["start"] == f"{TOMORROW}T18:30:00+05:00"


def test_an_emoji_in_a_search_is_a_search_with_no_result(face: Face) -> None:
    answer = face.get("/locations", {"q": "🦄🦄🦄"})
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["locations"] == []


def test_case_23_a_position_is_read_carefully_and_a_town_goes_before_it(face: Face) -> None:
    for wrong in ("nan,inf", "43.238", "76.95,43.24", "40.41,49.87", "43.24;76.95", "", "91,76", "1e3,2"):
        answer = face.get("/locations", {"near": wrong})
        assert answer.status_code == 422, wrong
        assert answer.json
        assert answer.json["fields"]["near"][0]
    here = face.get("/locations", {"near": "43.24,76.95"}).json
    town = face.get("/locations", {"near": "43.24,76.95", "q": "Шымкент"}).json
    assert here
    assert town
    assert here["locations"][0]["distance_m"] < 3_000
    assert town["locations"][0]["distance_m"] > 500_000


def test_slots_are_told_with_minutes_and_the_offset_of_kazakhstan(face: Face) -> None:
    told = face.get("/locations/aaaaa/slots", {"service": ["check", "talk"], "from": TOMORROW, "days": 1}).json
    assert told
    assert told["minutes"] == 65
    assert told["slots"][0] == {"start": f"{TOMORROW}T14:00:00+05:00", "end": f"{TOMORROW}T15:05:00+05:00"}


def test_a_place_that_takes_no_bookings_has_no_slots(face: Face) -> None:
    assert face.free("aaaad") == []


def test_case_02_only_times_of_the_day_that_was_asked_for_are_listed(
    face: Face, evening: time_machine.Traveller
) -> None:
    with writing() as s:
        place = s.get(Location, 1)
        assert place
        place.hours = "Mo-Su 18:00-30:00"
        catalogue.changed(s)
    evening.move_to("2026-11-25T20:30:00+00:00")  # 01:30 on the 26th in Almaty
    starts = face.free("aaaaa", first="2026-11-26")
    assert starts[0] == "2026-11-26T01:30:00+05:00"
    assert {start[:10] for start in starts} == {"2026-11-26"}
    yesterday = face.get("/locations/aaaaa/slots", {"service": "check", "from": "2026-11-25"})
    assert yesterday.status_code == 422
    number = ticket(face, starts[0], "night-key-0123456789012345")
    assert number <= 3  # the service day of the 25th has no other tickets yet
    evening.move_to("2026-11-26T00:30:00+00:00")  # 05:30: the same service day goes on
    second = ticket(face, "2026-11-26T05:40:00+05:00", "night-key-1123456789012345")
    assert number < second <= number + 3
    evening.move_to("2026-11-26T01:30:00+00:00")  # 06:30: a new one, tickets begin anew
    third = ticket(face, "2026-11-26T18:00:00+05:00", "night-key-2123456789012345")
    assert third <= 3


def test_a_remembered_answer_follows_every_change(app_on: Flask, evening: time_machine.Traveller) -> None:
    city(app_on)
    face = Face(app_on.test_client())
    before = face.free("aaaaa")
    assert face.free("aaaaa") == before
    booked = face.book(before[0])
    assert booked.status_code == 201, booked.json
    assert face.free("aaaaa") == before[2:]  # the grid is finer than a visit
    face.post("/appointments/cancel", {"code": booked.json["code"]})  # type: ignore[index]
    assert face.free("aaaaa") == before
    with writing() as s:
        s.add(
            Closure(
                location_id=1, room_id=None, starts_at=at(date(2026, 11, 25), 0), ends_at=at(date(2026, 11, 25), 1200)
            )
        )
        catalogue.changed(s)
    assert face.free("aaaaa")[0] == f"{TOMORROW}T20:00:00+05:00"
    tonight = face.free("aaaaa", first="2026-11-24")
    evening.shift(1)
    assert face.free("aaaaa", first="2026-11-24") == tonight[1:]
    evening.shift(24 * 3600)
    assert face.get("/locations/aaaaa/slots", {"service": "check", "from": "2026-11-24"}).status_code == 422


def test_a_remembered_answer_costs_one_query(face: Face) -> None:
    face.free("aaaaa")
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *heard: asked.append(heard[2]))
    face.free("aaaaa")
    assert asked == []  # its only query goes past SQLAlchemy, over the driver's own cursor


def test_a_remembered_answer_is_the_same_answer_in_the_encoding_asked_for(face: Face) -> None:
    url = f"/api/v1/locations/aaaaa/slots?service=check&from={TOMORROW}&days=7"
    for encoding in ("identity", "br", "gzip", "identity"):
        first, again = (face.client.get(url, headers={"Accept-Encoding": encoding}) for _ in range(2))
        assert first.data == again.data
        assert dict(first.headers) == dict(again.headers)
        assert again.headers.get("Content-Encoding", "identity") == encoding
        assert "Content-Security-Policy" in again.headers


def test_the_memory_of_answers_has_an_end(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MOST_BYTES", 20_000)
    front = face.client.application.wsgi_app
    while not isinstance(front, slots.Front):
        front = front.app  # type: ignore[attr-defined]
    for n in range(40):
        assert face.get("/locations/aaaaa/slots", {"service": "check", "from": TOMORROW, "days": 1, "n": n}).json
    assert 1 < len(front._kept) < 10


def test_only_reading_calls_may_be_made_from_other_sites(face: Face) -> None:
    for answer in (
        face.get("/services"),
        face.get("/locations/none"),
        face.post("/locations/search", {}),
        face.get("/openapi.json"),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    asked_first = face.client.options("/api/v1/locations/search")
    assert "Content-Type" in asked_first.headers["Access-Control-Allow-Headers"]
    for path in ("/appointments", "/appointments/find", "/appointments/cancel", "/appointments/move"):
        for answer in (face.client.options("/api/v1" + path), face.post(path, {"code": "x"}, "k" * 22)):
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/locations", "/points"])
def test_a_guess_is_told_as_one_and_her_own_words_that_were_not_understood_too(face: Face, path: str) -> None:
    position = face.get(path, {"near": "43.24,76.95"}).json
    assert position
    assert position["understood"] is None
    exact = face.get(path, {"q": "Almaty"}).json
    assert exact
    assert exact["understood"] == {"name": "Almaty", "exact": True, "missed": "", "others": []}
    part = face.get(path, {"q": "Almaty, Zyrgulov st. 5"}).json
    assert part
    assert (part["understood"]["name"], part["understood"]["exact"]) == ("Almaty", False)
    assert "zyrgulov" in part["understood"]["missed"].lower()
    nothing = face.get(path, {"q": "🦄🦄🦄"}).json
    assert nothing
    assert (nothing["understood"]["name"], nothing["understood"]["missed"]) == (None, "🦄🦄🦄")
    assert nothing["understood"]["others"]
    for other in nothing["understood"]["others"]:  # what may have been meant is found by its own `q`
        again = face.get(path, {"q": other["q"]}).json
        assert again
        assert again["understood"]["name"]
