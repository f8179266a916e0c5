"""Stop tonight at the desk: two taps, everybody is out, and only a coordinator opens again."""

import re
from datetime import timedelta

from sqlalchemy import select

from clinic import clock
from clinic.db import writing
from clinic.directory import catalogue
from clinic.messaging import covers
from clinic.staff import leaving, sign_in
from clinic.staff.models import Device, Staff
from tests.desk.conftest import Desk, csrf


def test_two_taps_stop_the_place_and_sign_the_desk_out(desk: Desk) -> None:
    ticket = desk.woman(20)
    code = desk.booked(40).code
    gulnar, aigul, chief, dala = (desk.client(who) for who in ("gulnar", "aigul", "chief", "dala"))
    url = f"/staff/stop/{desk.slug}"
    assert url in gulnar.get(desk.url()).text
    assert str(ticket) in gulnar.get(url).text
    answer = gulnar.post(url, data={"csrf_token": csrf(gulnar, url), "act": "stop"})
    assert answer.headers["Location"] == "/staff/sign-in?done=1"
    assert "Готово." in gulnar.get("/staff/sign-in?done=1").text, "whoever pressed sees that it worked"
    for one in (gulnar, aigul):
        assert one.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert dala.get(desk.url(slug=desk.foreign_slug)).status_code == 200
    she = desk.stranger()
    assert she.get(f"/ru/at/{desk.slug}").status_code == 404
    assert desk.slug not in she.get("/ru/near?near=Almaty").text
    assert she.get(f"/api/v1/locations/{desk.slug}").status_code == 404
    mine = she.post("/ru/mine", data={"code": code}).text
    assert "Не приходите" in mine
    assert "Байтурсынова" not in mine
    # nobody at the desk may take it back, a coordinator may
    gulnar = desk.client("gulnar")
    assert gulnar.post(url, data={"csrf_token": csrf(gulnar, url), "act": "reopen"}).status_code == 404
    assert she.get(f"/ru/at/{desk.slug}").status_code == 404
    assert "reopen" not in gulnar.get(url).text
    chief.post(url, data={"csrf_token": csrf(chief, url), "act": "reopen"})
    assert she.get(f"/ru/at/{desk.slug}").status_code == 200


def test_a_coordinator_who_stops_stays_in_and_a_later_visit_waits(desk: Desk) -> None:
    later = desk.booked(24 * 60).code
    chief = desk.client("chief")
    url = f"/staff/stop/{desk.slug}"
    assert chief.post(url, data={"csrf_token": csrf(chief, url), "act": "stop"}).headers["Location"] == url
    assert "Открыть снова" in chief.get(url).text
    mine = desk.stranger().post("/ru/mine", data={"code": later}).text
    assert "Сейчас здесь никого не принимают" in mine
    assert 'value="times"' not in mine
    assert chief.post(url, data={"csrf_token": csrf(chief, url), "act": "x"}).status_code == 422


def test_whoever_is_signed_in_at_its_shared_desk_is_out_too(desk: Desk) -> None:
    now = clock.now()
    with writing() as s:
        shared = Device(
            token_hash=b"d" * 32,
            location_id=desk.location_id,
            name="Desk",
            added_on=now.date(),
            ends_on=now.date() + timedelta(days=9),
        )
        s.add(shared)
        s.flush()
        dala = s.scalars(select(Staff.id).where(Staff.login == "dala")).one()
        begun = sign_in.begin(s, dala, now, shared.id)
        elsewhere = sign_in.begin(s, dala, now)
    with writing() as s:
        leaving.end_at(s, catalogue.current(s).locations[desk.location_id])
    with writing() as s:
        assert sign_in.find(s, begun, now) is None
        assert sign_in.find(s, elsewhere, now) is not None


def test_under_her_code_another_place_is_one_tap_away(desk: Desk) -> None:
    booked = desk.booked(20)
    chief, url = desk.client("chief"), f"/staff/stop/{desk.slug}"
    chief.post(url, data={"csrf_token": csrf(chief, url), "act": "stop"})
    she = desk.stranger()
    mine = she.post("/ru/mine", data={"code": booked.code}).text
    assert "Куда можно вместо этого" in mine
    assert f"/at/{desk.foreign_slug}/book" in mine
    start = mine.split('name="start" value="')[1].split('"')[0]
    confirm = she.post(f"/ru/at/{desk.foreign_slug}/book", data={"code": booked.code, "service": "1", "start": start})
    assert confirm.status_code == 200
    assert "Dala" in confirm.text
    assert str(booked.code) in confirm.text


def test_the_words_that_are_shown_are_those_that_go(desk: Desk) -> None:
    silent, told = desk.booked(20).appointment, desk.booked(60, "+77015550142").appointment
    page = desk.client().get(f"/staff/stop/{desk.slug}").text
    shown = re.findall(r'<p class="sms">([^<]*)</p>', page)
    assert shown == [covers.stopped("ru", told.start)]
    assert shown != [covers.stopped("ru", silent.start)]
