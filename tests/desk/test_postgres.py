"""The same evening on PostgreSQL."""

import secrets

from flask import Flask

from clinic.booking import tickets
from tests.desk.conftest import furnish, post


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
