"""Booking, finding, moving and cancelling over the JSON face."""

import threading
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from clinic.booking.models import Appointment
from clinic.db import db, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, Room, RoomService, Service
from clinic.passes.models import Pass
from tests.api.conftest import KEY, TOMORROW, Face, city

SIX = f"{TOMORROW}T18:00:00+05:00"
SEVEN = f"{TOMORROW}T19:00:00+05:00"


def booked(face: Face, start: str = SIX, key: str = KEY) -> dict[str, object]:
    answer = face.book(start, key)
    assert answer.status_code == 201, answer.json
    told: dict[str, object] = answer.json or {}
    return told


def appointments() -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(Appointment)) or 0


def test_a_booking_is_answered_with_exactly_the_fields_of_the_design(face: Face) -> None:
    told = booked(face)
    assert set(told) == {"ticket", "code", "start", "end", "location", "services"}
    assert set(told["ticket"]) == {"number", "noun"}  # type: ignore[call-overload]
    assert told["start"] == SIX
    assert told["end"] == f"{TOMORROW}T18:20:00+05:00"
    assert (told["location"], told["services"]) == ("aaaaa", ["check"])
    assert len(str(told["code"]).replace(" ", "")) == 15


def test_her_code_finds_moves_and_cancels_the_visit(face: Face) -> None:
    told = booked(face)
    code = {"code": told["code"]}
    found = face.post("/appointments/find", code)
    assert found.status_code == 200
    assert found.json == {"status": "booked"} | {k: v for k, v in told.items() if k != "code"}
    moved = face.post("/appointments/move", code | {"start": SEVEN}).json
    assert moved == found.json | {"start": SEVEN, "end": f"{TOMORROW}T19:20:00+05:00"}
    assert SIX in face.free("aaaaa")
    gone = face.post("/appointments/cancel", code).json
    assert gone == moved | {"status": "cancelled"}
    assert face.post("/appointments/cancel", code).json == gone
    assert face.post("/appointments/find", code).json == gone
    assert face.post("/appointments/move", code | {"start": SIX}).status_code == 404


def test_the_ticket_has_its_noun_in_the_language_of_the_booking(face: Face) -> None:
    russian = face.book(SIX, language="ru").json["ticket"]["noun"]  # type: ignore[index]
    assert any("а" <= sign.lower() <= "я" for sign in russian)


def test_a_second_visit_hangs_from_the_code_she_has(face: Face) -> None:
    code = booked(face)["code"]
    second = face.book(SEVEN, "second-key-012345678901", code=code).json
    assert second
    assert second["code"] is None
    asked = {"code": code, "ticket": second["ticket"]["number"]}
    assert face.post("/appointments/find", asked).json["start"] == SEVEN  # type: ignore[index]
    assert face.post("/appointments/find", {"code": code}).json["start"] == SIX  # type: ignore[index]
    assert face.post("/appointments/find", {"code": code, "ticket": 9999}).status_code == 404


def test_an_unknown_code_is_answered_like_one_that_is_none(face: Face) -> None:
    unknown = face.post("/appointments/find", {"code": "ABCEH KMPTX Y2345"})
    nonsense = face.post("/appointments/find", {"code": "😀"})
    assert unknown.status_code == nonsense.status_code == 404
    assert unknown.json == nonsense.json


def test_codes_can_not_be_guessed_without_end(face: Face) -> None:
    for _ in range(20):
        assert face.post("/appointments/find", {"code": "ABCEH KMPTX Y2345"}).status_code == 404
    for path in ("find", "cancel", "move"):
        start = {"start": SIX} if path == "move" else {}
        answer = face.post(f"/appointments/{path}", {"code": "ABCEH KMPTX Y2345"} | start)
        assert answer.status_code == 429
        assert answer.json
        assert answer.json["code"] == "too_many"
        assert 1 <= int(answer.headers["Retry-After"]) <= 602


def test_case_03_two_women_can_not_get_the_same_time(face: Face) -> None:
    booked(face)
    second = face.book(SIX, "another-key-0123456789")
    assert second.status_code == 409
    assert second.json
    assert second.json["code"] == "slot_taken"
    assert second.json["type"] == "http://localhost/problems/slot_taken"
    starts = [slot["start"] for slot in second.json["alternatives"]]
    assert len(starts) == 3
    assert set(starts) <= set(face.free("aaaaa"))
    assert appointments() == 1


def test_case_04_no_time_touches_the_break_or_closing(face: Face) -> None:
    with writing() as s:
        place = s.get(Location, 1)
        assert place
        place.hours = "Mo-Fr 14:00-18:00,18:20-21:00"
        catalogue.changed(s)
    starts = face.free("aaaaa", "talk")
    assert starts[-1] == f"{TOMORROW}T20:15:00+05:00"
    assert not [start for start in starts if f"{TOMORROW}T17:15:00+05:00" < start < f"{TOMORROW}T18:20:00+05:00"]
    for start in (f"{TOMORROW}T20:30:00+05:00", f"{TOMORROW}T17:30:00+05:00"):
        body = {"location": "aaaaa", "services": ["talk"], "start": start}
        answer = face.post("/appointments", body, KEY)
        assert answer.status_code == 422
        assert answer.json
        assert list(answer.json["fields"]) == ["start"]
        assert {slot["start"] for slot in answer.json["alternatives"]} <= set(starts) | set(
            face.free("aaaaa", "talk", "2026-11-24", 14)
        )
        assert answer.json["alternatives"]


def test_case_19_the_same_key_books_once_and_answers_the_same(face: Face) -> None:
    first = face.book(SIX)
    again = face.book(SIX)
    quoted = face.book(SIX, f'"{KEY}"')
    assert first.status_code == again.status_code == quoted.status_code == 201
    assert first.json == again.json == quoted.json
    other = face.book(SEVEN)
    assert other.status_code == 422
    assert other.json
    assert other.json["code"] == "idempotency_reused"
    assert appointments() == 1


def test_a_key_is_good_for_24_hours(face: Face, evening: time_machine.Traveller) -> None:
    first = face.book("2026-11-26T18:00:00+05:00").json
    evening.shift(24 * 3600 - 60)
    assert face.book("2026-11-26T18:00:00+05:00").json == first
    evening.shift(120)
    assert face.book("2026-11-26T18:00:00+05:00").status_code in (409, 422)


def test_a_refused_booking_may_be_repeated_with_the_same_key(face: Face) -> None:
    code = booked(face)["code"]
    key = "hopeful-key-0123456789"
    assert face.book(SIX, key).status_code == 409
    face.post("/appointments/cancel", {"code": code})
    assert face.book(SIX, key).status_code == 201


@pytest.mark.parametrize("key", [None, "", "a" * 21, "a" * 201, '"' + "a" * 21 + '"', '"' + "a" * 30, "клю" * 10])
def test_a_key_that_is_missing_short_long_or_odd_is_refused(face: Face, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key.encode().decode("latin-1")}
    body = {"location": "aaaaa", "services": ["check"], "start": SIX}
    answer = face.client.post("/api/v1/appointments", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json
    assert answer.json["code"] == "invalid"
    assert list(answer.json["fields"]) == ["Idempotency-Key"]
    assert appointments() == 0


def test_two_threads_with_the_same_key_make_one_appointment(app_on: Flask, evening: time_machine.Traveller) -> None:
    city(app_on)
    start = threading.Barrier(2)
    told: list[tuple[int, dict[str, object]]] = []

    def tap() -> None:
        start.wait()
        answer = app_on.test_client().post(
            "/api/v1/appointments",
            json={"location": "aaaaa", "services": ["check"], "start": SIX},
            headers={"Idempotency-Key": KEY},
        )
        told.append((answer.status_code, answer.json or {}))

    for _ in range(5):
        taps = [threading.Thread(target=tap) for _ in range(2)]
        for one in taps:
            one.start()
        for one in taps:
            one.join()
    finished = [body for status, body in told if status == 201]
    assert len(finished) >= 9
    assert all(body == finished[0] for body in finished)
    assert {body["code"] for status, body in told if status != 201} <= {"idempotency_busy"}
    assert appointments() == 1


def test_the_database_does_not_contain_the_code(app: Flask, face: Face) -> None:
    code = str(booked(face)["code"]).replace(" ", "")
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(str(db.engine.url.database))
    everything = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    assert b"aaaaa" in everything  # what stands there in clear is found
    assert code.encode() not in everything
    assert KEY.encode() not in everything


def test_a_message_needs_a_number_and_a_sender(face: Face) -> None:
    asked = face.book(SIX, remind_minutes=120)
    assert asked.status_code == 422
    assert asked.json
    assert asked.json["fields"] == {"remind_minutes": ["This needs a phone number."]}
    nobody_sends = face.book(SIX, phone="+7 701 234 56 78", confirm=True)
    assert nobody_sends.status_code == 422
    assert nobody_sends.json
    assert nobody_sends.json["fields"] == {"confirm": ["No messages are sent from here."]}


def test_a_number_that_no_message_needs_is_read_and_not_kept(face: Face) -> None:
    assert face.book(SIX, phone="\u200e8 (701) 234-56-78").status_code == 201
    with reading() as s:
        assert s.scalars(select(Pass.phone)).all() == [None]
    assert face.book(SEVEN, "land-line-key-012345678", phone="+7 727 234 56 78").json["fields"]["phone"]  # type: ignore[index]


def test_places_and_services_that_take_no_bookings_say_so(face: Face, evening: time_machine.Traveller) -> None:
    body = {"location": "aaaad", "services": ["check"], "start": SIX}
    assert face.post("/appointments", body, KEY).json["code"] == "not_bookable"  # type: ignore[index]
    body = {"location": "aaaaa", "services": ["now"], "start": SIX}
    assert face.post("/appointments", body, KEY).status_code == 409
    evening.move_to("2026-12-07T10:00:00+00:00")  # nobody has looked at the roster for a week
    body = {"location": "aaaaa", "services": ["check"], "start": "2026-12-08T18:00:00+05:00"}
    assert face.post("/appointments", body, KEY).json["code"] == "not_bookable"  # type: ignore[index]


def test_what_comes_too_soon_or_too_late_says_so(face: Face, evening: time_machine.Traveller) -> None:
    with writing() as s:
        place = s.get(Location, 1)
        assert place
        place.lead_minutes, place.cancel_minutes = 60, 120
        catalogue.changed(s)
    soon = face.book("2026-11-24T20:20:00+05:00")
    assert (soon.status_code, soon.json["code"]) == (409, "too_soon")  # type: ignore[index]
    assert soon.json["alternatives"]  # type: ignore[index]
    code = booked(face)["code"]
    evening.move_to("2026-11-25T11:30:00+00:00")  # 16:30, an hour and a half before
    late = face.post("/appointments/cancel", {"code": code})
    assert (late.status_code, late.json["code"]) == (409, "too_late")  # type: ignore[index]
    assert face.post("/appointments/move", {"code": code, "start": "2026-11-26T19:00:00+05:00"}).status_code == 409
    assert face.post("/appointments/move", {"code": code, "start": SEVEN}).status_code == 200  # the same evening


def test_one_room_has_to_offer_all_services_of_a_visit(face: Face) -> None:
    with writing() as s:
        lab = s.scalars(select(Service).where(Service.slug == "lab")).one()
        room = Room(location_id=1, key="lab", name=s.get(Room, 1).name)  # type: ignore[union-attr]
        s.add(room)
        s.flush()
        from clinic.db import Text3
        from clinic.directory.models import LocationService

        s.add(RoomService(room_id=room.id, service_id=lab.id))
        s.add(LocationService(location_id=1, service_id=lab.id, cost=Text3()))
        catalogue.changed(s)
    assert face.post("/appointments", {"location": "aaaaa", "services": ["lab"], "start": SIX}, KEY).status_code == 201
    body = {"location": "aaaaa", "services": ["lab", "check"], "start": SEVEN}
    both = face.post("/appointments", body, "both-key-0123456789012")
    assert (both.status_code, both.json["code"]) == (409, "not_bookable")  # type: ignore[index]
