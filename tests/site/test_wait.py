"""Waiting for a time, as she does it: from a list without one, with a code, to the tap that books."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from time_machine import Traveller
from werkzeug.test import TestResponse

from clinic import clock
from clinic.booking import calling, taken
from clinic.booking.models import Appointment, Wish
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure
from clinic.messaging.models import Message
from clinic.site.mine_waiting import WishForm
from tests.booking.line import TEN
from tests.site.conftest import Offered, code, hidden, title, words
from tests.site.test_bad_input import ANYWHERE, fields_of

PHONE = "+7 701 555 01 41"


def shut() -> None:
    """Every place is closed for a fortnight."""
    with writing() as s:
        for place in catalogue.current(s).locations.values():
            s.add(Closure(location_id=place.id, starts_at=clock.now(), ends_at=clock.at(clock.today(), 20 * 24 * 60)))
        catalogue.changed(s)


def reopen() -> None:
    with writing() as s:
        s.execute(delete(Closure))
        catalogue.changed(s)


def wait(she: FlaskClient, **more: object) -> TestResponse:
    """Open the page from the list of Almaty and stand in line."""
    page = she.get("/ru/wait", query_string={"near": "Алматы", **({"code": more["code"]} if "code" in more else {})})
    places = re.findall(r'name="place" value="([a-z0-9]+)" checked', page.text)
    services = re.findall(r'name="service" value="(\d+)" checked', page.text)
    fields = {"near": "Алматы", "place": places, "service": services, "part": "any", "days": "7", "act": "wait"}
    return she.post("/ru/wait", data={**fields, "token": hidden(page, "token")[0], **more})


def test_from_a_list_without_a_free_time_to_a_code_and_a_tap_that_books(city: Flask, she: FlaskClient) -> None:
    assert "Ждать свободное окно" not in words(she.get("/ru/near?near=Алматы"))
    shut()
    page = she.get("/ru/near?near=Алматы&after=18:00")
    assert "Ждать свободное окно" in words(page)
    done = wait(she)
    secret = code(done)
    assert title(done) == "Вечер · Кешкі"
    mine = she.post("/ru/mine", data={"code": secret})
    assert "Сейчас свободных окон нет." in words(mine)
    reopen()
    mine = she.post("/ru/mine", data={"code": secret})
    button = re.search(
        r'action="/ru(/at/[a-z0-9]+/book)"(?:(?!</form>).)*?name="start" value="([^"]+)"', mine.text, re.S
    )
    assert button
    form = {name: hidden(mine, name)[0] for name in ("token", "act")}
    numbers = re.findall(r'name="service" value="(\d+)"', button[0])
    ticket = she.post(f"/ru{button[1]}", data={**form, "code": secret, "service": numbers, "start": button[2]})
    assert "Ваш номерок" in words(ticket)
    assert 'class="code"' not in ticket.text  # it hangs from the same pass
    after = words(she.post("/ru/mine", data={"code": secret}))
    assert "Номерок" in after
    assert "Сейчас свободно" not in after


def test_what_became_free_while_she_filled_the_form_stands_in_the_answer(city: Flask, she: FlaskClient) -> None:
    shut()
    page = she.get("/ru/wait", query_string={"near": "Алматы"})
    assert "Уже свободно" not in words(page)
    fields = {
        "near": "Алматы", "part": "any", "days": "7", "act": "tell", "phone": PHONE,
        "place": re.findall(r'name="place" value="([a-z0-9]+)" checked', page.text),
        "service": re.findall(r'name="service" value="(\d+)" checked', page.text),
        "token": hidden(page, "token")[0],
    }  # fmt: skip
    reopen()
    for _ in range(2):  # sent once more, the same
        done = she.post("/ru/wait", data=fields)
        button = re.search(r'action="/ru(/at/[a-z0-9]+/book)" method="post"[^>]*>(.*?)name="start" value="([^"]+)"',
                           done.text, re.S)  # fmt: skip
        assert button, words(done)
    secret = code(done)
    assert button
    numbers = re.findall(r'name="service" value="(\d+)"', button[2])
    check = she.post(f"/ru{button[1]}", data={"code": secret, "service": numbers, "start": button[3]})
    assert check.status_code == 200
    form = {name: hidden(check, name) for name in ("token", "code", "service", "start")}
    ticket = she.post(f"/ru{button[1]}", data={**form, "act": "plain"})
    assert 'class="ticket"' in ticket.text
    with reading() as s:
        assert s.scalars(select(Wish.rid)).all() == []  # what she waited for has come


def test_from_the_page_of_a_full_place_that_place_alone_is_ticked(she: FlaskClient, offered: Offered) -> None:
    assert "/wait" not in she.get(f"/ru{offered.place}").text
    shut()
    page = she.get(f"/ru{offered.place}")
    assert 'formaction="/ru/wait"' in page.text
    chosen = she.get("/ru/wait", query_string={"at": offered.slug, "service": offered.services})
    assert re.findall(r'name="place" value="([a-z0-9]+)" checked', chosen.text) == [offered.slug]
    assert chosen.text.count('name="place"') > 1


def test_with_a_number_she_is_told_in_her_cover_and_can_stop_it(
    city: Flask, she: FlaskClient, evening: Traveller
) -> None:
    shut()
    secret = code(wait(she, act="tell", phone=PHONE, cover="parcel", language="kk"))
    assert "когда освободится время" in words(she.post("/ru/mine", data={"code": secret}))
    evening.move_to(TEN)
    reopen()
    assert calling.run(clock.now()) == 1
    with reading() as s:
        assert s.scalars(select(Message.kind)).all() == ["free"]
    quiet = words(she.post("/ru/mine", data={"code": secret, "act": "quiet"}))
    assert "SMS не придёт" in quiet
    assert "когда освободится время" not in quiet
    with reading() as s:
        assert s.scalars(select(Message.state)).all() == ["dropped"]


def test_she_ends_it_and_forgets_it(she: FlaskClient, city: Flask) -> None:
    first, second = code(wait(she)), code(wait(she))
    wish = hidden(she.post("/ru/mine", data={"code": first}), "wish")[0]
    assert she.post("/ru/mine", data={"code": second, "act": "end", "wish": wish}).status_code == 404
    assert "Вы больше не ждёте." in words(she.post("/ru/mine", data={"code": first, "act": "end", "wish": wish}))
    she.post("/ru/mine", data={"code": second, "act": "forget"})
    with reading() as s:
        assert s.scalars(select(Wish.rid)).all() == []


def test_a_second_tap_makes_no_second_wish(she: FlaskClient, city: Flask) -> None:
    page = she.get("/ru/wait?near=Алматы")
    token = hidden(page, "token")[0]
    answers = [wait(she, token=token) for _ in range(2)]
    assert code(answers[0]) == code(answers[1])
    with reading() as s:
        assert len(s.scalars(select(Wish.rid)).all()) == 1


def test_the_fourth_wish_and_a_wish_without_places_are_answered_in_words(she: FlaskClient, city: Flask) -> None:
    secret = code(wait(she))
    for _ in range(2):
        assert wait(she, code=secret).status_code == 200
    assert "уже ждёте три раза" in words(wait(she, code=secret))
    assert wait(she, place=[]).status_code == 400
    old = wait(she, token="x")
    assert "Страница долго была открыта" in words(old)


def test_every_field_of_ending_it_is_refused(city: Flask, she: FlaskClient) -> None:
    secret = code(wait(she))
    wish = hidden(she.post("/ru/mine", data={"code": secret}), "wish")[0]
    for field in fields_of(WishForm):
        for value in ANYWHERE:
            answer = she.post("/ru/mine", data={"code": secret, "act": "end", "wish": wish, field: value})
            assert answer.status_code in (400, 404), (field, value[:20])
            assert not re.search(r"<script>alert|Traceback", answer.text)


def test_the_roster_and_the_programs_of_partners_know_nothing_of_it(city: Flask, she: FlaskClient) -> None:
    """Waiting leaves no trace at the desk: no row of a roster, no taken time, no version of a day."""
    with reading() as s:
        before = s.execute(select(Appointment.rid)).all()
        cat = catalogue.current(s)
        known = taken.load(s, list(cat.locations), clock.today(), clock.today())
    wait(she, act="tell", phone=PHONE, cover="plain", language="ru")
    with reading() as s:
        assert s.execute(select(Appointment.rid)).all() == before
        assert taken.load(s, list(cat.locations), clock.today(), clock.today()) == known


def test_the_page_says_where_it_looked_when_her_words_were_not_all_understood(city: Flask, she: FlaskClient) -> None:
    page = she.get("/ru/wait", query_string={"near": "г. Алматы, ул. Зыргулова 5"})
    assert "Расстояния — от центра: Алматы." in words(page)
    lost = she.get("/ru/wait", query_string={"near": "ъщфывк", "service": "4"})
    assert "Может быть, вы имели в виду" in words(lost)
    rest = r"(?:(?!</form>).)*"
    button = re.search(rf'<form action="/ru/wait" method="post"[^>]*>{rest}name="near"{rest}', lost.text)
    assert button
    assert 'name="service" value="4"' in button[0]  # what she came for goes on
