"""Second factors: led to one, asked for it, each code once; nobody learns what was wrong."""

import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock
from clinic.db import reading, writing
from clinic.staff import second_factor
from clinic.staff.models import RecoveryCode, SecondFactor, Staff
from tests.desk.conftest import PASSWORD, PIN, Desk, csrf
from tests.desk.conftest import sign_in as enter

SECOND = "/staff/me/second"


@pytest.fixture
def asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at which everybody needs a second factor, as outside the demo."""
    monkeypatch.setattr(second_factor, "asked", lambda: True)
    return desk


def set_up(client: FlaskClient) -> tuple[str, list[str]]:
    """Set up an app as somebody does who types the letters; its secret, and the recovery codes."""
    page = client.get(SECOND).text
    secret = re.sub(r"\s", "", page.split('translate="no">')[1].split("<")[0])
    sealed = page.split('name="secret" value="')[1].split('"')[0]
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    code = pyotp.TOTP(secret).at(clock.now())
    answer = client.post(SECOND, data={"csrf_token": token, "act": "app", "secret": sealed, "code": code})
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", answer.text)


def with_code(client: FlaskClient, code: str, login: str = "gulnar", password: str = PASSWORD):  # type: ignore[no-untyped-def]
    data = {"csrf_token": csrf(client, "/staff/sign-in"), "login": login, "password": password, "code": code}
    return client.post("/staff/sign-in", data=data)


def sentence(page: str) -> str:
    return page.split('role="alert"')[1].split("</div>")[0]


def test_without_a_second_factor_every_page_leads_to_setting_one_up(asked: Desk) -> None:
    client = asked.stranger()
    assert enter(client, "gulnar", PASSWORD).status_code == 303
    for path in ("/staff/", asked.url(), "/staff/me", "/staff/pin"):
        assert client.get(path).headers["Location"] == SECOND
    poll = client.get(asked.url("/board"), headers={"Keshki-Poll": "1"})
    assert (poll.status_code, poll.json) == (401, {"go": SECOND})
    _, codes = set_up(client)
    assert len(set(codes)) == 10
    assert client.get(asked.url()).status_code == 200


def test_the_code_is_asked_and_works_once(asked: Desk, evening: time_machine.Traveller) -> None:
    client = asked.client()
    secret, _ = set_up(client)
    code = pyotp.TOTP(secret).at(clock.now())
    assert with_code(asked.stranger(), code).status_code == 422, "the code that confirmed the app was used"
    evening.shift(timedelta(seconds=60))
    fresh = pyotp.TOTP(secret).at(clock.now())
    assert with_code(asked.stranger(), "").status_code == 422
    assert with_code(asked.stranger(), f" {fresh[:3]} {fresh[3:]} ").status_code == 303
    assert with_code(asked.stranger(), fresh).status_code == 422
    earlier = pyotp.TOTP(secret).at(clock.now() - timedelta(seconds=30))
    assert with_code(asked.stranger(), earlier).status_code == 422, "an older step than one that was used"


def test_a_recovery_code_works_once_and_the_database_holds_none(asked: Desk) -> None:
    client = asked.client()
    secret, codes = set_up(client)
    assert with_code(asked.stranger(), codes[0].upper()).status_code == 303
    assert with_code(asked.stranger(), codes[0]).status_code == 422
    with reading() as s:
        rows = [bytes(row) for row in s.scalars(select(RecoveryCode.code_hash))]
        box = s.scalars(select(SecondFactor.totp)).one()
    assert len(rows) == 9
    assert box is not None
    for kept in (*rows, bytes(box)):
        assert secret.encode() not in kept
        assert not any(code.replace("-", "").encode() in kept for code in codes)


def test_nobody_is_told_which_of_the_three_was_wrong(asked: Desk) -> None:
    set_up(asked.client())
    answers = [
        with_code(asked.stranger(), "000000"),
        with_code(asked.stranger(), "", password="wrong"),
        with_code(asked.stranger(), "000000", login="nobody"),
        with_code(asked.stranger(), "x" * 60),
        with_code(asked.stranger(), "\x00"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({sentence(answer.text) for answer in answers}) == 1
    assert PASSWORD not in answers[0].text


def test_an_unknown_login_compares_a_code_and_a_hash_as_well(asked: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(asked.client())
    compared: list[str] = []
    real = second_factor.step_of

    def counting(secret: str, typed: str, now):  # type: ignore[no-untyped-def]
        compared.append(typed)
        return real(secret, typed, now)

    monkeypatch.setattr(second_factor, "step_of", counting)
    with_code(asked.stranger(), "000001")
    with_code(asked.stranger(), "000002", login="nobody")
    with_code(asked.stranger(), "000003", password="wrong")
    assert compared == ["000001", "000002", "000003"]


def test_after_ten_wrong_codes_even_the_right_one_waits_an_hour(asked: Desk, evening: time_machine.Traveller) -> None:
    secret, codes = set_up(asked.client())
    with reading() as s:
        gulnar = s.scalars(select(Staff.id).where(Staff.login == "gulnar")).one()
    evening.shift(timedelta(seconds=90))
    for _ in range(10):
        assert not second_factor.passes(gulnar, "000000", clock.now())
    assert not second_factor.passes(gulnar, pyotp.TOTP(secret).at(clock.now()), clock.now())
    assert not second_factor.passes(gulnar, codes[1], clock.now()), "nor is it used up"
    evening.shift(timedelta(hours=1))
    assert second_factor.passes(gulnar, codes[1], clock.now())
    assert second_factor.passes(gulnar, pyotp.TOTP(secret).at(clock.now()), clock.now())


def test_locks_are_changed_by_whoever_proves_it_only(asked: Desk, evening: time_machine.Traveller) -> None:
    client = asked.client()
    set_up(client)
    for _ in range(2):
        evening.shift(timedelta(minutes=9))
        client.get("/staff/me")
    token = csrf(client, "/staff/me")
    for path, data in (
        (SECOND, {"act": "app"}),
        ("/staff/me/second/take", {"what": "app"}),
        ("/staff/me/codes", {}),
    ):
        assert client.post(path, data={"csrf_token": token, **data}).headers["Location"] == "/staff/me/proof", path
    wrong = client.post("/staff/me/proof", data={"csrf_token": token, "password": "wrong"})
    assert wrong.status_code == 422
    assert client.post("/staff/me/proof", data={"csrf_token": token, "password": PASSWORD}).status_code == 303
    assert len(re.findall(r"<li>[a-z2-9]{5}-", client.post("/staff/me/codes", data={"csrf_token": token}).text)) == 10
    client.post("/staff/me/second/take", data={"csrf_token": token, "what": "app"})
    assert client.get("/staff/me").headers["Location"] == SECOND
    with reading() as s:
        assert s.scalars(select(RecoveryCode.staff_id)).all() == []


def test_a_pin_that_opened_the_screen_changes_no_locks(desk: Desk) -> None:
    client = desk.client()
    assert client.get("/staff/me/password").status_code == 200
    client.post("/staff/lock")
    client.post("/staff/unlock", data={"csrf_token": csrf(client, "/staff/lock"), "pin": PIN})
    assert client.get(desk.url()).status_code == 200
    assert client.get(SECOND).headers["Location"] == "/staff/me/proof"
    form = {"csrf_token": csrf(client, "/staff/me/password"), "password": "seven green lamps sing"}
    assert client.post("/staff/me/password", data=form).status_code == 422, "it asks for the one she has"


def test_another_password_ends_the_other_sign_ins(desk: Desk) -> None:
    here, elsewhere = desk.client(), desk.client()
    page = here.get("/staff/me")
    assert page.text.count('name="sign_in"') == 2
    form = {"csrf_token": csrf(here, "/staff/me/password"), "current": PASSWORD, "password": "short"}
    assert here.post("/staff/me/password", data=form).status_code == 422
    assert here.post("/staff/me/password", data=form | {"password": "seven green lamps sing"}).status_code == 303
    assert elsewhere.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert here.get(desk.url()).status_code == 200


def test_a_sign_in_elsewhere_is_ended_from_the_list_and_no_foreign_one(desk: Desk) -> None:
    here, elsewhere, foreign = desk.client(), desk.client(), desk.client("dala")
    page = here.get("/staff/me").text
    lines = [line for line in page.split("<li") if 'name="sign_in"' in line and "<b>(" not in line]
    (key,) = re.findall(r'name="sign_in" value="([0-9a-f]{64})"', "".join(lines))
    others = re.findall(r'name="sign_in" value="([0-9a-f]{64})"', foreign.get("/staff/me").text)
    token = csrf(here, "/staff/me")
    for wrong in (*others, "zz", "", "0" * 64):
        here.post("/staff/me/end", data={"csrf_token": token, "sign_in": wrong})
    assert foreign.get("/staff/me").status_code == 200
    here.post("/staff/me/end", data={"csrf_token": token, "sign_in": key})
    assert here.get(desk.url()).status_code == 200
    assert elsewhere.get(desk.url()).headers["Location"] == "/staff/sign-in"


def test_a_lost_lasting_key_leaves_the_recovery_by_the_coordinator(asked: Desk) -> None:
    set_up(asked.client())
    with writing() as s:
        s.scalars(select(SecondFactor)).one().totp = b"sealed with keys that are gone"
    assert with_code(asked.stranger(), "123456").status_code == 422
