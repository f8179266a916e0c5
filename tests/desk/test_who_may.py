"""What is not theirs does not exist: every staff route, with a foreign place and a foreign role."""

import re

import pytest
from sqlalchemy import select

from clinic.booking.models import Appointment
from clinic.db import reading
from tests.desk.conftest import Desk, csrf

OUTSIDE = {"desk.sign_in_page", "desk.sign_in", "desk.sign_out", "desk.lock", "desk.unlock"}


def staff_rules(desk: Desk):  # type: ignore[no-untyped-def]
    found = [rule for rule in desk.app.url_map.iter_rules() if rule.rule.startswith("/staff")]
    assert len(found) >= 12
    return found


def address(rule, slug: str, day: str) -> str:  # type: ignore[no-untyped-def]
    path = rule.rule.replace("<slug>", slug).replace("<day>", day)
    path = re.sub(r"<any\(([a-z]+).*?:act>", r"\1", path)
    assert "<" not in path, f"teach this test the part in {rule.rule}"
    return str(path)


def test_every_staff_view_says_for_whom_it_is(desk: Desk) -> None:
    for rule in staff_rules(desk):
        view = desk.app.view_functions[rule.endpoint]
        assert rule.endpoint in OUTSIDE or getattr(view, "staff_roles", None), rule.endpoint


def test_a_stranger_sees_the_sign_in_and_nothing_else(desk: Desk) -> None:
    stranger = desk.stranger()
    for rule in staff_rules(desk):
        for method in rule.methods & {"GET", "POST"}:
            answer = stranger.open(address(rule, desk.slug, desk.day.isoformat()), method=method)
            if rule.endpoint in ("desk.sign_in_page", "desk.sign_in"):
                continue
            at_the_door = answer.status_code == 303 and answer.headers["Location"] == "/staff/sign-in"
            assert at_the_door or answer.status_code == 400, (method, rule.rule, answer.status_code)


@pytest.mark.parametrize("login", ["dala", "keeper"])
def test_another_place_and_another_role_meet_404(desk: Desk, login: str) -> None:
    ticket = desk.woman(0)
    client = desk.client(login)
    token = csrf(client, "/staff/pin")
    with_place = [rule for rule in staff_rules(desk) if "<slug>" in rule.rule]
    assert len(with_place) >= 6
    for rule in with_place:
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(
                address(rule, desk.slug, desk.day.isoformat()),
                method=method,
                data={"csrf_token": token, "step": f"{ticket}:booked:here", "q": f"{ticket} т"}
                if method == "POST"
                else None,
            )
            assert answer.status_code == 404, (login, method, rule.rule)
    with reading() as s:
        assert s.scalars(select(Appointment.status)).one() == "booked"


def test_a_place_that_is_theirs_and_one_that_is_not_look_different_only_to_them(desk: Desk) -> None:
    dala = desk.client("dala")
    assert dala.get(desk.url(slug=desk.foreign_slug)).status_code == 200
    foreign, invented = dala.get(desk.url()), dala.get(desk.url(slug="zzzzz"))
    assert foreign.status_code == invented.status_code == 404
    assert strip(foreign.text) == strip(invented.text)


def strip(page: str) -> str:
    return re.sub(r"/roster/[a-z0-9]{5}/", "/roster/", page)


def test_today_leads_to_the_one_place_or_asks_which(desk: Desk) -> None:
    assert desk.client("gulnar").get("/staff/").headers["Location"] == desk.url()
    several = desk.client("keeper").get("/staff/")
    assert several.status_code == 200
    assert desk.slug not in several.text
    assert desk.client("chief").get("/staff/").headers["Location"] == desk.url()


def test_services_stand_in_the_clinicians_own_room_only(desk: Desk) -> None:
    desk.woman(0)
    room = f"?room={desk.rooms[0]}"
    named = "Quick test (ru)"
    clinician, receptionist, chief = desk.client("aigul"), desk.client("gulnar"), desk.client("chief")
    assert named in clinician.get(desk.url() + room).text
    assert named in clinician.get(desk.url("/board") + room, headers={"Keshki-Poll": "1"}).text
    assert named not in clinician.get(desk.url()).text
    for other in (receptionist, chief):
        assert other.get(desk.url() + room).status_code == 404
        assert other.get(desk.url("/board") + room).status_code == 404
        assert named not in other.get(desk.url()).text
    for wrong in ("?room=", "?room=999", "?room=x", "?room=1&room=2e9", "?room=-1"):
        assert clinician.get(desk.url() + wrong).status_code in (200, 404)
        if wrong != "?room=1&room=2e9":
            assert clinician.get(desk.url() + wrong).status_code == 404


def test_a_clinician_steps_from_her_room_and_comes_back_to_it(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client("aigul")
    room = f"?room={desk.rooms[0]}"
    token = csrf(client, desk.url() + room)
    answer = client.post(desk.url("/step") + room, data={"csrf_token": token, "step": f"{ticket}:booked:here"})
    assert answer.headers["Location"] == desk.url() + room + "#now"


@pytest.mark.parametrize(
    "day",
    ["2026-02-31", "9999-12-31", "0001-01-01", "2026-11-24T00", "٢٠٢٦-١١-٢٤", "20261124", "2027-11-24", "%00", "x"],
)
def test_a_day_that_is_none_is_404(desk: Desk, day: str) -> None:
    assert desk.client().get(f"/staff/roster/{desk.slug}/{day}").status_code == 404
