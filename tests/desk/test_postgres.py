"""The same evening on PostgreSQL."""

import secrets

from flask import Flask

from clinic.booking import tickets
from tests.desk.conftest import furnish, post
from tests.desk.test_late import PHONE
from tests.desk.test_line import row, wait
from tests.desk.test_visit import act


def test_an_evening_on_postgresql(pg_app: Flask, evening: object) -> None:
    desk = furnish(pg_app)
    booked = desk.booked(20).appointment
    client = desk.client()
    found = post(client, desk.url(), "/find", {"q": f"{booked.ticket}{min(tickets.letters(booked.noun))}"})
    assert f"{booked.ticket}:booked:here" in found.text
    for was, to in (("booked", "here"), ("here", "in_room"), ("in_room", "here")):
        assert post(client, desk.url(), "/step", {"step": f"{booked.ticket}:{was}:{to}"}).status_code == 200
    assert post(client, desk.url(), "/step", {"step": f"{booked.ticket}:booked:here"}).status_code == 409
    data = {"token": secrets.token_urlsafe(16), "minutes": "20"}
    first, again = (post(client, desk.url(), "/walk-in", data) for _ in range(2))
    assert first.status_code == again.status_code == 200
    board = client.get(desk.url("/board"), headers={"Keshki-Poll": "1"})
    assert board.text.count(":here:in_room") >= 2
    assert client.get(desk.url("/board"), headers={"If-None-Match": board.headers["ETag"]}).status_code == 304


def test_what_the_desk_does_on_its_day_works_on_postgresql(pg_app: Flask, evening: object) -> None:
    desk = furnish(pg_app)
    booked, client = desk.booked(0), desk.client()
    ticket, later = booked.appointment.ticket, desk.woman(40, PHONE)
    page, visit = desk.url(), f"/visit/{ticket}"
    for step in ("booked:missed", "missed:here", "here:in_room"):
        assert post(client, page, "/step", {"step": f"{ticket}:{step}"}).status_code == 200
    waiting = wait(desk, client)
    assert post(client, page, "/line", {"call": f"{waiting}:{desk.rooms[1]}"}).status_code == 200
    for minutes in ("30", "45", "0"):
        assert post(client, page, "/late", {"room": str(desk.rooms[0]), "minutes": minutes}).status_code == 200
    assert act(desk, client, later, "move", row(later).start_cell + 12).status_code == 200
    assert act(desk, client, later, "stop").status_code == 200
    assert act(desk, client, ticket, "next", row(ticket).start_cell + 288 * 84).status_code == 200
    for what in ("awaited", "awaited", "ready"):
        assert post(client, page, f"{visit}/{what}", {}, scripted=False).status_code == 303
    assert post(desk.client("aigul"), page, f"{visit}/note", {"note": "Тише"}, scripted=False).status_code == 303
    assert post(client, page, "/note", {"text": "Ключ у охраны"}, scripted=False).status_code == 303
    assert "Ключ у охраны" in client.get(page).text
    assert client.get(desk.url("/week")).status_code == 200
    mine = desk.stranger().post("/ru/mine", data={"code": booked.code}).text
    assert "Для вас что-то готово" in mine
    assert "16 февраля" in mine
    closing = {"shown": [str(ticket), str(waiting)]}
    assert post(client, page, "/close", closing, scripted=False).status_code == 200  # type: ignore[arg-type]
    assert [row(number).status for number in (ticket, waiting, later)] == ["done", "done", "cancelled"]
