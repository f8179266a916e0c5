"""No phone, no code, no noun, no service in anything that the desk is sent."""

import re

import pytest
from sqlalchemy import select

from clinic.booking import tickets
from clinic.booking.models import Appointment
from clinic.db import reading
from clinic.privacy import codes
from tests.desk.conftest import Desk, csrf, post

PHONE = "+77011234567"


def test_neither_phone_nor_code_nor_noun_is_in_any_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = next(n for n, noun in enumerate(tickets.NOUNS) if noun.en == "Edelweiss")  # "Күн" is an everyday word
    monkeypatch.setattr(tickets, "any_noun", lambda: rare)
    booked = [desk.booked(20 * n, phone=PHONE) for n in range(4)]
    client = desk.client()
    step = f"{booked[0].appointment.ticket}:booked:here"
    letter = min(tickets.letters(booked[1].appointment.noun))
    pages = [
        client.get(desk.url()).text,
        client.get("/kk" + desk.url()).text,
        client.get("/en" + desk.url()).text,
        client.get(desk.url("/board"), headers={"Keshki-Poll": "1"}).text,
        post(client, desk.url(), "/step", {"step": step}).text,
        post(client, desk.url(), "/find", {"q": f"{booked[1].appointment.ticket}{letter}"}).text,
        client.get("/staff/").text,
        client.get(desk.url(f"/visit/{booked[2].appointment.ticket}")).text,
        client.get(desk.url("/week")).text,
        client.get(desk.url("/close")).text,
        post(client, desk.url(), f"/visit/{booked[2].appointment.ticket}/awaited", {}).text,
        client.get(f"/staff/awaited/{desk.slug}").text,
        move(desk, client, booked[3].appointment.ticket).text,
        client.get(f"/staff/stop/{desk.slug}").text,
        client.get(f"/staff/closures/{desk.slug}").text,
        client.post(
            f"/staff/closures/{desk.slug}",
            data={"csrf_token": csrf(client, "/staff/pin"), "token": "x" * 22, "room": "0", "day": "2026-11-24"},
        ).text,
        desk.client("aigul").get(desk.url() + f"?room={desk.rooms[0]}").text,
    ]
    for page in pages:
        digits = re.sub(r"\D", "", page)
        assert PHONE[2:] not in digits
        assert PHONE[-7:] not in page
        for one in booked:
            assert one.code is not None
            assert one.code not in page
            assert codes.shown(one.code) not in page
            assert one.appointment.rid.hex() not in page
            for language in ("kk", "ru", "en"):
                assert not re.search(rf"\b{one.appointment.noun_in(language)}\b", page)


def move(desk: Desk, client, ticket: int):  # type: ignore[no-untyped-def]
    with reading() as s:
        cell = s.execute(select(Appointment.start_cell).where(Appointment.ticket == ticket)).scalar_one()
    data = {"token": "t" * 22, "seen": str(cell), "start": str(cell + 288)}
    return post(client, desk.url(), f"/visit/{ticket}/move", data)


def test_pages_are_never_kept(desk: Desk) -> None:
    client = desk.client()
    for url in (desk.url(), desk.url("/board"), desk.url("/week"), desk.url("/visit/1"), "/staff/", "/staff/lock"):
        assert client.get(url).headers["Cache-Control"] == "no-store", url


def test_titles_name_no_place_and_no_service(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    for url in (desk.url(), desk.url(f"/visit/{ticket}"), desk.url("/week"), desk.url("/close"),
                f"/staff/awaited/{desk.slug}"):  # fmt: skip
        title = re.search(r"<title>(.*?)</title>", client.get(url).text, re.S)
        assert title is not None
        assert "Saya" not in title[1]
