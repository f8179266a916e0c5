"""What she sees and what they see: nothing by GET, no secret in an address, one signal however often it is sent."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from clinic import clock
from clinic.db import reading
from clinic.messaging.models import Message
from clinic.safety.alerts import signals, standing
from clinic.safety.alerts.models import Alert
from tests.alerts.conftest import PHONES, calls, field, log, on_duty, state, turn
from tests.desk.conftest import PASSWORD, csrf, sign_in
from tests.twilio_stand_in import StandIn

SECRET = "+7 701 555 01 42"


def count() -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(Alert)) or 0


def press(she: FlaskClient, page: str = "/ru/now") -> TestResponse:
    return she.post("/ru/now", data={"act": "start", "token": field(she.get(page).text, "token")})


def send(she: FlaskClient, page: TestResponse, act: str, **fields: str) -> TestResponse:
    data = {"alert": field(page.text, "alert"), "act": act, **fields}
    return she.post("/ru/now", data=data, follow_redirects=True)


def on(page: TestResponse) -> bytes:
    with reading() as s:
        return signals.find(s, field(page.text, "alert"))


def test_with_nobody_on_duty_the_numbers_stand_there_at_once(chain: Flask) -> None:
    page = chain.test_client().get("/ru/now")
    assert "Сейчас никто не дежурит" in page.text
    assert page.text.index("tel:112") < page.text.index("tel:103")
    assert 'value="start"' not in page.text
    assert "Позвать" not in chain.test_client().get("/ru/p/1").text
    on_duty()
    assert "Позвать того, кто дежурит" in chain.test_client().get("/ru/p/1").text
    assert page.headers["Cache-Control"] == "no-store"


def test_case_25_opening_looking_and_robots_send_nothing(chain: Flask, twilio: StandIn) -> None:
    on_duty()
    she = chain.test_client()
    token = field(she.get("/ru/now").text, "token")
    for method in ("GET", "HEAD"):
        for _ in range(3):
            she.open(f"/ru/now?act=start&token={token}", method=method, headers={"Sec-Purpose": "prefetch"})
    turn()
    assert count() == 0
    assert calls(twilio) == []


def test_case_19_five_taps_a_reload_and_back_are_one_signal(chain: Flask, twilio: StandIn) -> None:
    on_duty()
    she = chain.test_client()
    token = field(she.get("/ru/now").text, "token")
    data = {"act": "start", "token": token}
    pages = [she.post("/ru/now", data=data, follow_redirects=True) for _ in range(5)]
    assert {page.status_code for page in pages} == {200}
    assert len({field(page.text, "alert") for page in pages}) == 1
    assert count() == 1


def test_a_reload_six_minutes_later_shows_the_same_signal(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    token = field(she.get("/ru/now").text, "token")
    first = she.post("/ru/now", data={"act": "start", "token": token})
    travel.shift(timedelta(minutes=6))
    again = she.post("/ru/now", data={"act": "start", "token": token}, follow_redirects=True)
    assert field(again.text, "alert") == field(first.text, "alert")
    assert count() == 1


def test_every_page_of_it_weighs_at_most_10_kb(chain: Flask) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    for language in ("kk", "ru", "en"):
        page = she.get(f"/{language}/now", headers={"Accept-Encoding": "br"})
        token = field(she.get(f"/{language}/now").text, "token")
        data = {"act": "start", "token": token}
        signal = she.post(f"/{language}/now", data=data, headers={"Accept-Encoding": "br"})
        for packed, plain in ((page, she.get(f"/{language}/now")), (signal, she.post(f"/{language}/now", data=data))):
            files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', plain.text))
            assert len(files) >= 4
            sent = [len(she.get(file, headers={"Accept-Encoding": "br"}).data) for file in files]
            assert len(packed.data) + sum(sent) <= 10 * 1024


def test_a_press_that_goes_out_late_asks_again_first(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client()
    token = field(she.get("/ru/now").text, "token")
    travel.shift(timedelta(minutes=6))
    turn()
    late = she.post("/ru/now", data={"act": "start", "token": token})
    assert late.status_code == 409
    assert "Ещё нужно?" in late.text
    assert count() == 0
    again = she.post("/ru/now", data={"act": "start", "token": field(late.text, "token")})
    assert again.status_code == 200
    assert count() == 1


def test_a_press_when_the_last_has_gone_off_duty_says_that_nothing_was_sent(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty(hours=2)
    she = chain.test_client()
    token = field(she.get("/ru/now").text, "token")
    travel.shift(timedelta(minutes=1))
    with chain.app_context():
        from clinic.db import writing
        from clinic.safety.alerts import duty
        from tests.alerts.conftest import staff_id

        with writing() as s:
            duty.end(s, staff_id("saule"), "saule", clock.now())
    page = she.post("/ru/now", data={"act": "start", "token": token})
    assert page.status_code == 409
    assert "никто не дежурит" in page.text
    assert "tel:112" in page.text
    assert count() == 0


def test_her_page_from_countdown_to_seen_and_safe(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = press(she)
    assert "Уйдёт через 10 с" in page.text
    rid = on(page)
    page = send(she, page, "add", whole="1", where="у вокзала", phone=SECRET, may_103="1", lat="43.2412", lng="76.9311")
    travel.shift(signals.COUNTDOWN)
    turn()
    page = send(she, page, "state")
    assert "Зовём: Saule" in page.text
    assert "19:40" in page.text
    assert "wait w90" in page.text
    travel.shift(signals.LATE)
    assert "Звоните сами" in send(she, page, "state").text

    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    listed = they.get("/staff/alerts").text
    assert "у вокзала" not in listed
    address = f"/staff/alerts/{rid.hex()}"
    token = csrf(they, "/staff/duty")
    assert they.post(address, data={"csrf_token": token, "act": "take"}).status_code == 303
    opened = they.get(address).text
    assert "у вокзала" in opened
    assert SECRET in opened
    assert "43.2412, 76.9311" in opened
    they.post(address, data={"csrf_token": token, "act": "say", "text": "Вижу вас."})
    they.post(address, data={"csrf_token": token, "act": "note", "note": "called_back"})

    page = send(she, page, "state")
    assert "Ваш сигнал принят" in page.text
    assert "Вижу вас." in page.text
    send(she, page, "say", text="Спасибо")
    assert "Спасибо" in they.get(address).text
    page = send(she, page, "safe")
    assert "Закончено" in page.text
    assert state(rid) == "safe"
    assert they.post(address, data={"csrf_token": token, "act": "close"}).status_code == 409
    assert log(rid) == ["given", "told_more", "fired", "taken", "answered", "called_back", "she_wrote", "safe"]


def test_only_the_one_who_took_it_reads_it_and_deeds_name_no_signal(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    from clinic.audit import Audit

    on_duty("saule")
    on_duty("aizhan")
    she = chain.test_client()
    page = press(she)
    rid = on(page)
    send(she, page, "add", whole="1", where="у вокзала", phone=SECRET)
    travel.shift(signals.COUNTDOWN)
    turn()
    people = {}
    for login in ("saule", "aizhan", "dala", "chief"):
        people[login] = chain.test_client()
        sign_in(people[login], login, PASSWORD)
    address = f"/staff/alerts/{rid.hex()}"
    tokens = {login: csrf(client, "/staff/pin") for login, client in people.items()}
    assert (
        people["dala"].post(address, data={"csrf_token": tokens["dala"], "act": "take"}).status_code == 409
    )  # off duty
    assert people["chief"].get(address).status_code == 404
    assert people["saule"].post(address, data={"csrf_token": tokens["saule"], "act": "take"}).status_code == 303
    for login in ("aizhan", "dala"):
        assert people[login].get(address).status_code == 303
        assert "у вокзала" not in people[login].get("/staff/alerts").text
    data = {"csrf_token": tokens["aizhan"], "act": "over", "was": "Saule"}
    assert people["aizhan"].post(address, data=data).status_code == 303
    assert "у вокзала" in people["aizhan"].get(address).text
    assert people["saule"].get(address).status_code == 303
    with reading() as s:
        deeds = s.execute(select(Audit.verb, Audit.thing).where(Audit.verb.like("signal%"))).all()
    assert sorted(tuple(deed) for deed in deeds) == [("signal taken", ""), ("signal taken over", "")]


def test_on_duty_by_page_with_the_number_that_came(chain: Flask, twilio: StandIn) -> None:
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    assert they.get("/staff/").headers["Location"] == "/staff/duty"
    token = csrf(they, "/staff/duty")
    bad = they.post("/staff/duty", data={"csrf_token": token, "act": "on", "phone": "1", "shown_as": "С", "hours": "8"})
    assert bad.status_code == 422
    good = {"csrf_token": token, "act": "on", "phone": PHONES["saule"], "shown_as": "Сауле", "hours": "8"}
    assert they.post("/staff/duty", data=good).status_code == 303
    turn()
    page = they.get("/staff/duty").text
    assert "Связь ещё не проверена" in page
    assert PHONES["saule"][2:] not in re.sub(r"\D", "", page)
    number = twilio.taken[-1].body[-4:]
    assert they.post("/staff/duty", data={"csrf_token": token, "act": "confirm", "number": number}).status_code == 303
    assert "Проверка пройдена" in they.get("/staff/duty").text
    assert "Сауле" in chain.test_client().get("/ru/now").text
    they.post("/staff/duty", data={"csrf_token": token, "act": "off"})
    assert "Сейчас никто не дежурит" in chain.test_client().get("/ru/now").text


def test_a_coordinator_starts_a_drill_and_she_reads_what_it_measured(
    chain: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    assert "ещё не измерено" in chain.test_client().get("/ru/now").text
    chief = chain.test_client()
    sign_in(chief, "chief", PASSWORD)
    assert chief.post("/staff/alerts", data={"csrf_token": csrf(chief, "/staff/pin")}).status_code == 303
    travel.shift(signals.COUNTDOWN)
    turn()
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    address = re.search(r"/staff/alerts/[0-9a-f]{32}", they.get("/staff/alerts").text)
    assert address
    travel.shift(timedelta(seconds=31))
    they.post(address[0], data={"csrf_token": csrf(they, "/staff/pin"), "act": "take"})
    assert "Это учебный сигнал" in they.get(address[0]).text
    page = chain.test_client().get("/ru/now").text
    assert "за 31 секунду" in page
    assert "31 с" in chief.get("/staff/alerts").text


def test_what_cannot_be_read_is_left_out_and_never_refused(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    page = press(she)
    rid = on(page)
    bad: list[dict[str, str]] = [
        {"where": "a\x00b" * 200, "phone": "\x00"}, {"lat": "nan", "lng": "inf"}, {"lat": "43"}, {"may_103": "yes"},
        {"where": "'\"><script>alert(1)</script>"}, {"text": "9" * 60_000}, {"where": "9" * 60_000},
        {"phone": "\u202e💃"}, {"quiet": "NULL"}, {"follow": "2"},
    ]  # fmt: skip
    for act in ("add", "say"):
        for fields in bad:
            answer = send(she, page, act, whole="1", **fields)
            assert answer.status_code == 200, (act, fields)
            assert "<script>alert" not in answer.text
    assert state(rid) == "counting"
    wrong: list[dict[str, Any]] = [
        {"act": "\x00", "alert": "x"}, {"act": "start"}, {"act": "start", "token": "9" * 999}, {"alert": "a" * 32},
        {"act": "state", "alert": "a" * 32}, {"act": "safe", "alert": "💃"}, {"act": "start", "token": "é"},
    ]  # fmt: skip
    for data in wrong:
        answer = chain.test_client(use_cookies=False).post("/ru/now", data=data)
        assert answer.status_code in (400, 404, 409), data
        assert "tel:112" in answer.text
    assert count() == 1


def test_a_flood_from_one_network_is_told_to_call(make_app: Any, twilio: StandIn) -> None:
    from tests.alerts.conftest import furnish

    app = make_app("sqlite", twilio.environ())
    furnish()
    on_duty()
    she = app.test_client(use_cookies=False)
    page = she.get("/ru/now").text
    assert "tel:112" in page
    last = [press(she) for _ in range(32)][-1]  # each as if from another browser
    assert last.status_code == 429
    assert "tel:112" in last.text
    assert count() == 30


def test_titles_and_messages_say_nothing(chain: Flask, twilio: StandIn, travel: time_machine.Traveller) -> None:
    on_duty()
    she = chain.test_client()
    page = press(she)
    travel.shift(signals.COUNTDOWN)
    turn()
    for answer in (she.get("/ru/now"), page, send(she, page, "state")):
        assert re.search(r"<title>(.*?)</title>", answer.text, re.S)[1] == "Номера · Кешкі"  # type: ignore[index]
    assert not re.search("сигнал|помощь|женщин", " ".join(m.body for m in twilio.taken), re.IGNORECASE)
    with reading() as s:
        assert not s.scalars(select(Message.pass_id).where(Message.pass_id.is_not(None))).all()


def test_who_sends_positions_without_end_fills_no_log(
    chain: Flask, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "MOST_STEPS", 3)
    on_duty()
    she = chain.test_client(use_cookies=False)
    page = press(she)
    for n in range(6):
        assert send(she, page, "add", lat=f"43.{n}", lng="76.9").status_code == 200
    rid = on(page)
    assert log(rid) == ["given", "moved", "moved"]
    with reading() as s:
        assert standing.stand(s, rid, clock.now()).told.lat == 43.5  # the last is still passed on
    assert send(she, page, "safe").status_code == 200
    assert log(rid)[-1] == "stopped"
