"""The pages of the trainings, as she and the coordinator see them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from time_machine import Traveller
from werkzeug.test import TestResponse

from clinic import clock
from clinic.db import reading, writing
from clinic.messaging.models import Message
from clinic.safety.trainings import plans
from clinic.safety.trainings.forms import FORMS, MySeatForm, SeatForm
from tests.conftest import Maker
from tests.desk.conftest import Desk, cheap_argon2, csrf, furnish
from tests.privacy.test_seized import TWILIO
from tests.safety.room import a_place, a_training, now_of, takes
from tests.site.conftest import code, hidden, title, words
from tests.site.test_bad_input import ANYWHERE, HUGE, fields_of

__all__ = ["cheap_argon2"]
pytestmark = pytest.mark.usefixtures("evening")
LINK = "https://meet.example.org/quiet"


@pytest.fixture
def app(make_app: Maker) -> Flask:
    return make_app("sqlite", TWILIO)


@pytest.fixture
def she(app: Flask) -> FlaskClient:
    return app.test_client()


def press(she: FlaskClient, training: int, act: str = "take", **more: str) -> TestResponse:
    """Open the page and press its button."""
    page = she.get(f"/ru/days/{training}")
    sent = {"token": hidden(page, "token")[0], "line": hidden(page, "line")[0], "act": act, **more}
    return she.post(f"/ru/days/{training}", data=sent)


def open_(she: FlaskClient, secret: str, **more: str) -> TestResponse:
    return she.post("/ru/mine", data={"code": secret, **more})


def test_two_taps_from_the_list_to_a_ticket_and_a_code(she: FlaskClient) -> None:
    training = a_training(a_place(), 8)
    listed = she.get("/ru/days")
    assert title(listed) == "Занятия · Кешкі"
    assert f'href="/ru/days/{training}"' in listed.text
    assert 'href="/ru/days"' in she.get("/ru/").text
    taken = press(she, training)
    assert taken.status_code == 200
    assert title(taken) == "Занятие · Кешкі"
    assert re.search(r"<h1>\w+ \d+</h1>", taken.text)
    mine = open_(she, code(taken))
    assert "A quiet phone (ru)" in words(mine)
    seat = hidden(mine, "seat")[0]
    gone = open_(she, code(taken), seat=seat, act="leave")
    assert "Вы отказались" in words(gone)
    assert now_of(training).taken == 0
    assert open_(she, code(taken), seat=seat, act="leave").status_code == 404


def test_the_same_press_twice_is_one_seat_and_the_same_ticket(she: FlaskClient) -> None:
    training = a_training(a_place(), 8)
    page = she.get(f"/ru/days/{training}")
    sent = {"token": hidden(page, "token")[0], "line": "0", "act": "take"}
    first, second = (she.post(f"/ru/days/{training}", data=sent) for _ in range(2))
    assert code(first) == code(second)
    assert now_of(training).taken == 1


def test_under_a_code_that_she_has_no_second_one_is_made(she: FlaskClient) -> None:
    training, other = a_training(a_place(), 8), a_training(a_place(), 8)
    secret = code(press(she, training))
    listed = she.post("/ru/days", data={"code": secret})
    assert f'action="/ru/days/{other}"' in listed.text
    page = she.post(f"/ru/days/{other}", data={"code": secret})
    assert secret.replace(" ", "") in hidden(page, "code")
    taken = press(she, other, code=secret)
    assert "code" not in re.findall(r'class="(\w+)"', taken.text)
    assert len(hidden(open_(she, secret), "seat")) == 2
    assert press(she, other, code="ABCEH KMPTX Y2345").status_code == 400


def test_a_full_one_says_so_and_offers_the_line(she: FlaskClient) -> None:
    training = a_training(a_place(), 1)
    stale = she.get(f"/ru/days/{training}")
    first = takes(training)
    sent = {"token": hidden(stale, "token")[0], "line": "0", "act": "take"}
    late = she.post(f"/ru/days/{training}", data=sent)
    assert late.status_code == 409
    assert "Последнее место только что заняли" in words(late)
    assert hidden(late, "line") == ["1", "1"]
    waits = press(she, training)
    assert "Вы в очереди" in words(waits)
    assert not re.search(r"<h1>\w+ \d+</h1>", waits.text)
    open_(she, first.code or "", seat=first.seat.rid.hex(), act="leave")
    assert re.search(r"<h2>\w+ \d+</h2>", open_(she, code(waits)).text)


def test_past_and_cancelled_ones_answer_in_words(she: FlaskClient, evening: Traveller) -> None:
    place = a_place()
    past, off = a_training(place, 3), a_training(place, 3)
    pages = {number: she.get(f"/ru/days/{number}") for number in (past, off)}
    secret = code(press(she, off))
    with writing() as s:
        plans.cancel(s, off, "chief", clock.now())
    evening.shift(timedelta(hours=1))
    for number, said in ((off, "Занятие не состоится"), (past, "")):
        if number == past:
            evening.shift(timedelta(hours=23))
            said = "Занятие уже началось"
        seen = she.get(f"/ru/days/{number}")
        assert said in words(seen)
        assert 'value="take"' not in seen.text
        sent = {"token": hidden(she.get(f"/ru/days/{a_training(place, 1)}"), "token")[0], "line": "0", "act": "take"}
        refused = she.post(f"/ru/days/{number}", data=sent)
        assert refused.status_code == 409
        assert said in words(refused)
    assert pages
    assert "Занятие не состоится" in words(open_(she, secret))
    assert f'href="/ru/days/{off}"' not in she.get("/ru/days").text
    assert she.get("/ru/days/999").status_code == she.get(f"/ru/days/{10**30}").status_code == 404


@pytest.mark.parametrize("visibility", ["open", "district"])
def test_link_and_address_open_under_the_code_and_nowhere_before(
    she: FlaskClient, evening: Traveller, visibility: str
) -> None:
    place = a_place(visibility)
    online = a_training(place, 5, place="online", way=LINK, starts_at=clock.now() + timedelta(days=2))
    hidden_place = a_training(place, 5, place="code", starts_at=clock.now() + timedelta(days=2))
    secret = code(press(she, online))
    press(she, hidden_place, code=secret)
    street = "Байтурсынова"
    for page in (she.get(f"/ru/days/{online}"), she.get(f"/ru/days/{hidden_place}"), open_(she, secret)):
        assert LINK not in page.text
        assert street not in page.text
    evening.shift(timedelta(hours=24))
    assert f'href="{LINK}"' in open_(she, secret).text
    assert street not in open_(she, secret).text
    evening.shift(timedelta(hours=23, minutes=30))
    assert street in open_(she, secret).text
    assert LINK not in she.get(f"/ru/days/{online}").text


def test_no_number_of_seats_is_told(she: FlaskClient) -> None:
    training = a_training(a_place(), 37)
    takes(training)
    for page in ("/ru/days", f"/ru/days/{training}"):
        said = words(she.get(page))
        assert "места есть" in said
        assert not re.search(r"\b3[67]\b", said)


def test_a_reminder_only_if_she_allows_it(she: FlaskClient) -> None:
    training = a_training(a_place(), 8)
    assert "Напишите мобильный номер" in words(press(she, training, "tell"))
    taken = press(she, training, "tell", phone="8 701 555 01 42", lead="60", cover="class")
    assert "SMS" in words(open_(she, code(taken)))
    quiet = open_(she, code(taken), act="quiet")
    assert "dropped" not in quiet.text
    assert "придёт" not in words(open_(she, code(taken))).split("SMS")[-1]


def test_forgetting_her_gives_the_seat_back(she: FlaskClient) -> None:
    training = a_training(a_place(), 1)
    secret = code(press(she, training))
    assert open_(she, secret, act="forget").status_code == 200
    assert now_of(training).taken == 0


@pytest.mark.parametrize(("form", "field"), [(form, name) for form in FORMS for name in fields_of(form)])
def test_a_bad_value_is_refused_in_words(she: FlaskClient, form: type, field: str) -> None:
    training = a_training(a_place(), 8)
    secret = code(press(she, training))
    good: dict[str, Any] = {"act": "tell", "line": "0", "phone": "+7 701 555 01 41", "cover": "plain", "lead": "60"}
    own = {"code": secret, "seat": hidden(open_(she, secret), "seat")[0], "act": "leave"}
    for value in (*ANYWHERE[:16], HUGE):  # more codes than that in ten minutes are slowed down
        if form is SeatForm:
            answer = press(she, training, **{**good, field: value})
        else:
            assert form is MySeatForm
            answer = she.post("/ru/mine", data={**own, field: value})
        assert answer.status_code in (400, 404, 413), (field, value[:20], answer.status_code)
        assert value[:300] not in answer.text or len(value) < 30
        assert "<script>alert" not in answer.text
    assert now_of(training).taken == 1


@pytest.fixture
def desk(app: Flask) -> Desk:
    return furnish(app)


PLAN = {
    "kind": "digital", "name_kk": "Тыныш телефон", "name_ru": "Тихий телефон", "name_en": "A quiet phone",
    "languages": ["kk", "ru"], "day": "2026-11-28", "hour": "18:30", "minutes": "90", "place": "online",
    "seats": "2",
}  # fmt: skip


def test_a_coordinator_plans_changes_prints_and_cancels(desk: Desk, she: FlaskClient) -> None:
    chief = desk.client("chief")
    home = f"/staff/trainings/{desk.slug}"
    assert chief.get("/staff/trainings").headers["Location"] == home
    token = csrf(chief, home)
    form = {**PLAN, "csrf_token": token, "token": "t" * 22}
    for field, wrong in (
        ("name_ru", "Тест на ВИЧ"), ("seats", "0"), ("seats", "501"), ("day", "2026-11-23"), ("day", "2028-01-01"),
        ("hour", "25:00"), ("languages", []), ("page", "9999"), ("place", "moon"), ("minutes", "x"),
    ):  # fmt: skip
        refused = chief.post(home, data={**form, field: wrong})
        assert refused.status_code == 422, (field, wrong)
        assert "Тихий телефон" in refused.text or field == "name_ru"
    planned = chief.post(home, data=form)
    assert planned.status_code == 303
    assert chief.post(home, data=form).headers["Location"] == planned.headers["Location"]
    where = planned.headers["Location"]
    number = int(where.rsplit("/", 1)[1])
    tickets = [re.findall(r"<h1>(\w+) (\d+)</h1>", press(she, number).text)[0] for _ in range(2)]
    printed = chief.get(where + "/list")
    for noun, ticket in tickets:
        assert f"<b>{ticket}</b>" in printed.text
        assert noun not in printed.text
    fewer = chief.post(where, data={"csrf_token": token, "act": "change", "seats": "1", "way": ""})
    assert fewer.status_code == 409
    assert "Занято 2 места" in words(fewer)
    more = chief.post(where, data={"csrf_token": token, "act": "change", "seats": "3", "way": LINK})
    assert "Изменено" in words(more)
    assert chief.post(where, data={"csrf_token": token, "act": "came", "came": "7"}).status_code == 409
    off = chief.post(where, data={"csrf_token": token, "act": "cancel"})
    assert "Увидят только по коду: 2" in words(off)
    assert chief.post(where, data={"csrf_token": token, "act": "cancel"}).status_code == 409
    foreign = a_training(a_place(), 3)
    assert chief.get(f"{home}/{foreign}").status_code == 404
    assert desk.client("gulnar").get("/staff/trainings").status_code == 404


def test_a_class_is_renamed_and_moved_on_its_day_and_who_has_a_seat_is_told_after_a_look(
    desk: Desk, evening: Traveller
) -> None:
    tomorrow = clock.at(clock.today() + timedelta(days=1), 19 * 60)
    number = a_training(desk.location_id, 5, tomorrow)
    takes(number, phone="+77015550101", lead=120)
    takes(number)
    chief, where = desk.client("chief"), f"/staff/trainings/{desk.slug}/{number}"
    form = {
        "csrf_token": csrf(chief, where), "act": "words", "name_kk": "Тыныш үй", "name_ru": "Тихий дом",
        "name_en": "A quiet house", "languages": ["kk"], "hour": "19:00", "minutes": "60",
    }  # fmt: skip

    def messages() -> list[tuple[str, str]]:
        with reading() as s:
            rows = s.execute(select(Message.kind, Message.state).order_by(Message.due_at, Message.kind))
            return [(kind, state) for kind, state in rows]

    for field, wrong in (("name_ru", "Тест на ВИЧ"), ("hour", "25:00"), ("minutes", "5"), ("page", "9999")):
        refused = chief.post(where, data={**form, field: wrong})
        assert refused.status_code == 422, field
        assert "Тыныш үй" in refused.text
    assert "Изменено." in words(chief.post(where, data=form))
    assert "Тихий дом" in words(chief.get(where))
    assert messages() == [("reminder", "waiting")], "a new name alone sends nothing"

    looked = chief.post(where, data={**form, "hour": "20:30"})
    assert "Время изменилось" in words(looked)
    assert "По SMS: 1. Увидят только по коду: 1." in words(looked)
    assert now_of(number).starts_at == tomorrow, "nothing is saved before the message was seen"
    assert 'name="sure" value="20:30"' in looked.text
    assert now_of(number).starts_at == tomorrow
    other = chief.post(where, data={**form, "hour": "21:00", "sure": "20:30"})
    assert "21:00" in words(other), "another hour is another message"
    assert now_of(number).starts_at == tomorrow
    done = chief.post(where, data={**form, "hour": "20:30", "sure": "20:30"})
    assert "Сообщили по SMS: 1. Увидят только по коду: 1." in words(done)
    assert now_of(number).starts_at == tomorrow + timedelta(minutes=90)
    assert sorted(messages()) == [("moved", "waiting"), ("reminder", "dropped"), ("reminder", "waiting")]
    twice = chief.post(where, data={**form, "hour": "20:30", "sure": "20:30"})
    assert "Сообщили" not in words(twice)
    assert sorted(messages()) == [("moved", "waiting"), ("reminder", "dropped"), ("reminder", "waiting")]
    evening.move_to(tomorrow + timedelta(hours=4))
    chief = desk.client("chief")
    late = chief.post(where, data={**form, "csrf_token": csrf(chief, where)})
    assert late.status_code in (409, 422)


def test_how_many_came_is_a_count(desk: Desk, evening: Traveller) -> None:
    number = a_training(desk.location_id, 9)
    chief = desk.client("chief")
    evening.shift(timedelta(days=1, hours=1))
    chief = desk.client("chief")
    where = f"/staff/trainings/{desk.slug}/{number}"
    token = csrf(chief, where)
    assert "меньше 5" in words(chief.post(where, data={"csrf_token": token, "act": "came", "came": "3"}))
    assert now_of(number).attended == 0
