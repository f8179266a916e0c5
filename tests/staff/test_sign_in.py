"""Who gets in, for how long, and what covers the screen; the clock is moved, never waited for."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from clinic import clock
from clinic.db import db, reading, writing
from clinic.staff import accounts, sign_in
from clinic.staff.models import SignIn, Staff
from tests.desk.conftest import PASSWORD, PIN, Desk, csrf
from tests.desk.conftest import sign_in as enter

SEE = "/staff/sign-in"
COVER = "/staff/lock"


def where(client: FlaskClient, url: str) -> str:
    """Where a page leads: its own address, or the one it redirects to."""
    answer = client.get(url)
    return str(answer.headers.get("Location", url))


def give_pin(client: FlaskClient, pin: str):  # type: ignore[no-untyped-def]
    return client.post("/staff/unlock", data={"csrf_token": csrf(client, COVER), "pin": pin})


def test_password_opens_and_the_database_holds_only_hashes(desk: Desk) -> None:
    client = desk.client()
    assert where(client, desk.url()) == desk.url()
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    row = db.session.execute(select(SignIn)).scalar_one()
    assert token.encode() not in bytes(row.token_hash)
    assert len(row.token_hash) == 32
    stored = db.session.scalars(select(Staff.password)).all()
    assert all(p.startswith("$argon2id$") and PASSWORD not in p for p in stored)


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("gulnar", "wrong"),
        ("nobody-of-that-name", PASSWORD),
        ("gulnar\x00", PASSWORD + "\x00"),
        ("' OR 1=1 --", "x"),
        ("gulnar", "p" * 5000),
        ("", ""),
        ("gülnar‮", "пароль 🙂"),
        ("switched-off", PASSWORD),
    ],
)
def test_every_refusal_reads_the_same(desk: Desk, login: str, password: str) -> None:
    with writing() as s:
        away = accounts.add(s, "switched-off", "Away", "ru", PASSWORD, PIN)
        accounts.switch_off(away, clock.now())
    refused = enter(desk.stranger(), login, password)
    expected = enter(desk.stranger(), "gulnar", "also wrong")
    assert refused.status_code == expected.status_code == 422
    assert sentence(refused.text) == sentence(expected.text)


def sentence(page: str) -> str:
    return page.split('role="alert"')[1].split("</div>")[0]


def test_an_unknown_login_costs_the_same_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = accounts._hasher().verify

    class Counting:
        def verify(self, stored: str, secret: str) -> bool:
            compared.append(stored.split("$")[3])
            return bool(real(stored, secret))

        def hash(self, secret: str) -> str:
            raise AssertionError("a refusal hashes nothing anew")

    accounts._nobody()
    monkeypatch.setattr(accounts, "_hasher", Counting)
    with reading() as s:
        for login in ("gulnar", "nobody", "\x00", "x" * 200):
            with pytest.raises(sign_in.SignInRefused):
                sign_in.check(s, login, "wrong")
    assert len(compared) == 4
    assert len(set(compared)) == 1


@pytest.mark.parametrize(
    ("started", "end"),
    [
        (datetime(2026, 11, 24, 3, tzinfo=UTC), datetime(2026, 11, 24, 15, tzinfo=UTC)),  # 08:00 -> 20:00
        (datetime(2026, 11, 24, 14, 40, tzinfo=UTC), datetime(2026, 11, 25, 1, tzinfo=UTC)),  # 19:40 -> 06:00
        (datetime(2026, 11, 25, 0, 59, tzinfo=UTC), datetime(2026, 11, 25, 1, tzinfo=UTC)),  # 05:59 -> 06:00
        (datetime(2026, 11, 25, 1, tzinfo=UTC), datetime(2026, 11, 25, 13, tzinfo=UTC)),  # 06:00 -> 18:00
    ],
)
def test_a_sign_in_ends_after_twelve_hours_or_at_six(started: datetime, end: datetime) -> None:
    assert sign_in.ends_at(started) == end


def test_at_six_in_the_morning_everybody_is_out(desk: Desk, evening: time_machine.Traveller) -> None:
    client = desk.client()
    keep_busy_until(client, desk, evening, datetime(2026, 11, 25, 0, 59, tzinfo=UTC))
    assert where(client, desk.url()) == desk.url()
    evening.move_to(datetime(2026, 11, 25, 1, 0, tzinfo=UTC))
    assert where(client, desk.url()) == SEE


def keep_busy_until(client: FlaskClient, desk: Desk, clock_: time_machine.Traveller, end: datetime) -> None:
    while clock.now() < end:
        clock_.move_to(min(end, clock.now() + timedelta(minutes=9)))
        client.get(desk.url())


def test_ten_idle_minutes_cover_the_screen_and_the_pin_leads_back(desk: Desk, evening: time_machine.Traveller) -> None:
    client = desk.client()
    client.get(desk.url())
    evening.shift(timedelta(minutes=9, seconds=59))
    assert where(client, desk.url()) == desk.url()
    evening.shift(timedelta(minutes=10))
    yesterday = desk.url(day=desk.day - timedelta(days=1))
    assert where(client, yesterday) == COVER
    assert where(client, "/staff/") == COVER
    assert give_pin(client, PIN).headers["Location"] == "/staff/"  # the page asked for last
    assert where(client, desk.url()) == desk.url()


def test_polling_is_no_work_and_a_hand_on_the_mouse_is(desk: Desk, evening: time_machine.Traveller) -> None:
    client = desk.client()
    for _ in range(3):
        evening.shift(timedelta(minutes=9))
        assert client.get(desk.url("/board"), headers={"Keshki-Poll": "1", "Keshki-Active": "1"}).status_code == 200
    evening.shift(timedelta(minutes=6))
    assert client.get(desk.url("/board"), headers={"Keshki-Poll": "1"}).status_code == 200
    evening.shift(timedelta(minutes=6))
    answer = client.get(desk.url("/board"), headers={"Keshki-Poll": "1"})
    assert (answer.status_code, answer.json) == (401, {"go": COVER})


def test_a_covered_screen_shows_nothing_and_obeys_nothing(desk: Desk) -> None:
    ticket = desk.woman(20)
    client = desk.client()
    token = csrf(client, desk.url())
    page = client.get(COVER).text
    assert str(desk.slug) not in page
    assert f">{ticket}<" not in page
    step = client.post(desk.url("/step"), data={"csrf_token": token, "step": f"{ticket}:booked:here"})
    assert step.headers["Location"] == COVER
    assert where(client, "/staff/sign-in") == "/staff/"  # no way around by signing in anew: it leads to the cover
    assert where(client, "/staff/") == COVER


def test_three_wrong_pins_end_the_sign_in(desk: Desk) -> None:
    client = desk.client()
    assert give_pin(client, "0000").status_code == 422
    assert give_pin(client, "abcd").status_code == 422  # no PIN at all: not counted
    assert give_pin(client, "1111").status_code == 422
    assert give_pin(client, "2222").headers["Location"] == SEE
    with reading() as s:
        assert s.execute(select(SignIn)).all() == []
    assert where(client, desk.url()) == SEE


def test_a_right_pin_forgives_the_wrong_ones(desk: Desk) -> None:
    client = desk.client()
    for _ in range(3):
        assert give_pin(client, "0000").status_code == 422
        assert give_pin(client, "0000").status_code == 422
        assert give_pin(client, PIN).status_code == 303


def test_many_pins_at_once_get_three_tries_in_all(app_on: Flask, evening: object) -> None:
    with writing() as s:
        staff_id = accounts.add(s, "many", "Many", "ru", PASSWORD, PIN).id
        token = sign_in.begin(s, staff_id, clock.now())
    gate, outcomes = Barrier(8), []

    def guess(n: int) -> None:
        with app_on.app_context():
            gate.wait()
            try:
                sign_in.unlock(token, f"{n:04d}", clock.now())
                outcomes.append("open")
            except sign_in.WrongPin as wrong:
                outcomes.append(str(wrong.left))

    threads = [Thread(target=guess, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["0"] * 6 + ["1", "2"]
    with reading() as s:
        assert sign_in.find(s, token, clock.now()) is None


def test_switched_off_staff_are_out_at_the_next_click(desk: Desk) -> None:
    client = desk.client()
    assert where(client, desk.url()) == desk.url()
    with writing() as s:
        s.execute(update(Staff).where(Staff.login == "gulnar").values(off_at=clock.now()))
    assert where(client, desk.url()) == SEE
    assert client.get(desk.url("/board"), headers={"Keshki-Poll": "1"}).json == {"go": SEE}


def test_a_new_password_ends_what_was_open(desk: Desk) -> None:
    client = desk.client()
    with writing() as s:
        accounts.set_password(s, accounts.named(s, "gulnar"), "another one entirely")
    assert where(client, desk.url()) == SEE
    assert enter(desk.stranger(), "gulnar", PASSWORD).status_code == 422


def test_signing_out_ends_it_for_a_copied_cookie_too(desk: Desk) -> None:
    client, copy = desk.client(), desk.stranger()
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    with copy.session_transaction() as cookie:
        cookie.update(kept)
    assert where(copy, desk.url()) == desk.url()
    answer = client.post("/staff/sign-out", data={"csrf_token": csrf(client, desk.url())})
    assert answer.headers["Location"] == SEE
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert where(copy, desk.url()) == SEE


def test_an_elder_token_of_the_form_is_of_no_use_after_the_sign_in(desk: Desk) -> None:
    client = desk.stranger()
    before = csrf(client, SEE)
    enter(client, "gulnar", PASSWORD)
    answer = client.post("/staff/sign-out", data={"csrf_token": before})
    assert answer.status_code == 400
    assert where(client, desk.url()) == desk.url()


def test_a_sign_in_form_that_lay_too_long_comes_back_with_the_login(desk: Desk) -> None:
    client = desk.stranger()
    answer = client.post("/staff/sign-in", data={"csrf_token": "old", "login": "gulnar", "password": PASSWORD})
    assert answer.status_code == 400
    assert 'value="gulnar"' in answer.text
    assert PASSWORD not in answer.text


def test_the_eleventh_try_from_one_address_waits(desk: Desk) -> None:
    client = desk.stranger()
    answers = [enter(client, "gulnar", f"guess {n}").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    elsewhere = desk.stranger()
    token = csrf(elsewhere, SEE)
    data = {"csrf_token": token, "login": "gulnar", "password": PASSWORD}
    assert elsewhere.post(SEE, data=data, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 303


def test_the_way_back_after_the_pin_stays_on_this_site(desk: Desk) -> None:
    client = desk.client()
    client.get(COVER)
    for path in ("//evil.example/", "https://evil.example/", "/staff/\\evil", "/staff//evil.example", 7):
        with client.session_transaction() as cookie:
            cookie["back"] = path
        assert give_pin(client, PIN).headers["Location"] == "/staff/"
        client.get(COVER)


def test_a_pin_is_changed_with_the_password_only(desk: Desk) -> None:
    client = desk.client()
    token = csrf(client, "/staff/pin")
    wrong = client.post("/staff/pin", data={"csrf_token": token, "password": "no", "pin": "1357"})
    assert wrong.status_code == 422
    short = client.post("/staff/pin", data={"csrf_token": token, "password": PASSWORD, "pin": "135"})
    assert short.status_code == 422
    right = client.post("/staff/pin", data={"csrf_token": token, "password": PASSWORD, "pin": "1357"})
    assert right.status_code == 303
    assert give_pin(client, PIN).status_code == 422
    assert give_pin(client, "1357").status_code == 303


def test_old_sign_ins_are_swept_out_by_new_ones(desk: Desk, evening: time_machine.Traveller) -> None:
    desk.client()
    evening.shift(timedelta(days=1))
    desk.client("aigul")
    with reading() as s:
        assert len(s.execute(select(SignIn)).all()) == 1
