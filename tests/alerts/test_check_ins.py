"""A check-in fires though her phone is off, once; her words end it, and one of them calls."""

import re
from datetime import timedelta
from multiprocessing.pool import ThreadPool

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from clinic import clock
from clinic.db import reading, writing
from clinic.safety.alerts import answering, calling, check_ins, duty
from clinic.safety.alerts.models import Alert, CheckIn
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import calls, field, log, on_duty, staff_id, state, turn, untaken
from tests.twilio_stand_in import StandIn

GOOD = {"act": "start", "until": "22:30", "word": "2583", "forced": "9136", "wish": "позвоните Айше", "may_103": "1"}


def begin(she: FlaskClient, **change: str) -> TestResponse:
    return she.post("/ru/watch", data={**GOOD, "token": field(she.get("/ru/watch").text, "token"), **change})


def code_of(page: TestResponse) -> str:
    return field(page.text, "code")


def act(she: FlaskClient, code: str, what: str, **fields: str) -> TestResponse:
    return she.post("/ru/watch", data={"code": code, "act": what, **fields})


def again(she: FlaskClient, code: str) -> str:
    """The page of a code, without the code and the form's token."""
    page = act(she, code, "open").text
    return page.replace(field(page, "token"), "").replace(code, "")


def count(table: type) -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(table)) or 0


def the_signal() -> bytes:
    with reading() as s:
        return s.scalars(select(Alert.rid)).one()


def test_it_fires_at_its_hour_without_any_page_and_never_twice(
    chain_on: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    with writing() as s:
        what = Told(language="kk", wish="позвоните Айше")
        code = check_ins.start(s, what, clock.now() + timedelta(hours=3), "2583", "9136", clock.now())
    travel.shift(timedelta(hours=2, minutes=59))
    turn()
    assert (calls(twilio), count(Alert)) == ([], 0)
    travel.shift(timedelta(minutes=1))
    moment = clock.now()

    def work(_n: int) -> int:
        with chain_on.app_context():
            return calling.turn(moment)

    with ThreadPool(3) as pool:
        pool.map(work, range(6))
    turn()
    assert calls(twilio) == ["Дежурство: 1"]
    rid = the_signal()
    assert log(rid) == ["given", "fired"]
    with reading() as s:
        assert check_ins.find(s, code).alert_id == rid
    with writing() as s:
        assert answering.take(s, rid, staff_id("saule"), "saule", clock.now())
    with reading() as s:
        told = answering.open_(s, rid, staff_id("saule")).told
    assert (told.wish, told.checked_in, told.forced) == ("позвоните Айше", True, False)


def test_her_number_ends_it_and_everything_is_gone(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = begin(she)
    assert page.status_code == 200, page.text
    assert "Включено до 22:30" in page.text
    shown = re.search(r'class="code"[^>]*>([^<]+)<', page.text)
    assert shown
    other_phone = chain.test_client()
    opened = act(other_phone, shown[1], "open")
    assert "Включено до 22:30" in opened.text
    assert '<details class="card">' in opened.text  # folded: who looks over her shoulder does not read it
    later = act(other_phone, shown[1], "later", word="2583", until="23:30")
    assert "Включено до 23:30" in later.text
    travel.shift(timedelta(hours=3, minutes=30))
    turn()
    assert count(Alert) == 0
    ended = act(she, code_of(page), "end", word="2583")
    assert "Закончено" in ended.text
    assert (count(CheckIn), count(Alert)) == (0, 0)
    travel.shift(timedelta(hours=3))
    turn()
    assert calls(twilio) == []
    assert act(she, code_of(page), "open").status_code == 404


def test_under_duress_the_screen_is_the_same_and_a_signal_goes_out(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    first, second = begin(she), begin(she)
    ended = act(she, code_of(first), "end", word="2583")
    forced = act(she, code_of(second), "end", word="9136")
    assert (forced.status_code, forced.text) == (ended.status_code, ended.text)
    assert count(CheckIn) == 0
    assert again(she, code_of(first)) == again(she, code_of(second))
    turn()
    assert calls(twilio) == ["Дежурство: 1"]
    with writing() as s:
        assert answering.take(s, the_signal(), staff_id("saule"), "saule", clock.now())
    with reading() as s:
        told = answering.open_(s, the_signal(), staff_id("saule")).told
    assert told.forced
    assert told.quiet


def test_put_off_under_duress_calls_once_and_at_the_hour_her_page_tells_nothing_of_it(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    page = begin(she)
    for _ in range(2):
        assert "Включено до 23:00" in act(she, code_of(page), "later", word="9136", until="23:00").text
    turn()
    rid = the_signal()
    with writing() as s:
        assert answering.take(s, rid, staff_id("saule"), "saule", clock.now())
        answering.answer(s, rid, staff_id("saule"), "вижу вас", clock.now())
    plain = begin(chain.test_client())
    act(she, code_of(plain), "later", word="2583", until="23:00")
    assert calls(twilio) == ["Дежурство: 1"]
    travel.shift(timedelta(hours=3, minutes=20))
    turn()
    turn()
    assert count(Alert) == 3
    assert calls(twilio) == ["Дежурство: 1", "Дежурство: 2"]
    forced, usual = (act(she, code_of(one), "open").text.replace(code_of(one), "") for one in (page, plain))
    assert forced == usual
    assert "Зовём: Saule" in usual


def test_when_the_signal_of_the_second_number_was_ended_the_next_time_calls_anew(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    page = begin(she)
    ended = []
    for minutes in (3, 197, 0):  # the number again, then the hour
        if minutes:
            act(she, code_of(page), "later", word="9136", until="23:00")
        turn()
        with reading() as s:
            rid = s.scalars(select(Alert.rid).where(Alert.state == "calling")).one()
        with writing() as s:
            assert answering.take(s, rid, staff_id("saule"), "saule", clock.now())
        with reading() as s:
            told = answering.open_(s, rid, staff_id("saule")).told
        assert (told.wish, told.forced) == ("позвоните Айше", True)
        with writing() as s:
            answering.close(s, rid, staff_id("saule"), "saule", clock.now())
        ended.append(rid)
        travel.shift(timedelta(minutes=minutes))
    turn()
    assert calls(twilio) == ["Дежурство: 1"] * 3
    assert len(set(ended)) == 3


def test_put_off_while_the_worker_is_about_to_fire_it_calls_nobody(
    chain_on: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    due_at = clock.now() + timedelta(hours=1)
    with writing() as s:
        code = check_ins.start(s, Told(), due_at, "2583", "9136", clock.now())
        rid = check_ins.find(s, code).rid
    travel.shift(timedelta(hours=1))
    with writing() as s:  # the worker has looked, she is faster
        check_ins.check_in(s, code, "2583", clock.now() + timedelta(hours=1), clock.now())
    with writing() as s:
        assert check_ins.fire(s, {rid: due_at}, clock.now()) == ()
    assert count(Alert) == 0


def test_five_wrong_numbers_and_only_the_hour_ends_it(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    code = code_of(begin(she))
    tries = [act(she, code, "end", word="0000") for _ in range(5)]
    assert {page.status_code for page in tries} == {400}
    assert "Осталось попыток: 4" in tries[0].text
    assert act(she, code, "end", word="2583").status_code == 400  # not even hers
    travel.shift(timedelta(hours=2, minutes=50))
    turn()
    assert calls(twilio) == ["Дежурство: 1"]
    seen = act(she, code, "open")
    assert "Зовём: Saule" in seen.text
    safe = she.post("/ru/now", data={"alert": field(seen.text, "alert"), "act": "safe"}, follow_redirects=True)
    assert "Закончено" in safe.text
    assert state(the_signal()) == "safe"


def test_with_nobody_on_duty_a_text_for_a_friend_instead_and_nothing_begins(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    she = chain.test_client()
    page = she.get("/ru/watch").text
    assert "мы ничего не обещаем" in page
    assert 'href="sms:?' in page
    assert "Если я не напишу тебе до 21:30" in page
    on_duty(hours=2)
    token = field(she.get("/ru/watch").text, "token")
    long = begin(she)
    assert "Кто дежурит в этот час, пока неизвестно" in long.text
    with writing() as s:
        duty.end(s, staff_id("saule"), "saule", clock.now())
    assert she.post("/ru/watch", data={**GOOD, "token": token, "until": "22:00"}).status_code == 409
    assert count(CheckIn) == 1
    travel.shift(timedelta(hours=3))
    turn()
    rid = the_signal()  # it fires all the same, and waits
    travel.shift(timedelta(hours=5))
    turn()
    assert state(rid) == "unanswered"
    on_duty()
    assert untaken() == [rid]
    assert "Звоните сами" in act(she, code_of(long), "open").text


def test_sent_twice_it_is_one_and_an_old_page_keeps_what_was_typed(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    token = field(she.get("/ru/watch").text, "token")
    pages = [she.post("/ru/watch", data={**GOOD, "token": token}) for _ in range(3)]
    assert len({code_of(page) for page in pages}) == 1
    assert count(CheckIn) == 1
    changed = she.post("/ru/watch", data={**GOOD, "token": token, "until": "23:00"})
    assert changed.status_code == 409
    with writing() as s:
        duty.end(s, staff_id("saule"), "saule", clock.now())
    lost = she.post("/ru/watch", data={**GOOD, "token": token})  # the answer never came, and duty has ended since
    assert code_of(lost) == code_of(pages[0])
    on_duty()
    old = field(she.get("/ru/watch").text, "token")
    travel.shift(timedelta(hours=2, minutes=1))
    turn()
    late = she.post("/ru/watch", data={**GOOD, "token": old, "until": "23:00"})
    assert late.status_code == 400
    assert "позвоните Айше" in late.text
    assert count(CheckIn) == 1


WRONG: tuple[dict[str, str], ...] = (
    {"until": "19:42"}, {"until": "8:30"}, {"until": "25:00"}, {"until": ""}, {"until": "٢٢:٣٠x"}, {"word": "12"},
    {"word": ""}, {"word": "1234"}, {"forced": "2583"},
    {"word": "2580"}, {"forced": "0000"}, {"word": "12345678901"}, {"word": "пароль"}, {"token": "x"},
    {"until": "9" * 60_000}, {"forced": "\x00"}, {"act": "open"}, {"act": "end", "code": "x"},
)  # fmt: skip


def test_what_makes_no_check_in_is_said_beside_the_field(chain: Flask) -> None:
    on_duty()
    for change in WRONG:
        answer = begin(chain.test_client(), **change)
        assert answer.status_code == 400, change
        assert "data-errors" in answer.text
    assert count(CheckIn) == 0


def test_after_a_mistyped_number_the_code_is_still_there(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = begin(she)
    shown = re.search(r'class="code"[^>]*>([^<]+)<', page.text)
    assert shown
    for data in ({"word": "5555"}, {"word": ""}, {"word": "2583", "until": "скоро"}):
        wrong = act(she, code_of(page), "later" if "until" in data else "end", **data)
        assert wrong.status_code == 400
        assert shown[1] in wrong.text


@pytest.mark.parametrize(
    "change", [{"until": "11 вечера"}, {"until": "2300"}, {"until": "", "hours": "1"}, {"until": "через час"}]
)
def test_it_begins_however_the_hour_is_written_and_without_other_digits(
    chain: Flask, travel: time_machine.Traveller, change: dict[str, str]
) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = begin(she, forced="", **change)
    assert page.status_code == 200
    assert re.search("Включено до (23:00|20:40)", page.text)
    later = act(she, code_of(page), "later", word="2583", hours="3")
    assert "Включено до 22:40" in later.text
    assert act(she, code_of(page), "end", word="0000").status_code == 400
    assert "Закончено" in act(she, code_of(page), "end", word="2583").text


def test_what_is_missing_is_named(chain: Flask) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = begin(she, until="", word="").text
    assert '<a href="#until">До которого часа: ' in page
    assert '<a href="#word">Ваши цифры: всё в порядке: ' in page
    assert page.count('inputmode="numeric"') == 2
