"""What is not theirs does not exist, and services are for clinicians only; every route by role: test_roles.py."""

import re

import pytest

from clinic.db import writing
from clinic.directory import catalogue
from tests import factories
from tests.desk import routes
from tests.desk.conftest import Desk, csrf


def test_a_stranger_sees_the_sign_in_and_nothing_else(desk: Desk) -> None:
    stranger = desk.stranger()
    for rule in routes.rules(desk.app):
        for method in routes.methods(rule):
            answer = stranger.open(routes.address(rule, desk, desk.slug), method=method)
            if rule.endpoint in ("desk.sign_in_page", "desk.sign_in", "desk.accept"):
                continue
            at_the_door = answer.status_code == 303 and answer.headers["Location"] == "/staff/sign-in"
            says_nothing = answer.status_code == 204 and not answer.data  # the bell of who is on duty
            assert at_the_door or says_nothing or answer.status_code == 400, (method, rule.rule, answer.status_code)


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


def test_of_several_places_the_one_opened_last_in_this_browser_stands_first(desk: Desk) -> None:
    with writing() as s:
        names = ("Aray", "Bulaq", "Zere")
        slugs = {name: factories.a_location(s, name).slug for name in names}
        catalogue.changed(s)
    client = desk.client("chief")
    first = re.findall(r"/staff/roster/(\w+)/", client.get("/en/staff/").text)
    assert set(slugs.values()) <= set(first)
    assert first[0] != slugs["Zere"]
    assert client.get(desk.url(slug=slugs["Zere"])).status_code == 200
    page = client.get("/en/staff/").text
    assert re.findall(r"/staff/roster/(\w+)/", page)[0] == slugs["Zere"]
    assert "opened last here" in page


def names(page: str) -> set[str]:
    return set(re.findall(r"(?:Aray|Bulaq|Zere|Nura|Dostyk|Samal)", page[page.index("<main") :]))


@pytest.mark.parametrize("path", ["/en/staff/hours", "/en/staff/trainings"])
def test_a_long_list_of_places_is_searched_and_a_short_one_is_not(desk: Desk, path: str) -> None:
    client = desk.client("chief")
    assert 'name="q"' not in client.get(path, follow_redirects=True).text
    with writing() as s:
        for name in ("Aray", "Bulaq", "Zere", "Nura", "Dostyk", "Samal"):
            factories.a_location(s, name)
        catalogue.changed(s)
    assert names(client.get(path).text) == {"Aray", "Bulaq", "Zere", "Nura", "Dostyk", "Samal"}
    found = client.get(path, query_string={"q": "буlaq"}).text
    assert 'value="буlaq"' in found
    assert names(client.get(path, query_string={"q": "булак"}).text) == {"Bulaq"}
    assert names(client.get(path, query_string={"q": "nowhere"}).text) == set()
    assert "Show all" in client.get(path, query_string={"q": "nowhere"}).text
