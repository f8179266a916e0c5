"""What happens to her on the way from a place to a ticket, and under her code."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from clinic import clock
from clinic.booking import typed
from clinic.booking.models import Appointment, Cell
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.messaging import outbox
from clinic.messaging.models import Message
from clinic.passes.models import Pass
from clinic.privacy import sealing
from tests.site.conftest import Offered, book, code, hidden, title, token, words


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def numbers() -> list[str]:
    """The numbers of all messages, as today's keys open them."""
    db.session.rollback()
    return [sealing.open_(outbox.TO, m.rid, m.to) for m in db.session.scalars(select(Message))]


def test_she_books_with_three_taps_and_types_nothing(she: FlaskClient, city: Flask) -> None:
    home = she.get("/ru/")
    tap = re.search(r'<a class="btn main" href="([^"]+)"', home.text)
    assert tap
    listed = she.get(tap[1].replace("&amp;", "&"))
    assert "Записаться без SMS" not in listed.text
    offered = Offered(she)
    confirm = she.get(f"/ru{offered.path}", query_string=offered.fields)
    assert "Записаться без SMS" in confirm.text
    ticket = she.post(
        f"/ru{offered.path}", data={**offered.fields, "act": "plain", "token": hidden(confirm, "token")[0]}
    )
    assert ticket.status_code == 200
    assert "Ваш номерок" in words(ticket)


def test_the_city_is_remembered_only_for_the_visit(she: FlaskClient, city: Flask) -> None:
    she.get("/ru/near?near=Астана")
    home = she.get("/ru/")
    assert "Астана:" in words(home)
    assert "Expires" not in str(she.get_cookie("s"))
    assert she.get_cookie("s").expires is None  # type: ignore[union-attr]


def test_without_cookies_the_city_goes_on_in_the_address(city: Flask) -> None:
    nobody = city.test_client(use_cookies=False)
    back = re.search(r'class="back" href="([^"]+)"', nobody.get("/ru/near?near=Астана").text)
    assert back
    assert "Астана:" in words(nobody.get(back[1]))


def test_a_code_is_shown_once_and_stands_in_no_title_and_no_cookie(she: FlaskClient, offered: Offered) -> None:
    ticket = book(she, offered)
    secret = code(ticket)
    assert secret not in title(ticket)
    assert "Location" not in ticket.headers
    assert secret not in str(ticket.headers)
    opened = she.post("/ru/mine", data={"code": secret})
    assert secret not in words(opened)
    assert ticket.headers["Cache-Control"] == opened.headers["Cache-Control"] == "no-store"


def test_case_19_five_taps_book_once_and_show_the_same_code(she: FlaskClient, offered: Offered) -> None:
    data = {**offered.fields, "token": token(she, offered), "act": "plain"}
    answers = [she.post(f"/ru{offered.path}", data=data) for _tap in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({code(answer) for answer in answers}) == 1
    assert count(Appointment) == 1


def test_case_19_the_same_form_with_another_time_says_so_and_books_nothing_more(
    she: FlaskClient, offered: Offered
) -> None:
    first = token(she, offered)
    she.post(f"/ru{offered.path}", data={**offered.fields, "token": first, "act": "plain"})
    later = Offered(she)
    again = she.post(f"/ru{later.path}", data={**later.fields, "token": first, "act": "plain"})
    assert again.status_code == 409
    assert "уже отправляли" in words(again)
    assert count(Appointment) == 1
    assert hidden(again, "token")[0] != first


def test_case_18_an_expired_form_comes_back_filled_in_with_a_fresh_token(
    she: FlaskClient, offered: Offered, evening: time_machine.Traveller
) -> None:
    tomorrow = {**offered.fields, "start": "2026-11-25T15:00"}
    old = hidden(she.get(f"/ru{offered.path}", query_string=tomorrow), "token")[0]
    evening.shift(timedelta(hours=2, minutes=3))
    contact = {"phone": "8 701 555 01 41", "cover": "class", "language": "kk", "lead": "60"}
    answer = she.post(f"/ru{offered.path}", data={**tomorrow, **contact, "token": old, "act": "check"})
    assert answer.status_code == 400
    assert "Страница долго была открыта" in words(answer)
    assert 'value="8 701 555 01 41"' in answer.text
    assert re.search(r'name="cover" value="class" checked', answer.text)
    assert count(Appointment) == 0
    fresh = hidden(answer, "token")[0]
    booked = she.post(f"/ru{offered.path}", data={**tomorrow, "token": fresh, "act": "plain"})
    assert booked.status_code == 200


def test_case_3_the_second_woman_gets_three_other_times_and_keeps_what_she_typed(
    city: Flask, she: FlaskClient, offered: Offered
) -> None:
    other = city.test_client()
    hers = token(other, offered)
    while True:  # fill every room of the place at this time
        answer = book(city.test_client(), offered)
        if answer.status_code != 200:
            break
    contact = {"phone": "+7 701 555 01 41", "cover": "parcel", "language": "kk", "lead": "15"}
    late = other.post(f"/ru{offered.path}", data={**offered.fields, **contact, "token": hers, "act": "book"})
    assert late.status_code == 409
    assert "только что заняли" in words(late)
    assert len(re.findall(r'<button class="btn go[^"]*" name="start"', late.text)) == 3
    assert hidden(late, "phone") == ["+7 701 555 01 41"]
    assert hidden(late, "cover") == ["parcel"]
    start = re.search(r'name="start" value="([^"]+)" formaction="([^"]+)"', late.text)
    assert start
    fields = {"service": hidden(late, "service"), "token": hidden(late, "token")[0], "act": "plain", "start": start[1]}
    assert other.post(start[2], data=fields).status_code == 200


def test_she_moves_and_cancels_under_her_code(she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    opened = she.post("/ru/mine", data={"code": secret.lower()})
    visit = hidden(opened, "visit")[0]
    times = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "times", "day": "2026-11-25"})
    later = re.findall(r'name="start" value="(2026-11-25[^"]+)"', times.text)[0]
    moved = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "move", "start": later})
    assert "Перенесено" in words(moved)
    assert "завтра, ср 25 ноября" in words(moved)
    cancelled = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "cancel"})
    assert "Отменено" in words(cancelled)
    assert count(Cell) == 0


def test_a_time_taken_while_she_moves_keeps_the_old_one(city: Flask, she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    visit = hidden(she.post("/ru/mine", data={"code": secret}), "visit")[0]
    taken = "2026-11-25T15:00"
    while book(city.test_client(), offered, start=taken).status_code == 200:
        pass
    answer = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "move", "start": taken})
    assert answer.status_code == 409
    assert "только что заняли" in words(answer)
    assert "остаётся это" in words(answer)
    still = she.post("/ru/mine", data={"code": secret})
    assert offered.value[-5:].lstrip("0") in words(still)


def test_forget_me_now_leaves_nothing(she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    assert "Стёрто" in words(she.post("/ru/mine", data={"code": secret, "act": "forget"}))
    assert (count(Appointment), count(Cell), count(Pass)) == (0, 0, 0)
    assert she.post("/ru/mine", data={"code": secret}).status_code == 404
    assert Offered(she).value == offered.value  # the time is free again


def test_she_books_something_else_under_the_same_code(she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    listed = she.post("/ru/near", data={"code": secret, "near": "Алматы", "after": "18:00"})
    assert f'name="code" value="{secret}"' in listed.text
    assert secret not in "".join(re.findall(r'(?:href|action)="[^"]*"', listed.text))
    second = Offered(she)
    confirm = she.post(f"/ru{second.path}", data={**second.fields, "code": secret})
    assert "по коду, который вы открыли" in words(confirm)
    data = {**second.fields, "code": secret, "token": hidden(confirm, "token")[0], "act": "plain"}
    ticket = she.post(f"/ru{second.path}", data=data)
    assert "Запись видна по коду" in words(ticket)
    assert 'class="code"' not in ticket.text
    assert words(she.post("/ru/mine", data={"code": secret})).count("Номерок") == 2


def test_the_calendar_file_is_given_by_post_alone(she: FlaskClient, offered: Offered) -> None:
    secret = code(book(she, offered))
    visit = hidden(she.post("/ru/mine", data={"code": secret}), "visit")[0]
    answer = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "calendar"})
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="meeting.ics"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_check_page_says_the_exact_words_and_the_number_and_nothing_later_does(
    she: FlaskClient, offered: Offered
) -> None:
    contact = {"phone": "8 (701) 555-01-41", "cover": "plain", "language": "kk", "lead": "15"}
    confirm = she.get(f"/ru{offered.path}", query_string={**offered.fields, "start": "2026-11-25T15:00"})
    data = {**offered.fields, "start": "2026-11-25T15:00", **contact, "token": hidden(confirm, "token")[0]}
    check = she.post(f"/ru{offered.path}", data={**data, "act": "check"})
    assert "Еске салу: 25 қараша, сәрсенбі, 15:00." in words(check)
    assert "+7 701 555 0141" in words(check)
    ticket = she.post(f"/ru{offered.path}", data={**data, "token": hidden(check, "token")[0], "act": "book"})
    assert ticket.status_code == 200
    opened = she.post("/ru/mine", data={"code": code(ticket)})
    for page in (ticket, opened):
        assert "701" not in words(page)
        assert "0141" not in words(page)
    assert "SMS" in words(opened)
    assert numbers() == ["+77015550141"]
    quiet = she.post("/ru/mine", data={"code": code(ticket), "act": "quiet"})
    assert "Ваш номер стёрт" in words(quiet)
    assert numbers() == [""], "no box holds the number any more, with the keys of today either"


@pytest.mark.parametrize("number", ["8 701 555 01 4", "+7 727 250 00 00", "701 12З 45 67", "+44 20 7946 0958"])
def test_a_number_no_sms_can_reach_is_refused_beside_the_field(she: FlaskClient, offered: Offered, number: str) -> None:
    start = "2026-11-25T15:00"
    data = {**offered.fields, "start": start, "phone": number, "lead": "60", "act": "check"}
    data["token"] = hidden(she.get(f"/ru{offered.path}", query_string={**offered.fields, "start": start}), "token")[0]
    answer = she.post(f"/ru{offered.path}", data=data)
    assert answer.status_code == 400
    assert title(answer).startswith("Ошибка:")
    assert f'value="{number}"' in answer.text
    assert 'id="phone-e"' in answer.text


def test_where_sms_cannot_come_in_time_the_page_says_so_before_she_types(
    she: FlaskClient, evening: time_machine.Traveller
) -> None:
    evening.shift(timedelta(hours=1, minutes=40))  # 21:20, after the hours for SMS
    offered = Offered(she)
    page = she.get(f"/ru{offered.path}", query_string=offered.fields)
    assert "Напоминание по SMS не успеет" in words(page)
    assert 'name="phone"' not in page.text


def test_a_late_visit_names_the_last_useful_reminder_before_she_types(she: FlaskClient) -> None:
    page = she.get("/ru/near?near=Алматы&after=22:30")
    late = re.search(
        r'action="/ru(/at/[a-z0-9]+/book)" method="post"[^>]*>(.*?)name="start" value="(2026-11-24T2[23][^"]+)"',
        page.text,
        re.S,
    )
    assert late
    services = re.findall(r'name="service" value="(\d+)"', late[2])
    confirm = she.get(f"/ru{late[1]}", query_string={"service": services, "start": late[3]})
    assert "Напомнить по SMS, самое позднее в 20:45" in words(confirm)


def test_a_service_that_asks_for_id_is_said_before_she_books(city: Flask, she: FlaskClient) -> None:
    listed = she.get("/ru/near?near=Алматы&service=14&day=2026-11-25")
    found = re.search(
        r'action="/ru(/at/[a-z0-9]+/book)" method="post"[^>]*>.*?name="start" value="([^"]+)"', listed.text, re.S
    )
    assert found
    both = she.get(f"/ru{found[1]}", query_string={"service": ["14", "15"], "start": found[2]})
    if both.status_code != 200:  # the talk may be offered in another room only
        both = she.get(f"/ru{found[1]}", query_string={"service": ["14"], "start": found[2]})
    assert "Здесь спросят удостоверение" in words(both)
    assert "Имя и документы не спросят" not in words(both)


def test_a_walk_in_service_is_never_a_slot(she: FlaskClient, offered: Offered) -> None:
    page = she.get("/ru/near?near=Алматы&service=10")
    assert "72 часа" in words(page)
    assert 'name="start"' not in page.text
    data = {"service": ["10"], "start": offered.value, "token": token(she, offered), "act": "plain"}
    refused = she.post(f"/ru{offered.path}", data=data)
    assert 400 <= refused.status_code < 500
    assert count(Appointment) == 0


def test_a_district_place_shows_its_address_under_the_code_and_only_then(
    city: Flask, she: FlaskClient, evening: time_machine.Traveller
) -> None:
    cat = catalogue.current(db.session())
    bus = next(loc for loc in cat.locations.values() if loc.visibility == "district" and loc.bookable)
    address = bus.address.ru
    assert address
    page = she.get(f"/ru/at/{bus.slug}")
    assert address not in page.text
    start = re.findall(r'name="start" value="([^"]+)"', page.text)[-1]
    service = re.findall(r'name="service" value="(\d+)"[^>]*checked', page.text)
    fields = {"service": service, "start": start}
    confirm = she.get(f"/ru/at/{bus.slug}/book", query_string=fields)
    assert address not in confirm.text
    ticket = she.post(f"/ru/at/{bus.slug}/book", data={**fields, "act": "plain", "token": hidden(confirm, "token")[0]})
    assert address not in ticket.text
    assert "Без него адрес не увидеть" in words(ticket)
    early = she.post("/ru/mine", data={"code": code(ticket)})
    assert address not in early.text
    evening.move_to(typed.start(start) - timedelta(minutes=bus.reveal_minutes - 1))
    assert address in words(she.post("/ru/mine", data={"code": code(ticket)}))


def test_a_district_place_booked_shortly_before_offers_the_address_at_once(city: Flask, she: FlaskClient) -> None:
    cat = catalogue.current(db.session())
    bus = next(loc for loc in cat.locations.values() if loc.visibility == "district" and loc.bookable)
    page = she.get(f"/ru/at/{bus.slug}")
    start = re.findall(r'name="start" value="([^"]+)"', page.text)[0]
    assert typed.start(start) - clock.now() < timedelta(minutes=bus.reveal_minutes)
    fields = {"service": re.findall(r'name="service" value="(\d+)"[^>]*checked', page.text), "start": start}
    confirm = she.get(f"/ru/at/{bus.slug}/book", query_string=fields)
    assert "Адрес откроется по коду сразу" in words(confirm)
    ticket = she.post(f"/ru/at/{bus.slug}/book", data={**fields, "act": "plain", "token": hidden(confirm, "token")[0]})
    assert bus.address.ru not in ticket.text
    assert "Показать адрес" in words(ticket)
    assert bus.address.ru in words(she.post("/ru/mine", data={"code": hidden(ticket, "code")[0]}))


def test_an_unlisted_place_is_reached_by_its_link_alone(city: Flask, she: FlaskClient) -> None:
    with writing() as s:
        row = s.scalars(select(Location).where(Location.visibility == "open", Location.bookable)).first()
        assert row
        row.visibility = "unlisted"
        slug = row.slug
        s.flush()
        catalogue.changed(s)
    assert she.get(f"/ru/at/{slug}").status_code == 200
    assert 'content="noindex"' in she.get(f"/ru/at/{slug}").text
    assert slug not in she.get(f"/ru/near?near={row.city.ru}&limit=50").text
    assert slug not in she.get("/sitemap.xml").text


def test_a_place_whose_roster_nobody_opens_shows_phone_and_hours_and_books_nothing(
    city: Flask, she: FlaskClient, offered: Offered
) -> None:
    hers = token(she, offered)
    with writing() as s:
        row = s.scalars(select(Location).where(Location.slug == offered.slug)).one()
        row.desk_seen_on = None
        s.flush()
        catalogue.changed(s)
    assert "Записи здесь пока нет" in words(she.get(f"/ru{offered.place}"))
    late = she.post(f"/ru{offered.path}", data={**offered.fields, "token": hers, "act": "plain"})
    assert late.status_code == 409
    assert count(Appointment) == 0


def test_where_no_sender_is_configured_no_page_mentions_messages(
    city: Flask, she: FlaskClient, offered: Offered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.messaging.enabled", lambda: False)
    for page in (she.get("/ru/"), she.get(f"/ru{offered.path}", query_string=offered.fields), book(she, offered)):
        assert "SMS" not in words(page)


def test_what_a_place_asks_is_promised_only_once_somebody_has_asked_the_place(
    she: FlaskClient, offered: Offered
) -> None:
    path = f"/ru/at/{offered.slug}"
    with writing() as s:
        place = s.scalars(select(Location).where(Location.slug == offered.slug)).one()
        place.checked_on, place.checked_by = date(2026, 11, 20), "А. Б."
        catalogue.changed(s)
    assert "нам ещё не сказали" not in words(she.get(path))
    with writing() as s:
        s.scalars(select(Location).where(Location.slug == offered.slug)).one().checked_on = None
        catalogue.changed(s)
    page = words(she.get(path))
    assert "Спрашивают ли документы, нам ещё не сказали" in page
    assert "Имя и документы не спрашивают" not in page


def test_a_place_that_never_closes_says_so_in_words(city: Flask, she: FlaskClient) -> None:
    with writing() as s:
        place = s.scalars(select(Location).where(Location.bookable.is_(False), Location.visibility == "open")).first()
        assert place
        place.hours = place.hours_ph = "24/7"
        slug = place.slug
        catalogue.changed(s)
    page = words(she.get(f"/ru/at/{slug}"))
    assert page.count("круглосуточно") >= 7
    assert "0:00–0:00" not in page
