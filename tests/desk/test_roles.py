"""docs/roles.md is true: every staff route, for every role, at the own place and at another one."""

import pytest
from flask import Flask

from clinic.staff.models import ROLES
from tests.desk import routes
from tests.desk.conftest import Desk, csrf
from tests.desk.routes import DOOR, FOREIGN, NO, PARTS, YES, address, table


def test_every_route_has_its_row_and_every_row_its_route(app: Flask) -> None:
    known = table()
    there = {key for rule in routes.rules(app) for key in routes.keys(rule)}
    lacking = [
        routes.row(rule, getattr(app.view_functions[rule.endpoint], "staff_roles", None))
        for rule in routes.rules(app)
        if not set(routes.keys(rule)) <= known.keys()
    ]
    assert not lacking, "add to docs/roles.md:\n" + "\n".join(lacking)
    assert known.keys() == there
    assert {cell for cells in known.values() for cell in cells.values()} == {YES, NO, DOOR}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_what_the_table_says_and_nothing_of_another_place(desk: Desk, role: str) -> None:
    routes.everybody(desk)
    known, client = table(), desk.client(routes.login_of(role))
    token = csrf(client, "/staff/pin")
    for rule in routes.rules(desk.app):
        for key in routes.keys(rule):
            cell = known[key][role]
            if cell == DOOR:
                continue
            method = key.split()[0]
            here = client.open(address(rule, desk, desk.slug), method=method)
            # A form without its token is refused, but only where the page exists for them: nothing is done here.
            expected = 404 if cell == NO else 400
            right = here.status_code == expected if method == "POST" else (here.status_code == 404) == (cell == NO)
            assert right, f"{role}: {key} is {cell} in docs/roles.md, but answers {here.status_code}"
            for path in elsewhere(rule, desk):
                data = {"csrf_token": token} if method == "POST" else None
                there = client.open(path, method=method, data=data)
                assert there.status_code == 404, f"{role}: {method} {path} of another place answers {there.status_code}"


def elsewhere(rule, desk: Desk) -> list[str]:  # type: ignore[no-untyped-def]
    """The addresses of a route at another place, and with another place's objects at the own one."""
    found = []
    if "slug" in rule.arguments:
        found.append(address(rule, desk, desk.foreign_slug))
    for part in rule.arguments & FOREIGN.keys():
        found.append(address(rule, desk, desk.slug, {**PARTS, part: FOREIGN[part]}))
    return found


def test_a_door_says_so_and_nothing_else_is_one(app: Flask) -> None:
    for rule in routes.rules(app):
        guarded = bool(getattr(app.view_functions[rule.endpoint], "staff_roles", None))
        for key in routes.keys(rule):
            assert (set(table()[key].values()) == {DOOR}) == (not guarded), key
