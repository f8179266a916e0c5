"""What happens to her on the way from the question to a test in her hand, and under her code after it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import LANGUAGES, db, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import counter
from clinic.kits.models import Holding, KitOrder, Lot, Outcome, PointKit
from clinic.privacy import tokens
from tests import city as cities
from tests.conftest import EVENING, Maker
from tests.kits import supplies
from tests.site.conftest import code, hidden, title, words
from tests.site.test_every_page import FORBIDDEN, MOST_BYTES, sizes

WISH = {"kit": "1", "q": "1", "near": "Алматы"}
PHONE = "+7 701 555 01 41"


@pytest.fixture(scope="session")
def supplied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with points and kits, to copy."""
    folder = tmp_path_factory.mktemp("supplied") / "template"
    folder.mkdir()
    cities.build(folder)
    with time_machine.travel(EVENING, tick=False):
        from clinic import create_app

        app = create_app(cities.environment(folder))
        with app.app_context():
            with writing() as s:
                supplies.build(s)
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
    return folder


@pytest.fixture
def town(make_app: Maker, supplied: Path, tmp_path: Path, evening: time_machine.Traveller) -> Flask:
    return make_app.on(cities.copy(supplied, tmp_path / "town"))


@pytest.fixture
def she(town: Flask) -> FlaskClient:
    return town.test_client()


def count(model: type, *where: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def proposed(she: FlaskClient, **more: str) -> TestResponse:
    return she.get("/ru/order/points", query_string=WISH | more)


def points_of(page: TestResponse) -> list[str]:
    """Slugs of the proposed points, the best first."""
    return re.findall(r'name="point" value="([a-z0-9]+)"', page.text)


def order(she: FlaskClient, **more: str) -> TestResponse:
    """Open the proposal and order at its first point."""
    page = proposed(she)
    data = {**WISH, "act": "order", "point": points_of(page)[0], "token": hidden(page, "token")[0]}
    return she.post("/ru/order/points", data=data | more)


def open_(she: FlaskClient, secret: str, **more: str) -> TestResponse:
    return she.post("/ru/mine", data={"code": secret, **more})


def order_id(page: TestResponse) -> str:
    return hidden(page, "order")[0]


def hand_over(page: TestResponse) -> None:
    """Somebody at the point gives her what she ordered."""
    rid = bytes.fromhex(order_id(page))
    with writing() as s:
        cat = catalogue.current(s)
        point_id = s.scalars(select(KitOrder.point_id).where(KitOrder.rid == rid)).one()
        counter.hand_over(s, cat, kit_catalogue.kits(s, cat).points[point_id], rid, "keeper", clock.now())


# --- ordering


def test_three_taps_and_nothing_typed(she: FlaskClient) -> None:
    home = she.get("/ru/")
    assert 'href="/ru/order"' in home.text
    page = she.get("/ru/order")
    city = re.search(r'<button class="chip" name="near" value="([^"]+)">', page.text)
    assert city
    found = proposed(she, near=city[1])
    assert "Заказать сюда" in words(found)
    data = {**WISH, "act": "order", "point": points_of(found)[0], "token": hidden(found, "token")[0]}
    done = she.post("/ru/order/points", data=data)
    assert done.status_code == 200
    assert "Ваш номерок" in words(done)
    assert "отложено до чт 26 ноября" in words(done)
    assert count(KitOrder) == 1


def test_the_question_about_three_days_stands_first_and_leads_to_the_pills(she: FlaskClient) -> None:
    page = she.get("/ru/order")
    assert page.text.index("Было такое за последние 3 дня?") < page.text.index('name="kit"')
    pills = re.search(r'action="/ru/near"[^>]*>.*?name="service" value="(\d+)"', page.text)
    assert pills
    assert "72 часа" in words(she.post("/ru/near", data={"service": pills[1]}, follow_redirects=True))


def test_a_proposal_says_why_and_why_the_others_came_later(she: FlaskClient) -> None:
    page = words(proposed(she))
    assert re.search(r"Почему здесь: \d+,\d км, открыто до 22:00, тесты есть", page)
    assert "потому что: дальше на" in page
    assert "второй анализ" in page  # what the confirming test asks for is said before she orders


def test_the_last_one_taken_meanwhile_leaves_her_with_others_and_her_choice(she: FlaskClient, town: Flask) -> None:
    page = proposed(she, q="2")
    best = points_of(page)[0]
    other = town.test_client()
    for _n in range(2):
        fresh = proposed(other)
        data = {**WISH, "act": "order", "point": best, "token": hidden(fresh, "token")[0]}
        assert other.post("/ru/order/points", data=data).status_code == 200
    data = {**WISH, "q": "2", "act": "order", "point": best, "token": hidden(page, "token")[0]}
    late = she.post("/ru/order/points", data=data)
    assert late.status_code == 409
    assert "Последний там только что забрали" in words(late)
    assert hidden(late, "q")[0] == "2"
    assert hidden(late, "near")[0] == "Алматы"
    assert points_of(late)[0] != best
    again = data | {"point": points_of(late)[0], "token": hidden(late, "token")[0]}
    assert she.post("/ru/order/points", data=again).status_code == 200


def test_where_nothing_is_left_she_can_stand_in_line(she: FlaskClient) -> None:
    with writing() as s:
        s.execute(update(Holding).values(on_hand=0, reserved=0))
    page = proposed(she)
    assert "Рядом ничего не осталось" in words(page)
    assert "Когда будет следующая поставка, пока неизвестно" in words(page)
    line = hidden(page, "line")
    best = points_of(page)[0]
    assert best in line
    data = {**WISH, "act": "order", "point": best, "line": line, "token": hidden(page, "token")[0]}
    done = she.post("/ru/order/points", data=data)
    assert "в очереди" in words(done)
    assert "hivtest.kz" in words(page)
    opened = open_(she, code(done))
    assert "в очереди, пока не готово" in words(opened)
    assert count(KitOrder, KitOrder.status == "backordered") == 1


def test_case_19_five_taps_order_once_and_show_the_same_code(she: FlaskClient) -> None:
    page = proposed(she)
    data = {**WISH, "act": "order", "point": points_of(page)[0], "token": hidden(page, "token")[0]}
    answers = [she.post("/ru/order/points", data=data) for _tap in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({code(answer) for answer in answers}) == 1
    assert count(KitOrder) == 1


def test_the_same_form_with_another_point_says_so_and_orders_nothing_more(she: FlaskClient) -> None:
    page = proposed(she)
    first, second = points_of(page)[:2]
    data = {**WISH, "act": "order", "token": hidden(page, "token")[0]}
    she.post("/ru/order/points", data=data | {"point": first})
    again = she.post("/ru/order/points", data=data | {"point": second})
    assert again.status_code == 409
    assert "уже отправляли" in words(again)
    assert count(KitOrder) == 1


def test_an_expired_form_comes_back_with_a_fresh_token(she: FlaskClient, evening: time_machine.Traveller) -> None:
    page = proposed(she)
    evening.shift(timedelta(hours=2, minutes=3))
    data = {**WISH, "act": "tell", "phone": PHONE, "point": points_of(page)[0], "token": hidden(page, "token")[0]}
    answer = she.post("/ru/order/points", data=data)
    assert answer.status_code == 400
    assert "ничего не потеряно" in words(answer)
    assert f'value="{PHONE}"' in answer.text
    assert count(KitOrder) == 0


def test_a_point_that_closed_meanwhile_is_answered_with_another(she: FlaskClient) -> None:
    page = proposed(she)
    best = points_of(page)[0]
    with writing() as s:
        s.execute(update(Location).where(Location.slug == best).values(desk_seen_on=None))
        catalogue.changed(s)
    data = {**WISH, "act": "order", "point": best, "token": hidden(page, "token")[0]}
    answer = she.post("/ru/order/points", data=data)
    assert answer.status_code == 409
    assert "не принимает заказы" in words(answer)
    assert points_of(answer)[0] != best


def test_a_point_that_no_longer_hands_it_out_is_answered_in_words(she: FlaskClient) -> None:
    page = proposed(she)
    with writing() as s:
        place = s.scalars(select(Location).where(Location.slug == points_of(page)[0])).one()
        s.delete(s.get_one(PointKit, (place.id, 1)))
        s.flush()
        catalogue.changed(s)
    data = {**WISH, "act": "order", "point": points_of(page)[0], "token": hidden(page, "token")[0]}
    answer = she.post("/ru/order/points", data=data)
    assert answer.status_code == 400
    assert "больше не выдают" in words(answer)


def test_a_reminder_says_its_exact_words_before_and_goes_to_no_page_after(she: FlaskClient) -> None:
    page = proposed(she)
    assert "Посылка ждёт вас" in words(page)
    data = {**WISH, "act": "tell", "cover": "parcel", "phone": PHONE, "point": points_of(page)[0]}
    done = she.post("/ru/order/points", data=data | {"token": hidden(page, "token")[0]})
    assert done.status_code == 200
    opened = open_(she, code(done))
    assert "придёт завтра" in words(opened)
    for answer in (done, opened):
        assert "0141" not in words(answer).replace(" ", "")
    quiet = open_(she, code(done), act="quiet")
    assert "Ваш номер стёрт" in words(quiet)
    assert "придёт" not in words(open_(she, code(done)))


def test_a_landline_is_refused_beside_the_field_and_stays(she: FlaskClient) -> None:
    page = proposed(she)
    data = {**WISH, "act": "tell", "phone": "+7 727 250 00 00", "point": points_of(page)[0]}
    answer = she.post("/ru/order/points", data=data | {"token": hidden(page, "token")[0]})
    assert answer.status_code == 400
    assert title(answer).startswith("Ошибка:")
    assert 'id="phone-e"' in answer.text
    assert 'value="+7 727 250 00 00"' in answer.text


def test_where_no_sender_is_configured_no_page_mentions_messages(
    she: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.messaging.enabled", lambda: False)
    done = order(she)
    for page in (proposed(she), done, open_(she, code(done))):
        assert "SMS" not in words(page)


def test_without_cookies_all_of_it_works(town: Flask) -> None:
    nobody = town.test_client(use_cookies=False)
    assert order(nobody).status_code == 200


def test_far_from_every_point_the_partner_is_named_with_its_address(she: FlaskClient) -> None:
    page = proposed(she, near="Актау")
    assert "Рядом пункта нет" in words(page)
    assert 'href="https://hivtest.kz' not in page.text  # copied by hand, so that the history does not keep it
    assert "hivtest.kz" in words(page)
    assert not re.search(r"<h[1-3][^>]*>[^<]*hiv", page.text)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"q": "0"}, "Выберите 1, 2 или 3 теста"),
        ({"q": "99"}, "Выберите 1, 2 или 3 теста"),
        ({"q": "two"}, "Выберите 1, 2 или 3 теста"),
        ({"kit": "7"}, "Выберите один из этих тестов"),
        ({"kit": ""}, "Выберите один из этих тестов"),
        ({"near": "zzqqzz"}, "Мы не знаем такого места"),
        ({"near": ""}, "Напишите город, район или станцию метро"),
        ({"day": "2026-02-31"}, "Такого дня нет"),
    ],
)
def test_a_choice_that_cannot_be_is_answered_beside_its_field_and_the_rest_is_kept(
    she: FlaskClient, wrong: dict[str, str], sentence: str
) -> None:
    page = proposed(she, **{"q": "2", **wrong})
    assert page.status_code == 400
    assert title(page).startswith("Ошибка:")
    assert sentence in words(page)
    if "q" not in wrong:
        assert re.search(r'name="q" value="2" checked', page.text)
    assert (wrong.get("near", "Алматы") or "Алматы") in page.text


def test_a_position_goes_by_post_and_stays_out_of_every_address(she: FlaskClient) -> None:
    page = she.post("/ru/order/points", data={"kit": "1", "q": "1", "lat": "43.238949", "lng": "76.889709"})
    assert page.status_code == 200
    assert hidden(page, "lat")[0] == "43.24"
    assert "43.2" not in "".join(re.findall(r'(?:href|action)="([^"]*)"', page.text))


# --- under her code


def test_she_moves_the_order_and_cancels_it(she: FlaskClient) -> None:
    secret = code(order(she))
    opened = open_(she, secret)
    others = open_(she, secret, order=order_id(opened), act="points")
    assert "Остаётся за вами" in words(others)
    there = points_of(others)[0]
    moved = open_(she, secret, order=order_id(opened), act="move", point=there)
    assert "Это теперь ваш номерок" in words(moved) or "Перенесено" in words(moved)
    place = db.session.scalar(select(Location).where(Location.slug == there))
    assert place
    assert place.name.ru in words(moved)
    cancelled = open_(she, secret, order=order_id(opened), act="cancel")
    assert "Тесты снова свободны" in words(cancelled)
    assert count(Holding, Holding.reserved > 0) == 0


def test_a_point_drained_while_she_moves_keeps_the_old_one(she: FlaskClient) -> None:
    secret = code(order(she))
    opened = open_(she, secret)
    others = open_(she, secret, order=order_id(opened), act="points")
    there = db.session.scalar(select(Location.id).where(Location.slug == points_of(others)[0]))
    with writing() as s:
        s.execute(update(Holding).where(Holding.point_id == there).values(on_hand=0, reserved=0))
    answer = open_(she, secret, order=order_id(opened), act="move", point=points_of(others)[0])
    assert answer.status_code == 409
    assert "только что забрали" in words(answer)
    assert count(Holding, Holding.reserved == 1) == 1


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"order": "0" * 32, "act": "cancel"}, 404),
        ({"order": "x", "act": "cancel"}, 404),
        ({"act": "fly"}, 404),
        ({"act": "move"}, 400),
        ({"act": "move", "point": "../.."}, 400),
        ({"act": "move", "point": "zzzzz"}, 400),
    ],
)
def test_a_wrong_wish_about_an_order_is_answered_in_words(she: FlaskClient, more: dict[str, str], status: int) -> None:
    secret = code(order(she))
    mine = order_id(open_(she, secret))
    answer = open_(she, secret, **{"order": mine, **more})
    assert answer.status_code == status
    assert re.search(r"Такого заказа уже нет|Мы не знаем такого пункта|Выберите пункт", words(answer))
    assert count(KitOrder, KitOrder.status == "reserved") == 1


def test_forget_me_now_gives_the_kits_back_and_leaves_nothing(she: FlaskClient) -> None:
    secret = code(order(she))
    assert "Стёрто" in words(open_(she, secret, act="forget"))
    assert count(KitOrder) == 0
    assert count(Holding, Holding.reserved > 0) == 0


def test_a_second_order_hangs_from_the_code_she_opened(she: FlaskClient) -> None:
    secret = code(order(she))
    choice = she.post("/ru/order", data={"code": secret})
    assert hidden(choice, "code") == [secret]
    assert secret not in "".join(re.findall(r'(?:href|action)="[^"]*"', choice.text))
    page = she.post("/ru/order/points", data={**WISH, "code": secret})
    data = {**WISH, "code": secret, "act": "order", "point": points_of(page)[0], "token": hidden(page, "token")[0]}
    done = she.post("/ru/order/points", data=data)
    assert 'class="code"' not in done.text
    assert words(open_(she, secret)).count("Номерок") == 2


def test_a_hidden_point_shows_its_address_under_the_code_and_only_around_its_hours(
    she: FlaskClient, evening: time_machine.Traveller
) -> None:
    bus = db.session.scalars(select(Location).where(Location.key == "zharyq-bus")).one()
    address, slug = bus.address.ru, bus.slug
    page = proposed(she)
    assert address not in page.text
    assert slug in points_of(page)
    data = {**WISH, "act": "order", "point": slug, "token": hidden(page, "token")[0]}
    done = she.post("/ru/order/points", data=data)
    assert address not in done.text
    evening.move_to(clock.at(clock.today() + timedelta(days=1), 12 * 60))
    assert address not in open_(she, code(done)).text
    evening.move_to(clock.at(clock.today(), 23 * 60))
    assert address in open_(she, code(done)).text


def test_after_the_handover_she_reads_how_and_books_the_confirming_test_like_any_visit(she: FlaskClient) -> None:
    secret = code(order(she))
    hand_over(open_(she, secret))
    opened = open_(she, secret)
    assert "Получено" in words(opened)
    assert 'href="/ru/order/how/1"' in opened.text
    seen = she.post("/ru/p/4", data={"code": secret, "order": order_id(opened)})
    assert seen.status_code == 200
    form = re.search(
        r'action="/ru(/at/[a-z0-9]+/book)" method="post"[^>]*>.*?name="service" value="(\d+)"'
        r'.*?name="start" value="([^"]+)',
        seen.text,
        re.S,
    )
    assert form
    confirm = she.post(f"/ru{form[1]}", data={"service": form[2], "start": form[3], "code": secret})
    data = {"service": form[2], "start": form[3], "code": secret, "act": "plain", "token": hidden(confirm, "token")[0]}
    assert she.post(f"/ru{form[1]}", data=data).status_code == 200
    assert count(Appointment) == 1


def test_a_recalled_lot_is_said_on_her_page(she: FlaskClient) -> None:
    secret = code(order(she))
    hand_over(open_(she, secret))
    with writing() as s:
        s.execute(update(Lot).values(recalled_on=clock.today()))
    assert "Не используйте этот тест" in words(open_(she, secret))


def test_a_recalled_lot_is_said_to_everybody_on_the_pages_of_its_test(she: FlaskClient) -> None:
    with writing() as s:
        s.execute(update(Lot).where(Lot.kit_type_id == 1, Lot.number == "A-4").values(recalled_on=clock.today()))
    for page in ("/ru/order", "/ru/order/how", "/ru/order/how/1"):
        assert "партия A-4" in words(she.get(page))
    assert "партия" not in words(she.get("/ru/order/how/2"))


# --- how it is done, what it means


def test_the_clock_without_a_script_says_from_when_until_when(
    she: FlaskClient, evening: time_machine.Traveller
) -> None:
    begun = she.post("/ru/order/how/1")
    assert begun.status_code == 303
    page = she.get(begun.headers["Location"])
    assert "Смотрите с 20:00 до 20:20, не позже" in words(page)
    evening.shift(timedelta(minutes=41))
    assert "Время вышло" in words(she.get(begun.headers["Location"]))
    evening.shift(timedelta(hours=12))
    assert "Время вышло" not in words(she.get(begun.headers["Location"]))


@pytest.mark.parametrize("at", ["x", "-1", "99999999999999", "1", "\x00"])
def test_a_beginning_that_is_no_moment_is_passed_over(she: FlaskClient, at: str) -> None:
    page = she.get("/ru/order/how/1", query_string={"at": at})
    assert page.status_code == 200
    assert "Начинаю сейчас" in words(page)


def test_each_kit_has_its_own_steps_and_window(she: FlaskClient) -> None:
    assert "не раньше 20 и не позже 40 минут" in words(she.get("/ru/order/how/1"))
    assert "не раньше 15 и не позже 20 минут" in words(she.get("/ru/order/how/2"))
    assert she.get("/ru/order/how/3").status_code == 404


def told(what: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.sum(Outcome.n)).where(Outcome.what == what)) or 0


def test_harm_leads_to_help_at_once_and_is_counted_once(she: FlaskClient) -> None:
    page = she.get("/ru/p/4")
    data = {"act": "harm", "token": hidden(page, "token")[0]}
    for _tap in range(3):
        answer = she.post("/ru/p/4", data=data)
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/ru/p/1"
    assert told("harm") == 1


def test_harm_leads_to_help_whatever_is_wrong_with_the_form(she: FlaskClient) -> None:
    for data in ({"act": "harm"}, {"act": "harm", "token": "x", "code": "x", "order": "x", "what": "x"}):
        assert she.post("/ru/p/4", data=data).headers["Location"] == "/ru/p/1"
    assert told("harm") == 0


def test_a_result_told_is_a_count_with_its_city_and_leads_to_no_order(she: FlaskClient) -> None:
    secret = code(order(she))
    hand_over(open_(she, secret))
    mine = order_id(open_(she, secret))
    page = she.post("/ru/p/4", data={"code": secret, "order": mine})
    data = {"code": secret, "order": mine, "act": "told", "what": "invalid", "token": hidden(page, "token")[0]}
    for _tap in range(2):
        assert "Осталось только число" in words(she.post("/ru/p/4", data=data))
    row = db.session.scalars(select(Outcome).where(Outcome.what == "invalid")).one()
    assert (row.city, row.n) == ("Almaty", 1)
    assert row.kit_type_id
    assert row.lot_id
    other = she.get("/ru/p/4")
    she.post("/ru/p/4", data={"act": "told", "what": "reactive", "token": hidden(other, "token")[0]})
    assert told("reactive") == 1
    assert db.session.scalars(select(Outcome).where(Outcome.what == "reactive")).one().lot_id == 0


def test_however_often_harm_is_told_the_way_to_help_stays_open(make_app: Maker) -> None:
    she = make_app().test_client()  # outside the demo limits are on
    for _tap in range(35):
        assert she.post("/ru/p/4", data={"act": "harm", "token": tokens.new("told")}).headers["Location"] == "/ru/p/1"
    assert told("harm") == 30


@pytest.mark.parametrize("data", [{"what": "maybe"}, {"what": ""}, {"what": "reactive", "token": "x"}])
def test_a_result_that_is_none_is_not_counted(she: FlaskClient, data: dict[str, str]) -> None:
    fresh = hidden(she.get("/ru/p/4"), "token")[0]
    assert she.post("/ru/p/4", data={"act": "told", "token": fresh, **data}).status_code == 400
    assert told("reactive") + told("maybe") == 0


def test_the_order_of_what_two_lines_mean(she: FlaskClient) -> None:
    page = words(she.get("/ru/p/4?near=Алматы"))
    said = [
        "Это ещё не диагноз", "Кого спросить по телефону", "Назгуль", "Ночью о тестах никто не ответит",
        "Где подтвердить", "Спросят номерок", "мысли навредить себе: 103", "111",
    ]  # fmt: skip
    places = [page.index(sentence) for sentence in said]
    assert places == sorted(places)
    first = re.search(r'<a class="btn[^"]*main[^"]*" href="tel:([^"]+)"', she.get("/ru/p/4?near=Алматы").text)
    assert first
    assert first[1] not in ("111", "103")  # neither is a line for this
    second = page[page.index("Одна полоска") :]
    assert second.index("12 недель") < second.index("Другие инфекции") < second.index("PrEP")
    assert "не узнаёт" in page


# --- what holds for every page

PAGES = ("/order", "/order/points?kit=1&q=1&near=Алматы", "/order/how", "/order/how/1", "/order/how/2", "/p/4", "/")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_view_of_every_page_is_at_most_10_kb(she: FlaskClient, language: str) -> None:
    for page in PAGES:
        assert she.get(f"/{language}{page}").status_code == 200
        found = sizes(she, f"/{language}{page}")
        assert sum(found.values()) <= MOST_BYTES, found


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_headings_and_addresses_say_nothing(she: FlaskClient, language: str) -> None:
    done = order(she)
    answers = [she.get(f"/{language}{page}") for page in PAGES]
    answers += [
        done,
        open_(she, code(done)),
        open_(she, code(done), order=order_id(open_(she, code(done))), act="points"),
    ]
    for answer in answers:
        assert not FORBIDDEN.search(title(answer)), title(answer)
        assert answer.text.count("<h1") == 1
        for heading in re.findall(r"<(?:h1|button|summary)\b[^>]*>(.*?)</", answer.text, re.S):
            assert not re.search(r"вич|hiv|аитв|секс|sex", heading, re.IGNORECASE), heading
        for link in re.findall(r'(?:href|action)="([^"]*)"', answer.text):
            assert not re.search(r"hiv|sex|clinic|test", link, re.IGNORECASE), link
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)
        assert not re.findall(r"<script(?![^>]*\ssrc=)", answer.text)


def test_outside_the_demo_an_unchecked_kit_and_what_it_means_are_shown_to_nobody(
    make_app: Maker, supplied: Path, tmp_path: Path, evening: time_machine.Traveller
) -> None:
    cities.copy(supplied, tmp_path / "real")
    she = make_app.on(supplies.real(tmp_path / "real")).test_client()
    assert 'href="/ru/order"' not in she.get("/ru/").text
    assert "hivtest.kz" in words(she.get("/ru/order"))
    assert 'name="kit"' not in she.get("/ru/order").text
    for page in ("/ru/order/how/1", "/ru/p/4"):
        assert she.get(page).status_code == 404
    assert she.get("/ru/order/points", query_string=WISH).status_code == 400


def test_a_checked_kit_says_by_whom_and_carries_no_draft_mark(she: FlaskClient) -> None:
    from clinic.kits.models import KitType

    assert "Ещё не проверено врачом" in words(she.get("/ru/order/how/1"))
    with writing() as s:
        s.execute(update(KitType).values(checked_on=clock.today(), checked_by="Dr. A"))
        catalogue.changed(s)
    assert kit_catalogue.kits(db.session(), catalogue.current(db.session())).kits[0].checked_by == "Dr. A"
    for page in PAGES[:-1]:
        text = words(she.get(f"/ru{page}"))
        assert "Ещё не проверено врачом" not in text
    assert "Проверено: 24.11.2026, Dr. A" in words(she.get("/ru/order/how/1"))


# --- what she reads first


def order_at(she: FlaskClient, slug: str) -> TestResponse:
    """Order at the point of a place that is named."""
    with reading() as s:
        place = s.scalars(select(Location.slug).where(Location.key == slug)).one()
    data = {**WISH, "act": "order", "point": place, "token": hidden(proposed(she), "token")[0]}
    return she.post("/ru/order/points", data=data)


@pytest.mark.parametrize("key", ["tan", "ainalaiyn"])
def test_the_largest_word_is_the_one_that_opens_it(she: FlaskClient, key: str) -> None:
    done = order_at(she, key)
    large = re.search(r'<div class="ticket" data-secret><p>([^<]+)</p><h1[^>]*>([^<]+)</h1>', done.text)
    assert large, words(done)
    assert ("слово" if key == "tan" else "номер") in large[1].lower()
    with reading() as s:
        ticket = s.scalars(select(KitOrder.ticket)).one()
    assert not re.fullmatch(rf"[А-Я][а-я]+ {ticket}", large[2])


def test_in_line_she_reads_first_that_she_must_not_go_yet_and_what_is_there_at_once(she: FlaskClient) -> None:
    with writing() as s:
        s.execute(update(Holding).values(on_hand=1, reserved=0))
    page = proposed(she, q="3")
    said = words(page)
    assert "Взять 1 тест сейчас" in said, said[:500]
    best = points_of(page)[0]
    data = {**WISH, "q": "3", "act": "order", "point": best, "line": best, "token": hidden(page, "token")[0]}
    done = she.post("/ru/order/points", data=data)
    assert words(done).index("Пока не ходите") < words(done).index("Где это будет")
    assert re.search(r'<details class="card"><summary>Где это будет', done.text)


def test_a_city_without_a_point_is_no_button_and_typed_leads_to_a_clinic_that_tests(she: FlaskClient) -> None:
    offered = re.findall(r'<button class="chip" name="near" value="([^"]+)"', she.get("/ru/order").text)
    assert "Алматы" in offered
    assert "Актау" not in offered
    for city in offered:
        assert points_of(proposed(she, near=city)), city
    typed = proposed(she, near="Актау")
    tap = re.search(r'action="/ru/near"[^>]*>(?:(?!</form>).)*class="btn main full"', typed.text)
    assert tap
    fields = dict(re.findall(r'name="([a-z]+)" value="([^"]*)"', tap[0]))
    assert "«Толқын»" in words(she.post("/ru/near", data=fields, follow_redirects=True))
