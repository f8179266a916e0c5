"""Whom a coordinator sees and changes, and what she can't."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import audit, clock
from clinic.booking.models import STATUSES
from clinic.db import reading, writing
from clinic.desk import deed_words
from clinic.directory import catalogue
from clinic.kits.stock import WRITE_OFFS
from clinic.staff import accounts, people, second_factor, sign_in
from clinic.staff.models import ROLES, Membership, Staff
from tests import factories
from tests.desk.conftest import PASSWORD, Desk, csrf, person
from tests.desk.conftest import sign_in as enter


def id_of(login: str) -> int:
    with reading() as s:
        return s.scalars(select(Staff.id).where(Staff.login == login)).one()


def roles_of(login: str) -> list[str]:
    with reading() as s:
        return sorted(s.scalars(select(Membership.role).join(Staff).where(Staff.login == login)))


def change(client: FlaskClient, login: str, act: str, **data: object):  # type: ignore[no-untyped-def]
    token = csrf(client, "/staff/me")
    return client.post(f"/staff/people/{id_of(login)}/{act}", data={"csrf_token": token, **data})


def role(desk: Desk, name: str) -> dict[str, str]:
    return {"role": name, "where": f"place:{desk.location_id}"}


def test_she_sees_her_own_people_and_nobody_else(desk: Desk) -> None:
    page = desk.client("chief").get("/staff/people").text
    for name in ("Gulnar", "Aigul", "Keeper", "Chief"):
        assert name in page
    assert "Dala" not in page
    assert desk.client("gulnar").get("/staff/people").status_code == 404


def test_roles_are_given_and_taken(desk: Desk) -> None:
    chief = desk.client("chief")
    assert change(chief, "gulnar", "give", **role(desk, "clinician")).status_code == 303
    assert roles_of("gulnar") == ["clinician", "receptionist"]
    assert change(chief, "gulnar", "give", **role(desk, "clinician")).status_code == 303, "twice is once"
    assert change(chief, "gulnar", "take", **role(desk, "clinician")).status_code == 303
    assert roles_of("gulnar") == ["receptionist"]
    assert desk.client("gulnar").get(desk.url()).status_code == 200


def test_a_coordinator_gives_no_more_than_she_has_and_nothing_to_herself(desk: Desk) -> None:
    chief = desk.client("chief")
    with reading() as s:
        foreign = s.scalar(select(Membership.location_id).join(Staff).where(Staff.login == "dala"))
    refused: list[tuple[str, dict[str, object]]] = [
        ("gulnar", role(desk, "administrator")),  # type: ignore[list-item]
        ("gulnar", {"role": "receptionist", "where": f"place:{foreign}"}),
        ("gulnar", {"role": "receptionist", "where": "all:999"}),
        ("chief", role(desk, "clinician")),  # type: ignore[list-item]
        ("dala", role(desk, "receptionist")),  # type: ignore[list-item]
    ]
    before = {login: roles_of(login) for login in ("gulnar", "chief", "dala")}
    for login, data in refused:
        assert change(chief, login, "give", **data).status_code == 404, data
    for bad in ({"role": "boss", "where": "place:1"}, {"role": "clinician", "where": "x"}, {"role": "clinician"}):
        assert change(chief, "gulnar", "give", **bad).status_code == 422
    assert {login: roles_of(login) for login in before} == before


def test_a_coordinator_of_one_place_reaches_no_other_and_no_organization(desk: Desk) -> None:
    with writing() as s:
        person(s, "local", "coordinator", desk.location_id)
    local = desk.client("local")
    organization = {"role": "receptionist", "where": "all:1"}
    assert change(local, "gulnar", "give", **role(desk, "point_keeper")).status_code == 303
    assert change(local, "gulnar", "give", **organization).status_code == 404
    assert change(local, "chief", "off").status_code == 404
    with reading() as s:
        assert s.scalars(select(Staff.off_at).where(Staff.login == "chief")).one() is None


def test_an_administrator_gives_everything_there_also_to_herself(desk: Desk) -> None:
    with writing() as s:
        person(s, "boss", "administrator", None, 1)
    boss = desk.client("boss")
    for name in ROLES:
        assert change(boss, "gulnar", "give", **role(desk, name)).status_code == 303
    assert len(roles_of("gulnar")) == len(ROLES)
    assert change(boss, "boss", "give", **role(desk, "receptionist")).status_code == 303


def test_switched_off_is_out_at_the_next_click_and_on_again(desk: Desk) -> None:
    chief, gulnar = desk.client("chief"), desk.client("gulnar")
    assert gulnar.get(desk.url()).status_code == 200
    assert change(chief, "gulnar", "off").status_code == 303
    assert gulnar.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert enter(desk.stranger(), "gulnar", PASSWORD).status_code == 422
    assert change(chief, "gulnar", "on").status_code == 303
    assert enter(desk.stranger(), "gulnar", PASSWORD).status_code == 303


def test_whoever_also_works_elsewhere_is_switched_off_by_neither(desk: Desk) -> None:
    with writing() as s:
        gulnar = accounts.named(s, "gulnar")
        foreign = s.scalar(select(Membership.location_id).join(Staff).where(Staff.login == "dala"))
        accounts.give_role(s, gulnar, "receptionist", None, foreign)
    chief = desk.client("chief")
    for act in ("off", "end", "reset", "on"):
        assert change(chief, "gulnar", act).status_code == 404
    assert change(chief, "gulnar", "take", **role(desk, "receptionist")).status_code == 303


@pytest.mark.parametrize("act", ["take", "off"])
def test_the_last_who_can_let_others_in_stays(desk: Desk, act: str) -> None:
    chief = desk.client("chief")
    data = {"role": "coordinator", "where": "all:1"} if act == "take" else {}
    answer = change(chief, "chief", act, **data)
    assert answer.status_code == 409
    assert "не останется никого" in answer.text
    with writing() as s:
        person(s, "second", "coordinator", None, 1)
    assert change(chief, "chief", act, **data).status_code == 303
    with writing() as s:
        person(s, "boss", "administrator", None, 1)
    boss = desk.client("boss")
    assert change(boss, "boss", "off").status_code == 409, "coordinators can't make another administrator"


def test_her_peoples_sign_ins_are_listed_and_ended(desk: Desk) -> None:
    chief, gulnar, dala = desk.client("chief"), desk.client("gulnar"), desk.client("dala")
    page = chief.get(f"/staff/people/{id_of('gulnar')}").text
    (key,) = re.findall(r'name="sign_in" value="([0-9a-f]{64})"', page)
    (foreign,) = re.findall(r'name="sign_in" value="([0-9a-f]{64})"', dala.get("/staff/me").text)
    change(chief, "gulnar", "end", sign_in=foreign)
    assert dala.get("/staff/me").status_code == 200
    change(chief, "gulnar", "end", sign_in=key)
    assert gulnar.get(desk.url()).headers["Location"] == "/staff/sign-in"


def test_a_lost_phone_is_set_up_anew_and_nobody_does_it_for_herself(desk: Desk) -> None:
    with writing() as s:
        for login in ("gulnar", "chief"):
            second_factor.set_app(s, accounts.named(s, login).id, second_factor.new_secret(), 0)
    with writing() as s:
        token = sign_in.begin(s, id_of("gulnar"), clock.now())
        chief = id_of("chief")
        people.reset_second(s, chief, id_of("gulnar"))
        with pytest.raises(people.NotYours):
            people.reset_second(s, chief, chief)
        assert sign_in.find(s, token, clock.now()) is None
    with reading() as s:
        assert not second_factor.has(s, id_of("gulnar"))
        assert second_factor.has(s, chief)


def test_what_happened_names_staff_deed_and_hour(desk: Desk, evening: time_machine.Traveller) -> None:
    chief = desk.client("chief")
    desk.client("dala")
    change(chief, "gulnar", "give", **role(desk, "clinician"))
    change(chief, "keeper", "off")
    ticket = desk.woman(0)
    gulnar = desk.client("gulnar")
    step = {"csrf_token": csrf(gulnar, desk.url()), "step": f"{ticket}:booked:here"}
    gulnar.post(desk.url("/step"), data=step)
    page = chief.get("/staff/people/deeds").text
    rows = [re.sub(r"<[^>]+>", " ", row) for row in page.split("<tr>")[2:]]
    assert any("Gulnar" in row and "отметки «здесь»" in row and "Saya" in row and "19:00" in row for row in rows)
    assert any("Chief" in row and "дана роль" in row and "Приём в кабинете: Gulnar" in row for row in rows)
    assert any("Chief" in row and "выключена" in row and "Keeper" in row for row in rows)
    assert "Dala" not in page
    evening.shift(timedelta(days=3))
    chief = desk.client("chief")
    page = chief.get("/staff/people/deeds").text
    assert "отметки «здесь»" not in page, "hours in which somebody came would nearly count them"
    assert "дана роль" in page
    for bad in ("0", "x", "99999999999", ""):
        assert chief.get(f"/staff/people/deeds?before={bad}").status_code == 404


def test_somebody_at_sixty_places_is_one_line_a_role_and_found_by_name_or_place(desk: Desk) -> None:
    with writing() as s:
        places = [factories.a_location(s, f"Place {n:02}").id for n in range(20)]
        for n in range(9):
            person(s, f"clerk{n}", "receptionist", places[n])
        for place in places:
            accounts.give_role(s, s.get_one(Staff, id_of("gulnar")), "clinician", None, place)
        catalogue.changed(s)
    chief = desk.client("chief")

    def names(**asked: str) -> list[str]:
        page = chief.get("/staff/people", query_string=asked).text
        return re.findall(r'/people/\d+"><span>(\w+)', page)

    page = chief.get("/staff/people").text
    assert "Place 00 (ru) и ещё 19 мест" in page
    assert page.count("Place 07") == 2, "in the filter, and in the line of who works there"
    assert names(q="гулнар") == ["Gulnar"]
    assert names(where=f"place:{places[3]}") == ["Clerk3", "Gulnar"]
    assert names(where=f"place:{places[3]}", role="clinician") == ["Gulnar"]
    assert names(q="nobody", role="x", where="\x00") == []


def test_a_role_at_several_places_is_one_press_and_none_is_no_place(desk: Desk) -> None:
    with writing() as s:
        more = factories.a_location(s, "More").id
        catalogue.changed(s)
    chief, wanted = desk.client("chief"), [f"place:{desk.location_id}", f"place:{more}"]
    assert change(chief, "keeper", "give", role="clinician", where=wanted).status_code == 303
    assert roles_of("keeper") == ["clinician", "clinician", "point_keeper"]
    assert change(chief, "keeper", "give", role="clinician", where=[]).status_code == 422
    refused = change(chief, "keeper", "give", role="", where=wanted)
    assert refused.status_code == 422
    assert refused.text.count(" checked") == 2, "the places stay chosen"
    assert change(chief, "keeper", "give", role="receptionist", where=[*wanted, "place:99999"]).status_code == 404
    assert "receptionist" not in roles_of("keeper"), "all of them, or none"


def test_nothing_is_chosen_for_whoever_invites(desk: Desk) -> None:
    with writing() as s:
        factories.a_location(s, "More")
        catalogue.changed(s)
    chief = desk.client("chief")
    page = chief.get("/staff/people/invite").text
    assert 'id="where"' in page
    assert " selected" not in page.split('id="where"')[1].split("</select>")[0]
    data = {"csrf_token": csrf(chief, "/staff/people/invite"), "name": "Асель", "language": "ru", "where": ""}
    assert chief.post("/staff/people/invite", data={**data, "roles": "receptionist"}).status_code == 422


def test_what_happened_is_looked_for_and_taken_along_without_marks_of_visits(desk: Desk) -> None:
    chief, ticket = desk.client("chief"), desk.woman(0)
    change(chief, "gulnar", "give", **role(desk, "clinician"))
    gulnar = desk.client("gulnar")
    gulnar.post(desk.url("/step"), data={"csrf_token": csrf(gulnar, desk.url()), "step": f"{ticket}:booked:here"})
    with writing() as s:
        audit.record(s, clock.now(), "chief", "room.change", f"room:{desk.rooms[0]}", desk.location_id)
        audit.record(s, clock.now(), "command line", "second.reset", "gulnar")
        audit.record(s, clock.now(), "chief", "entry.checked", "phone", desk.location_id)

    def rows(**asked: object) -> str:
        page = chief.get("/staff/people/deeds", query_string=asked)
        assert page.status_code == 200
        return page.text.partition("<tbody>")[2]

    assert "Room 3" in rows()
    assert "кто-то на сервере" in rows()
    for raw in ("room:", "command line", "phone", desk.slug):
        assert raw not in rows(), raw
    assert "дана роль" in rows(who="chief")
    assert "дана роль" not in rows(who="gulnar")
    assert "отметки" in rows(kind="visits", where=desk.location_id)
    assert "отметки" not in rows(kind="accounts")
    assert rows(kind="\x00") == rows(who="\x00") == ""
    assert chief.get("/staff/people/deeds?where=x").status_code == 404
    file = chief.get("/staff/people/deeds.csv?who=")
    assert file.text.startswith("\ufeffЧас;")
    assert "дана роль" in file.text
    assert "отметки" not in file.text, "a file would keep them for longer than two days"
    assert "дана роль" not in chief.get("/staff/people/deeds.csv?kind=kits").text


def verbs() -> set[str]:
    """Every verb that some call in the code writes into the audit, and the families that are put together."""
    found = {f"visit.{status}" for status in STATUSES} | {f"kit.{kind}" for kind in WRITE_OFFS}
    for file in Path("clinic").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call) or ast.unparse(call.func) not in ("audit.record", "_note", "note"):
                continue
            args = call.args[3:4] if ast.unparse(call.func) == "audit.record" else call.args
            parts = [part for arg in args if not isinstance(arg, ast.JoinedStr) for part in ast.walk(arg)]
            found |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def test_every_deed_that_the_code_writes_down_has_words() -> None:
    assert verbs() - deed_words.WORDS.keys() == set(), "say it in clinic/desk/deed_words.py"
