"""The page of one visit: moved, taken off, booked again; once for each press, never on what was not seen."""

import re
import secrets
from datetime import timedelta
from typing import Any

import time_machine
from sqlalchemy import select

from clinic import clock, wording
from clinic.booking import placing, tickets
from clinic.booking.models import Appointment
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, LocationService, Room, RoomService
from clinic.messaging import covers
from tests import factories
from tests.desk.conftest import Desk, post
from tests.desk.test_late import PHONE
from tests.desk.test_line import row, wait


def act(desk: Desk, client: Any, ticket: int, what: str, start: int | None = None, **more: str):  # type: ignore[no-untyped-def]
    data = {"token": secrets.token_urlsafe(16), "seen": str(row(ticket).start_cell), "sure": "1", **more}
    if start is not None:
        data["start"] = str(start)
    return post(client, desk.url(), f"/visit/{ticket}/{what}", data, scripted=False)


def times(page: str) -> list[int]:
    return [int(cell) for cell in re.findall(r'name="start" value="(\d+)"', page)]


def test_it_is_moved_to_a_free_time_of_another_day_and_the_message_tells_it(desk: Desk) -> None:
    told, untold, client = desk.woman(40, PHONE), desk.woman(40), desk.client()
    thursday = desk.day + timedelta(days=2)
    for ticket, word in ((told, "good"), (untold, "bad")):
        page = client.get(desk.url(f"/visit/{ticket}?day={thursday}")).text
        start = times(page)[3]
        assert clock.service_day(clock.moment(start)) == thursday
        rid = row(ticket).rid
        done = act(desk, client, ticket, "move", start)
        assert f'class="notice {word}" role="status"' in done.text
        with reading() as s:
            moved = s.get_one(Appointment, rid)
            assert (moved.day, moved.start_cell, moved.status) == (thursday, start, "booked")
            assert f">{moved.ticket}</h2>" in done.text
        assert client.get(desk.url(f"/visit/{ticket}")).status_code == 404


def test_who_comes_with_the_old_number_is_told_the_new_one(desk: Desk) -> None:
    booked, client = desk.booked(40), desk.client()
    ticket, letter = booked.appointment.ticket, booked.appointment.noun_in("ru")[0]
    act(desk, client, ticket, "move", row(ticket).start_cell + 288)
    with reading() as s:
        new = s.scalars(select(Appointment.ticket)).one()
    assert "Сказать на входе" in client.get(desk.url()).text
    found = post(client, desk.url(), "/find", {"q": f"{ticket} {letter}"}).text
    assert "завтра" in found
    assert f"Номер теперь {new}." in found
    wrong = "ы" if letter != "ы" else "ь"
    assert "Номер теперь" not in post(client, desk.url(), "/find", {"q": f"{ticket} {wrong}"}).text


def test_a_press_on_what_was_moved_meanwhile_moves_nothing(desk: Desk) -> None:
    ticket = desk.woman(40)
    one, two = desk.client(), desk.client("aigul")
    start = row(ticket).start_cell
    seen = str(start)
    assert act(desk, one, ticket, "move", start + 12).status_code == 200
    late = act(desk, two, ticket, "move", start + 24, seen=seen)
    assert late.status_code == 409
    assert "21:20" in late.text, "the truth"
    assert act(desk, two, ticket, "stop", seen=seen).status_code == 409
    assert row(ticket).start_cell == start + 12


def test_pressed_twice_it_is_done_once(desk: Desk) -> None:
    ticket, client, token = desk.woman(0), desk.client(), secrets.token_urlsafe(16)
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    start = row(ticket).start_cell + 288 * 7
    for _ in range(3):
        assert act(desk, client, ticket, "next", start, token=token).status_code == 200
    with reading() as s:
        assert len(list(s.scalars(select(Appointment.rid)))) == 2
    other = act(desk, client, ticket, "next", start + 12, token=token)
    assert other.status_code == 409


def test_a_time_that_is_taken_or_none_is_answered_with_others(desk: Desk) -> None:
    tickets = [desk.woman(40) for _ in desk.rooms]
    moving, client = desk.woman(80), desk.client()
    for start in (row(tickets[0]).start_cell, 1, clock.cell(clock.now()) + 288 * 120):
        answer = act(desk, client, moving, "move", start)
        assert answer.status_code == 409
        assert times(answer.text)
    assert act(desk, client, moving, "move").status_code == 400
    for wrong in ({"seen": "x"}, {"token": "short"}, {"remind": "7"}):
        assert act(desk, client, moving, "move", 1, **wrong).status_code == 422


def test_what_no_link_leads_to_is_read_safely(desk: Desk) -> None:
    ticket, client = desk.woman(40), desk.client()
    for query in (
        "day=2026-02-31",
        "day=9999-12-31",
        "day=%00",
        "day=2020-01-01",
        "to=x",
        "to=next",
        "day=" + "9" * 5000,
    ):
        assert client.get(desk.url(f"/visit/{ticket}?{query}")).status_code == 200, query
    for number in ("0", "99999", "9" * 30):
        assert client.get(desk.url(f"/visit/{number}")).status_code == 404
        for what in ("awaited", "fetched"):
            answer = post(client, desk.url(), f"/visit/{number}/{what}", {})
            assert answer.status_code in (404, 405, 409), (number, what)
    data = {"token": "t" * 22, "seen": "1", "start": "35791394"}
    assert post(client, desk.url(), "/visit/99999/move", data).status_code == 409
    assert post(client, desk.url(), f"/visit/{'9' * 30}/move", data).status_code in (404, 405)


def test_who_is_in_the_room_stays_there(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    for step in ("booked:here", "here:in_room"):
        post(client, desk.url(), "/step", {"step": f"{ticket}:{step}"})
    assert act(desk, client, ticket, "stop").status_code == 409
    assert row(ticket).status == "in_room"


def test_taken_off_its_time_is_free_and_it_can_be_found_that_it_was(desk: Desk) -> None:
    booked, client = desk.booked(40, PHONE), desk.client()
    ticket = booked.appointment.ticket
    assert "notice good" in act(desk, client, ticket, "stop").text
    assert row(ticket).status == "cancelled"
    letter = booked.appointment.noun_in("ru")[0]
    found = post(client, desk.url(), "/find", {"q": f"{ticket} {letter}"}).text
    assert str(ticket) in found
    assert 'class="notice"' in found


def test_again_in_twelve_weeks_hangs_from_the_same_code(desk: Desk, evening: time_machine.Traveller) -> None:
    booked, client = desk.booked(0, PHONE), desk.client()
    ticket = booked.appointment.ticket
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    later = desk.day + timedelta(weeks=12)
    page = client.get(desk.url(f"/visit/{ticket}?to=next&day={later}")).text
    done = act(desk, client, ticket, "next", times(page)[0])
    assert done.status_code == 200
    with reading() as s:
        made = s.scalars(select(Appointment).where(Appointment.day == later)).one()
    assert f"{tickets.noun_words(made.noun, 'ru')}</span> {made.ticket}" in done.text, "number and word, said once"
    evening.shift(timedelta(days=10))
    mine = desk.stranger().post("/ru/mine", data={"code": booked.code}).text
    assert "Quick test (ru)" in mine
    assert "16 февраля" in mine


def test_one_without_a_code_gets_a_word_and_a_number(desk: Desk) -> None:
    client = desk.client()
    ticket = wait(desk, client)
    start = clock.cell(clock.now()) + 288 * 7
    done = act(desk, client, ticket, "next", start)
    assert done.headers["Refresh"].startswith("30;")
    with reading() as s:
        made = s.scalars(select(Appointment).where(Appointment.start_cell == start)).one()
    assert (made.pass_id, made.status) == (None, "booked")
    assert f"</span> {made.ticket}</h2>" in done.text
    assert client.get(desk.url(f"/visit/{ticket}/next")).status_code == 303


def test_what_a_move_or_a_cancellation_sends_is_shown_first(desk: Desk) -> None:
    ticket, client = desk.woman(40, PHONE), desk.client()
    start = row(ticket).start_cell
    looked = act(desk, client, ticket, "move", start + 12, sure="")
    assert looked.status_code == 200
    assert covers.moved("ru", clock.moment(start + 12)) in looked.text
    assert row(ticket).start_cell == start, "nothing is moved by looking"
    assert covers.stopped("ru", clock.moment(start)) in client.get(desk.url(f"/visit/{ticket}")).text
    silent = desk.woman(40)
    assert "notice bad" in act(desk, client, silent, "move", row(silent).start_cell + 12, sure="").text, (
        "nobody to tell"
    )


def test_the_clinician_chooses_what_the_next_one_is_for(desk: Desk) -> None:
    with writing() as s:
        long = factories.a_service(s, "long", 60, name="Long talk")
        place, room = s.get_one(Location, desk.location_id), s.get_one(Room, desk.rooms[0])
        s.add(RoomService(room_id=room.id, service_id=long.id))
        s.add(LocationService(location_id=place.id, service_id=long.id, cost=Text3()))
        catalogue.changed(s)
        number, long_id = long.number, long.id
    ticket, client = desk.woman(0), desk.client("aigul")
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    page = client.get(desk.url(f"/visit/{ticket}?to=next")).text
    assert "<b>Quick test (ru)</b>" in page, "the same is shown, and can be changed"
    assert "<b>Quick test (ru)</b>" not in desk.client().get(desk.url(f"/visit/{ticket}?to=next")).text
    start = row(ticket).start_cell + 288 * 7
    made = act(desk, client, ticket, "next", start, service=str(number))
    key = bytes.fromhex(re.findall(r'name="key" value="([0-9a-f]{32})"', made.text)[0])
    with reading() as s:
        new = s.get_one(Appointment, key)
        assert (new.visit_cells, placing.unseal(new.rid, new.details).services) == (12, (long_id,))
    post(client, desk.url(), f"/visit/{new.ticket}/undo", {"key": key.hex()})
    with reading() as s:
        assert s.get_one(Appointment, key).status == "cancelled"


def test_something_is_ready_only_for_who_has_come(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    assert "/awaited" not in client.get(desk.url(f"/visit/{ticket}")).text.split("<main")[1]
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    assert f"/visit/{ticket}/awaited" in client.get(desk.url(f"/visit/{ticket}")).text


def test_a_ticket_of_another_day_is_found_with_its_day_and_hour(desk: Desk) -> None:
    for _ in range(3):
        desk.woman(0)
    tomorrow = 24 * 60 + 60
    booked = desk.booked(tomorrow).appointment
    while booked.ticket <= 9:  # today has given out up to nine
        tomorrow += 20
        booked = desk.booked(tomorrow).appointment
    found = post(desk.client(), desk.url(), "/find", {"q": f"{booked.ticket} {booked.noun_in('ru')[0]}"}).text
    assert "завтра" in found
    assert wording.time_words(booked.start) in found
