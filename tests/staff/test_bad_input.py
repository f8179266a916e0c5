"""Whatever is sent to the pages about accounts is refused in words or read safely: never a 500, never an echo."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from clinic.db import reading
from clinic.staff import guessing
from clinic.staff.models import Device, Invitation, Membership, Staff
from tests.desk.conftest import Desk, csrf, furnish

HUGE = "9" * 50_000
BAD = (
    "", "\x00", "a\x00b", "💃", "\u202e701\u202c", HUGE, "'\"><script>alert(1)</script>", "%s%n", "\uffff", "-1", "nan",
    "1e9", "place:", "place:99999999999", "all:-1", "place:1:2", "{}", "[]", "null",
    '{"rawId":1}', '{"response":{"clientDataJSON":"e30"}}',
)  # fmt: skip
# One field of each is wrong to begin with: names may be anything, and nothing shall be taken.
FORMS: dict[str, dict[str, str]] = {
    "/staff/sign-in": {"login": "gulnar", "password": "wrong", "code": "123456"},
    "/staff/sign-in/passkey": {"answer": "{}"},
    "/staff/sit-down": {"who": "1", "pin": "0000"},
    "/staff/invitation/abcdefghjkmn": {"code": "12345678", "login": "asel", "password": "evening lamp", "pin": "8093"},
    "/staff/me/end": {"sign_in": "00"},
    "/staff/me/proof": {"password": "wrong"},
    "/staff/me/password": {"password": "short"},
    "/staff/me/second": {"act": "app", "secret": "00", "code": "000000", "answer": "{}", "name": "x"},
    "/staff/me/second/take": {"what": "app"},
    "/staff/people/invite": {"name": "A", "language": "de", "where": "place:1", "roles": "clinician"},
    "/staff/people/desks": {"place": "x", "name": "A"},
    "/staff/people/1/give": {"role": "boss", "where": "place:1"},
    "/staff/people/1/take": {"role": "boss", "where": "place:1"},
    "/staff/people/1/end": {"sign_in": "00"},
}
KEPT = (Staff, Membership, Invitation, Device)


def rows() -> list[int]:
    with reading() as s:
        return [s.scalar(select(func.count()).select_from(model)) or 0 for model in KEPT]


@pytest.mark.parametrize("path", FORMS)
def test_nothing_bad_is_taken_or_sent_back(desk: Desk, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "must_wait", lambda _login: False)  # nor is this limit
    inside = path.startswith(("/staff/me", "/staff/people"))
    client = desk.client("chief") if inside else desk.stranger()
    token = csrf(client, "/staff/me" if inside else "/staff/sign-in")
    before = rows()
    # Every other value for each field, turn about: neighbouring fields get what the others did not.
    sent = [{**FORMS[path], field: value} for n, field in enumerate(FORMS[path]) for value in BAD[n % 2 :: 2]]
    sent += [{"act": "passkey", "answer": value} for value in BAD[-7:]] if path.endswith("/second") else []
    for n, data in enumerate(sent):
        where = {"REMOTE_ADDR": f"198.51.{n // 250}.{n % 250}"}  # the limit is not what is tested here
        answer = client.post(path, data={**data, "csrf_token": token}, environ_base=where)
        assert answer.status_code in (303, 400, 404, 413, 422), (path, data, answer.status_code)
        assert "<script>alert" not in answer.text
    assert rows() == before


def test_numbers_that_no_key_can_be_lead_nowhere(desk: Desk) -> None:
    chief, most = desk.client("chief"), 2**31
    token = {"csrf_token": csrf(chief, "/staff/me")}
    for number in (str(most), "9" * 20, "9" * 5000):
        for path in (f"/staff/people/{number}", f"/staff/pages/{number}/ru", desk.url(f"/visit/{number}")):
            assert chief.get(path).status_code == 404, path
        for path in (f"people/{number}/renew", f"people/{number}/off", f"people/desks/{number}/end"):
            assert chief.post(f"/staff/{path}", data=token).status_code == 404, path


@pytest.mark.parametrize("text", ["[" * 19_000, '{"response":{"clientDataJSON":"%s"}}' % ("W1tb" * 4_000)])
def test_brackets_in_brackets_are_no_answer_of_a_device(desk: Desk, text: str) -> None:
    browser = desk.stranger()
    sent = {"csrf_token": csrf(browser, "/staff/sign-in"), "answer": text}
    assert browser.post("/staff/sign-in/passkey", data=sent).status_code == 422


def test_an_invitation_whose_link_was_damaged_is_refused_on_postgresql(pg_app: Flask, evening: object) -> None:
    stranger = furnish(pg_app).stranger()
    sent = {**FORMS["/staff/invitation/abcdefghjkmn"], "csrf_token": csrf(stranger, "/staff/sign-in")}
    assert stranger.post("/staff/invitation/abc%00def", data=sent).status_code == 422


def test_case_18_an_invitation_that_lay_open_too_long_comes_back_filled_in(desk: Desk) -> None:
    data = {**FORMS["/staff/invitation/abcdefghjkmn"], "csrf_token": "old"}
    answer = desk.stranger().post("/staff/invitation/abcdefghjkmn", data=data)
    assert answer.status_code == 400
    assert 'value="asel"' in answer.text
    assert "evening lamp" not in answer.text
