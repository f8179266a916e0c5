"""Neither Back nor Hide cuts her off from a signal; what she writes arrives, or she is told that it did not."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.db import writing
from clinic.safety.alerts import answering, running, signals
from tests.alerts.conftest import calls, field, log, on_duty, staff_id, stand, state, take, turn, untaken
from tests.alerts.test_pages import count, on, press, send
from tests.desk.conftest import PASSWORD, csrf, sign_in
from tests.twilio_stand_in import StandIn


def begin(she: FlaskClient, travel: time_machine.Traveller) -> bytes:
    """She presses, and it goes out."""
    rid = on(press(she))
    travel.shift(signals.COUNTDOWN)
    turn()
    return rid


def close(rid: bytes, login: str = "saule") -> None:
    with writing() as s:
        answering.close(s, rid, staff_id(login), login, clock.now())


def test_after_hide_or_back_the_page_says_that_it_runs_and_leads_to_it(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    rid = begin(she, travel)
    she.get("/ru/out")  # Hide
    page = she.get("/ru/now")
    assert "Ваш сигнал подан и действует с 19:40" in page.text
    assert 'value="start"' not in page.text
    assert "Зовём: Saule" in she.get("/ru/now/on").text
    stopped = send(she, page, "stop")
    assert "Закончено" in stopped.text
    assert state(rid) == "safe"
    assert she.get_cookie(running.NAME) is None  # it is over, and nothing of it stays
    assert 'value="start"' in she.get("/ru/now").text
    assert she.get("/ru/now/on").status_code == 303


def test_a_second_press_joins_the_first(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    token = field(she.get("/ru/now").text, "token")
    other = field(she.get("/ru/now").text, "token")
    first = she.post("/ru/now", data={"act": "start", "token": token})
    again = she.post("/ru/now", data={"act": "start", "token": other}, follow_redirects=True)
    assert field(again.text, "alert") == field(first.text, "alert")
    assert count() == 1


def test_what_the_phone_holds_tells_nothing_and_goes_with_the_signal(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    page = press(she)
    kept = next(line for line in page.headers.getlist("Set-Cookie") if line.startswith(f"{running.NAME}="))
    assert "HttpOnly" in kept
    assert "SameSite=Lax" in kept
    assert field(page.text, "alert") not in kept
    cookie = she.get_cookie(running.NAME)
    assert cookie is not None
    for value in ("x", cookie.value[:-4] + "AAAA", "é", "A" * 4000):
        other = chain.test_client()
        other.set_cookie(running.NAME, value)
        assert 'value="start"' in other.get("/ru/now").text
    travel.shift(timedelta(hours=25))
    with writing() as s:
        signals.forget(s, clock.now())
    over = she.get("/ru/now/on")
    assert over.status_code == 404
    assert "tel:112" in over.text
    assert she.get_cookie(running.NAME) is None


def test_without_cookies_the_page_itself_goes_on_and_says_what_that_means(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = press(she)
    assert "Если браузер не сохраняет cookie" in page.text
    assert she.get("/ru/now/on?again=1").status_code == 204  # a page that renews itself stays as it is
    assert send(she, page, "state").status_code == 200
    assert "hidden>Если браузер" not in send(she, page, "state").text


def test_without_a_script_it_renews_itself_but_never_under_what_she_writes(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    page = press(she)
    assert '<noscript><meta http-equiv="refresh" content="15;url=/ru/now/on?again=1"></noscript>' in page.text
    assert "Уйдёт через" in she.get("/ru/now/on?again=1").text
    writes = send(she, page, "state", write="1")
    assert "http-equiv" not in writes.text
    assert 'id="where"' in writes.text
    send(she, page, "stop")
    assert "http-equiv" not in send(she, page, "state").text


def test_they_see_whether_her_page_is_open(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    rid = begin(she, travel)
    take(rid)
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    address = f"/staff/alerts/{rid.hex()}"
    she.get("/ru/now/on")
    assert "Страница сигнала открыта" in they.get(address).text
    travel.shift(timedelta(minutes=3))
    assert "Страница сигнала была открыта последний раз: 19:40" in they.get(address).text


def test_her_words_after_the_end_call_again(chain: Flask, twilio: StandIn, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    rid = begin(she, travel)
    take(rid)
    page = she.get("/ru/now/on")
    assert "Ваш ответ" in page.text
    close(rid)
    ended = she.get("/ru/now/on").text
    assert "Ваш ответ" not in ended
    assert "Позвать снова" in ended
    assert "закончен тем, кто его принял" in she.get("/ru/now").text
    travel.shift(timedelta(minutes=5))
    answer = send(she, page, "say", text="Он вернулся, помогите")  # from the page as it was
    assert "Зовём: Saule" in answer.text
    assert "Он вернулся, помогите" in answer.text
    turn()
    assert len(calls(twilio)) == 2
    assert untaken() == [rid]
    assert log(rid)[-3:] == ["closed", "called_again", "she_wrote"]
    take(rid)
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    assert "Он вернулся, помогите" in they.get(f"/staff/alerts/{rid.hex()}").text


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("say", {"text": "Он вернулся"}),
        ("say", {}),
        ("again", {}),
        ("unwell", {}),
        ("add", {"whole": "1", "where": "Он вернулся"}),
    ],
)
def test_whatever_she_sends_after_they_ended_it_calls_again(
    chain: Flask, travel: time_machine.Traveller, act: str, fields: dict[str, str]
) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = press(she)
    travel.shift(signals.COUNTDOWN)
    turn()
    rid = on(page)
    take(rid)
    close(rid)
    send(she, page, "add", lat="43.2", lng="76.9")  # her phone sends that by itself
    assert state(rid) == "closed"
    assert send(she, page, act, **fields).status_code == 200
    assert state(rid) == "calling"


@pytest.mark.parametrize("act", ["say", "add"])
def test_what_is_not_sent_is_told_at_once_and_stays_before_her(
    chain: Flask, travel: time_machine.Traveller, act: str
) -> None:
    on_duty()
    she = chain.test_client()
    page = press(she)
    travel.shift(signals.COUNTDOWN)
    turn()
    send(she, page, "stop")
    answer = send(she, page, act, whole="1", text="Он вернулся", where="Он вернулся")
    assert answer.status_code == 409
    assert "Это не отправлено" in answer.text
    assert "Он вернулся" in answer.text
    assert "/ru/now" in answer.text


def test_she_stops_it_without_saying_that_all_is_well(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    rid = begin(she, travel)
    page = she.get("/ru/now/on")
    take(rid)
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    address = f"/staff/alerts/{rid.hex()}"
    unwell = send(she, page, "unwell")
    assert 'class="quiet"' in unwell.text
    assert "Писать не может, и не всё в порядке" in they.get(address).text
    assert state(rid) == "taken"  # it stays on
    stopped = send(she, page, "stop")
    assert "видит только то, что вы его остановили" in stopped.text
    assert "всё ли в порядке, не сказано" in they.get(address).text
    send(she, page, "safe")
    assert "Сказано, что всё в порядке" in they.get(address).text
    assert log(rid)[-3:] == ["not_well", "she_stopped", "safe"]


def test_what_somebody_ended_by_a_slip_is_opened_again_and_stands_in_a_list(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty("saule")
    on_duty("aizhan")
    she = chain.test_client()
    rid = begin(she, travel)
    take(rid)
    they, others = chain.test_client(), chain.test_client()
    sign_in(they, "saule", PASSWORD)
    sign_in(others, "aizhan", PASSWORD)
    address, token = f"/staff/alerts/{rid.hex()}", csrf(they, "/staff/pin")
    assert "Да, закончить" in they.get(address).text.split('<details class="card')[1]  # asked once
    they.post(address, data={"csrf_token": token, "act": "close"})
    listed = they.get("/staff/alerts").text
    assert "Законченные, из ваших" in listed
    assert address in listed
    assert address not in others.get("/staff/alerts").text
    reply = others.post(address, data={"csrf_token": csrf(others, "/staff/pin"), "act": "reopen"})
    assert reply.status_code == 409
    said = they.post(address, data={"csrf_token": token, "act": "say", "text": "Вы ещё здесь?"})
    assert said.status_code == 409
    assert "Не отправлено" in said.text
    assert "Вы ещё здесь?" in said.text
    assert they.post(address, data={"csrf_token": token, "act": "reopen"}).status_code == 303
    assert state(rid) == "taken"
    assert "Ваш сигнал принят" in she.get("/ru/now/on").text
    send(she, she.get("/ru/now/on"), "safe")
    assert they.post(address, data={"csrf_token": token, "act": "reopen"}).status_code == 409  # she has ended it


def test_what_she_passed_on_stays_in_the_fields(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    page = press(she)
    told = send(
        she, page, "add", whole="1", where="у вокзала", phone="+77015550142", may_103="1", lat="43.24", lng="76.9"
    )
    for text in (told.text, she.get("/ru/now/on").text):
        assert ">у вокзала</textarea>" in text
        assert 'value="+77015550142"' in text
        assert "Мы передали, где вы" in text
        assert text.count("tel:112") == 1
    travel.shift(signals.COUNTDOWN)
    turn()
    travel.shift(signals.LATE)
    assert stand(on(page)).late
    assert she.get("/ru/now/on").text.count("tel:112") == 1


def test_stop_is_the_first_thing_under_the_countdown(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    page = press(chain.test_client()).text
    assert page.count('value="stop"') == 1
    assert page.index("Уйдёт через") < page.index('form="poll" name="act" value="stop"') < page.index("tel:112")
