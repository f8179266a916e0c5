"""What the desk is told after an act, and what it sees of what others did."""

from clinic import clock
from clinic.booking import reshape
from clinic.db import writing
from clinic.desk import board
from tests.desk.conftest import Desk, csrf, post

TOKEN = "t" * 22


def said(page: str) -> str:
    return page.split('id="said"')[1].split("</div>")[0]


def test_after_a_walk_in_the_way_back_is_its_own(desk: Desk) -> None:
    first, client = desk.woman(20), desk.client()
    post(client, desk.url(), "/step", {"step": f"{first}:booked:here"})
    answer = post(client, desk.url(), "/walk-in", {"token": TOKEN, "minutes": "20"}).text
    assert f'value="{first}:here:booked"' not in said(answer)
    assert ":here:cancelled" in said(answer)


def test_who_has_cancelled_is_seen_on_the_open_roster(desk: Desk) -> None:
    booked, client = desk.booked(20), desk.client()
    ticket, start = booked.appointment.ticket, booked.appointment.start
    poll = {"Keshki-Poll": "1"}
    before = client.get(desk.url("/board"), headers=poll)
    with writing() as s:
        rid = board.rid_of(s, desk.location_id, desk.day, ticket)
        assert rid is not None
        reshape.stop_one(s, desk.location_id, rid, "somebody", clock.now(), start)
    after = client.get(desk.url("/board"), headers={**poll, "If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert str(ticket) in after.text.split("Отменено")[1].split("</section>")[0]


def test_a_page_that_is_not_there_leads_back_to_the_desk(desk: Desk) -> None:
    page = desk.client().get("/ru/staff/nothing-here")
    assert page.status_code == 404
    assert 'href="/ru/staff/"' in page.text
    assert "/near" not in page.text


def test_opening_again_answers_that_it_is_open(desk: Desk) -> None:
    chief, url = desk.client("chief"), f"/staff/stop/{desk.slug}"
    chief.post(url, data={"csrf_token": csrf(chief, url), "act": "stop"})
    answer = chief.post(url, data={"csrf_token": csrf(chief, url), "act": "reopen"}, follow_redirects=True).text
    assert "notice good" in answer
    assert 'value="stop"' not in answer


def test_the_menu_has_at_most_seven_words_and_the_last_leads_to_all(desk: Desk) -> None:
    chief = desk.client("chief")
    menu = chief.get("/staff/more").text.split('class="sections"')[1].split("</span>")[0]
    assert 3 < menu.count("<a ") <= 7
    assert 'href="/staff/more"' in menu
    every = chief.get("/staff/more").text.split("<main")[-1]
    assert all(f'href="/staff/{page}' in every for page in ("referrals", "requests", "reach", "people", "pages"))
