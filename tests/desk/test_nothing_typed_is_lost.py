"""Ten minutes at a form, the cover in between, and what was typed is there: for every form of the staff."""

from datetime import timedelta
from html import unescape

import time_machine
from sqlalchemy import select

from clinic.db import reading
from clinic.staff.models import SignIn
from tests.desk import routes
from tests.desk.conftest import PASSWORD, PIN, Desk, csrf

TYPED = "Қайта жазу керек емес: \r\nfifteen minutes of <b>writing</b> & more"
DOORS = ("/staff/sign-", "/staff/sit-down", "/staff/lock", "/staff/unlock", "/staff/unsent", "/staff/invited/")


def test_every_form_of_the_staff_survives_the_cover(desk: Desk, evening: time_machine.Traveller) -> None:
    routes.everybody(desk)
    forms = [
        routes.address(rule, desk, desk.slug)
        for rule in routes.rules(desk.app)
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(DOORS) and "accept" not in rule.endpoint
    ]
    client = desk.client("chief")
    token = csrf(client, "/staff/pin")
    for path in forms:
        evening.shift(timedelta(seconds=25))  # no more than thirty PINs in ten minutes
        client.get("/staff/lock")
        sent = {"csrf_token": token, "text": TYPED, "many": ["one", "two"], "password": PASSWORD}
        assert client.post(path, data=sent).headers["Location"] == "/staff/lock", path
        with reading() as s:
            assert b"writing" not in (s.scalar(select(SignIn.unsent)) or b"writing")
        opened = client.post("/staff/unlock", data={"csrf_token": token, "pin": PIN})
        assert opened.headers["Location"] == "/staff/unsent", path
        page = unescape(client.get("/staff/unsent").text)
        assert f'action="{path}"' in page
        assert f'name="text" value="{TYPED}"' in page
        assert page.count('name="many" value="') == 2
        assert PASSWORD not in page
    assert len(forms) > 40


def test_what_was_sent_from_a_covered_screen_is_sent_after_the_pin_and_then_forgotten(
    desk: Desk, evening: time_machine.Traveller
) -> None:
    client = desk.client()
    token = csrf(client, desk.url())
    evening.shift(timedelta(minutes=15))
    client.post(desk.url("/note"), data={"csrf_token": token, "text": "The printer needs paper"})
    client.post("/staff/unlock", data={"csrf_token": token, "pin": PIN})
    assert "The printer needs paper" not in client.get(desk.url()).text
    page = client.get("/staff/unsent").text
    assert "The printer needs paper" in page
    client.post(desk.url("/note"), data={"csrf_token": token, "text": "The printer needs paper", "carried": "1"})
    assert "The printer needs paper" in client.get(desk.url()).text
    assert client.get("/staff/unsent").status_code == 303


def test_it_can_be_left_unsent(desk: Desk) -> None:
    client = desk.client()
    token = csrf(client, desk.url())
    client.get("/staff/lock")
    client.post(desk.url("/note"), data={"csrf_token": token, "text": "not this"})
    client.post("/staff/unlock", data={"csrf_token": token, "pin": PIN})
    client.post("/staff/unsent", data={"csrf_token": token})
    assert client.get("/staff/unsent").status_code == 303


def test_what_another_site_sends_in_her_name_is_not_kept(desk: Desk) -> None:
    client = desk.client()
    token = csrf(client, desk.url())
    client.get("/staff/lock")
    client.post(desk.url("/note"), data={"csrf_token": "foreign", "text": "planted"})
    opened = client.post("/staff/unlock", data={"csrf_token": token, "pin": PIN})
    assert opened.headers["Location"] != "/staff/unsent"


def test_typing_keeps_the_screen_open_and_an_open_page_does_not(desk: Desk, evening: time_machine.Traveller) -> None:
    client = desk.client()
    for _ in range(4):
        evening.shift(timedelta(minutes=6))
        typing = client.get("/staff/here", headers={"Keshki-Poll": "1", "Keshki-Active": "1"})
        assert typing.status_code == 204
    for _ in range(2):
        evening.shift(timedelta(minutes=6))
        left = client.get("/staff/here", headers={"Keshki-Poll": "1"})
    assert left.status_code == 401


def test_after_the_pin_she_is_where_she_was(desk: Desk) -> None:
    client = desk.client("keeper")  # several places
    page = client.get("/staff/pin").text
    token = csrf(client, "/staff/pin")
    way = unescape(page.split('id="lock" href="')[1].split('"')[0])
    client.get(way)
    opened = client.post("/staff/unlock", data={"csrf_token": token, "pin": PIN})
    assert opened.headers["Location"] == "/staff/pin"


def test_three_wrong_pins_give_their_reason(desk: Desk) -> None:
    client = desk.client()
    token = csrf(client, desk.url())
    client.get("/staff/lock")
    for _ in range(3):
        answer = client.post("/staff/unlock", data={"csrf_token": token, "pin": "0000"})
    assert answer.headers["Location"] == "/staff/sign-in"
    assert "PIN" in client.get("/staff/sign-in").text.split('role="alert"')[1].split("</div>")[0]
