"""Invitations: a link that uses nothing up, a code by voice, one account; and the way back to a forgotten password."""

import re
from datetime import timedelta

import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from clinic import clock
from clinic.db import reading, writing
from clinic.staff import invitations, people
from clinic.staff.models import Invitation, Membership, Staff
from tests.desk.conftest import Desk, csrf
from tests.desk.conftest import sign_in as enter

GOOD = {"login": "Asel.K", "password": "evening lamp 7", "pin": "8093"}
INVITE = "/staff/people/invite"


def invited(client: FlaskClient, desk: Desk, **more: object) -> tuple[str, str]:
    """Path and code of an invitation that a coordinator makes on her page."""
    data = {"name": "Asel", "language": "kk", "where": f"place:{desk.location_id}", "roles": ["receptionist"], **more}
    answer = client.post(INVITE, data={"csrf_token": csrf(client, INVITE), **data})
    assert answer.status_code == 200, answer.text
    link, code = re.findall(r'<p class="code[^>]*>([^<]+)</p>', answer.text)
    assert code.replace(" ", "") not in link
    return link.removeprefix("http://localhost/kk"), code


def accept(client: FlaskClient, path: str, code: str, **more: str):  # type: ignore[no-untyped-def]
    data = {"csrf_token": csrf(client, path), "code": code, **GOOD, **more}
    return client.post(path, data=data, environ_base={"REMOTE_ADDR": f"198.51.100.{hash(path + code) % 250}"})


def left() -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(Invitation)) or 0


def test_a_link_and_a_code_make_one_account_with_its_role(desk: Desk) -> None:
    path, code = invited(desk.client("chief"), desk)
    new = desk.stranger()
    for _ in range(3):  # a messenger's preview, a colleague, she
        assert new.get(path).status_code == 200
    answer = accept(new, path, code)
    assert answer.headers["Location"] == "/staff/", answer.text
    assert new.get(desk.url()).status_code == 200
    assert new.get("/staff/people").status_code == 404
    assert accept(desk.stranger(), path, code, login="second").status_code == 422
    assert enter(desk.stranger(), "asel.k", GOOD["password"]).status_code == 303
    with reading() as s:
        row = s.scalars(select(Staff).where(Staff.login == "asel.k")).one()
        assert (row.name, row.language) == ("Asel", "kk")
        held = s.execute(select(Membership.role, Membership.location_id).where(Membership.staff_id == row.id)).all()
    assert held == [("receptionist", desk.location_id)]


def test_a_wrong_code_an_unknown_link_and_one_that_is_over_read_the_same(
    desk: Desk, evening: time_machine.Traveller
) -> None:
    path, code = invited(desk.client("chief"), desk)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08d}"
    unknown = "/staff/invitation/abcdefghjkmn"
    pages = [accept(desk.stranger(), path, wrong), accept(desk.stranger(), unknown, code)]
    assert strip_key(desk.stranger().get(unknown).text) == strip_key(desk.stranger().get(path).text)
    evening.shift(timedelta(days=3))
    pages.append(accept(desk.stranger(), path, code))
    assert [page.status_code for page in pages] == [422] * 3
    assert len({page.text.split('role="alert"')[1].split("</div>")[0] for page in pages}) == 1
    with writing() as s:
        assert invitations.forget(s, clock.now()) == 1


def strip_key(page: str) -> str:
    return re.sub(r"(/staff/invitation/)[a-z0-9]{12}", r"\1", re.sub(r'value="[^"]{60,}"', 'value=""', page))


def test_after_five_wrong_codes_the_right_one_opens_nothing(desk: Desk) -> None:
    path, code = invited(desk.client("chief"), desk)
    for n in range(5):
        assert accept(desk.stranger(), path, f"0000000{n}").status_code == 422
    assert accept(desk.stranger(), path, code).status_code == 422
    with reading() as s:
        assert s.scalar(select(Staff.id).where(Staff.login == "asel.k")) is None


def test_what_is_typed_badly_costs_no_try_and_stays_typed(desk: Desk) -> None:
    path, code = invited(desk.client("chief"), desk)
    for bad in (
        {"password": "short"},
        {"password": "asel.k asel.k"},
        {"pin": "1234"},
        {"pin": "12"},
        {"login": "имя"},
        {"login": "\x00"},
        {"login": "x"},
        {"code": ""},
    ):
        answer = accept(desk.stranger(), path, **{"code": code, **bad})
        assert answer.status_code == 422
        assert "asel.k" in answer.text.lower() or "login" in bad
        assert GOOD["password"] not in answer.text
    taken = accept(desk.stranger(), path, code, login="GULNAR")
    assert taken.status_code == 422
    with reading() as s:
        assert s.scalars(select(Invitation.tries)).one() == 1
    assert accept(desk.stranger(), path, code).status_code == 303


def test_it_is_void_once_who_invited_may_not_or_is_switched_off(desk: Desk) -> None:
    path, code = invited(desk.client("chief"), desk)
    with writing() as s:
        s.query(Membership).filter(Membership.role == "coordinator").delete()
    assert accept(desk.stranger(), path, code).status_code == 422
    with writing() as s:
        chief = s.scalars(select(Staff).where(Staff.login == "chief")).one()
        s.add(Membership(staff_id=chief.id, role="coordinator", location_id=desk.location_id))
        chief.off_at = clock.now()
    assert accept(desk.stranger(), path, code).status_code == 422
    with writing() as s:
        s.scalars(select(Staff).where(Staff.login == "chief")).one().off_at = None
    assert accept(desk.stranger(), path, code).status_code == 303


def test_nobody_invites_beyond_what_she_may_give(desk: Desk) -> None:
    client = desk.client("chief")
    token = csrf(client, INVITE)
    with reading() as s:
        foreign = s.scalar(select(Membership.location_id).join(Staff).where(Staff.login == "dala"))
    wrong: tuple[dict[str, object], ...] = (
        {"roles": ["administrator"]},
        {"where": f"place:{foreign}"},
        {"where": "all:999"},
        {"where": "place:x"},
        {"roles": ["boss"]},
        {"roles": []},
        {"language": "de"},
        {"name": " "},
    )
    for more in wrong:
        data = {"name": "A", "language": "ru", "where": f"place:{desk.location_id}", "roles": ["clinician"], **more}
        answer = client.post(INVITE, data={"csrf_token": token, **data})
        assert answer.status_code in (404, 422), more
    assert left() == 0


def test_an_invitation_is_taken_back(desk: Desk) -> None:
    client = desk.client("chief")
    path, code = invited(client, desk)
    page = client.get("/staff/people").text
    back = re.search(r'action="(/staff/people/invite/[a-z0-9]+/back)"', page)
    assert back is not None
    assert client.post(back[1], data={"csrf_token": csrf(client, INVITE)}).status_code == 303
    assert left() == 0
    assert accept(desk.stranger(), path, code).status_code == 422


def test_a_forgotten_password_is_replaced_without_anybody_else_knowing_it(desk: Desk) -> None:
    chief, old = desk.client("chief"), desk.client("gulnar")
    with reading() as s:
        gulnar = s.scalars(select(Staff.id).where(Staff.login == "gulnar")).one()
    answer = chief.post(f"/staff/people/{gulnar}/renew", data={"csrf_token": csrf(chief, INVITE)})
    link, code = re.findall(r'<p class="code[^>]*>([^<]+)</p>', answer.text)
    path = link.removeprefix("http://localhost/ru")
    assert accept(desk.stranger(), path, code, login="aigul").status_code == 422, "only with her own login"
    assert old.get(desk.url()).status_code == 200
    done = accept(desk.stranger(), path, code, login="gulnar")
    assert done.headers["Location"] == "/staff/sign-in", "the second factor is still asked"
    assert old.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert enter(desk.stranger(), "gulnar", GOOD["password"]).status_code == 303
    with writing() as s:
        try:
            invitations.renew(s, gulnar, gulnar, clock.now())
        except people.NotYours:
            return
    raise AssertionError("nobody renews her own")
