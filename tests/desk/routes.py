"""The staff's part of the URL map and the table in docs/roles.md that says for whom each route is."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.kits.models import Point, PointKit
from clinic.staff import shared_desks
from clinic.staff.models import ROLES, Device, Invitation, Staff
from tests import factories
from tests.desk.conftest import Desk, person
from tests.kits import shelves
from tests.safety.room import a_training
from tests.safety.texts import a_page_of_guidance

TABLE = Path(__file__).parents[2] / "docs" / "roles.md"
COLUMNS = ("route", *ROLES)
YES, NO, DOOR = "✓", "–", "door"

# What stands for a part of an address that is no `slug`: with PARTS a page of the own place exists, FOREIGN holds
# the same part of an object of another place (none: the part names no object).
Value = str | Callable[[Desk], object]
PARTS: dict[str, Value] = {
    "day": lambda desk: desk.day.isoformat(),
    "signal": "0" * 32,
    "ticket": lambda desk: a_ticket(desk),
    "training_id": lambda desk: a_training(desk.location_id),
    "number": lambda desk: a_page_of_guidance(),
    "who": lambda _: the(Staff.id, Staff.login == "gulnar"),
    "desk": lambda _: the(Device.id, Device.name == "own"),
    "key": lambda _: the(Invitation.key, Invitation.name == "own"),
}
FOREIGN: dict[str, Value] = {
    "training_id": lambda desk: a_training(id_of(desk.foreign_slug)),
    "who": lambda _: the(Staff.id, Staff.login == "dala"),
    "desk": lambda _: the(Device.id, Device.name == "foreign"),
    "key": lambda _: the(Invitation.key, Invitation.name == "foreign"),
}


def the(column: Any, which: Any) -> object:
    """A value of the one row that `everybody` has made (0 before)."""
    with reading() as s:
        return s.scalar(select(column).where(which)) or 0


def id_of(slug: str) -> int:
    """The id of a place."""
    with reading() as s:
        return s.execute(select(Location.id).where(Location.slug == slug)).scalar_one()


def a_ticket(desk: Desk) -> int:
    """The number of a visit of today, at the desk's own place."""
    with reading() as s:
        found = s.scalar(select(Appointment.ticket).where(Appointment.location_id == desk.location_id).limit(1))
    return found or desk.woman(0)


def rules(app: Flask) -> list[Rule]:
    """Every route under /staff."""
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/staff")]


def keys(rule: Rule) -> list[str]:
    """ "GET /staff/…", one for each method."""
    return [f"{method} {rule.rule}" for method in methods(rule)]


def methods(rule: Rule) -> list[str]:
    """GET and POST, those that a route has."""
    return sorted((rule.methods or set()) & {"GET", "POST"})


def table() -> dict[str, dict[str, str]]:
    """docs/roles.md as "GET /staff/…" -> {role: cell}."""
    found: dict[str, dict[str, str]] = {}
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        route = re.fullmatch(r"`((?:GET|POST)(?:, POST)?) (/staff\S*(?: \S+)*)`", cells[0])
        if route is None:
            continue
        assert len(cells) == len(COLUMNS), line
        for method in route[1].split(", "):
            key = f"{method} {route[2]}"
            assert key not in found, f"{key} stands twice in {TABLE.name}"
            found[key] = dict(zip(ROLES, cells[1:], strict=True))
    return found


def row(rule: Rule, roles: tuple[str, ...] | None) -> str:
    """The line that docs/roles.md lacks, as the code means it."""
    cells = [DOOR if roles is None else YES if role in roles else NO for role in ROLES]
    return f"| `{', '.join(methods(rule))} {rule.rule}` | {' | '.join(cells)} |"


def address(rule: Rule, desk: Desk, slug: str, parts: Mapping[str, Value] = PARTS) -> str:
    """The path of a route at a place, with the objects that `parts` names."""
    path = re.sub(r"<any\(([a-z]+).*?:\w+>", r"\1", rule.rule.replace("<slug>", slug))

    def value(part: re.Match[str]) -> str:
        assert part[1] in parts, f"teach PARTS and FOREIGN in tests/desk/routes.py the part {part[1]!r} of {rule.rule}"
        found = parts[part[1]]
        return str(found(desk) if callable(found) else found)

    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", value, path)


def login_of(role: str) -> str:
    """The login of the person whom `everybody` gives a role."""
    return "the-" + role.replace("_", "-")


def everybody(desk: Desk) -> None:
    """One person of each role at the desk's own place, which hands over kits as the foreign one does."""
    with writing() as s:
        kit = shelves.a_kit(s)
        for role in ROLES:
            person(s, login_of(role), role, desk.location_id)
        for place in s.scalars(select(Location.id)):
            s.add(Point(location_id=place, kind="clinic", how_to_ask=factories.text3("Say the number")))
            s.flush()
            s.add(PointKit(point_id=place, kit_type_id=kit))
            _account_things(s, place, "own" if place == desk.location_id else "foreign")
        catalogue.changed(s)


def _account_things(s: Session, place: int, name: str) -> None:
    """A shared desk of a place, and an open invitation to it."""
    now = clock.now()
    shared_desks.enrol(s, place, name, now.date())
    s.add(
        Invitation(
            key=name, code_hash=b"", by_id=1, name=name, language="ru", roles="receptionist", location_id=place,
            ends_at=now + timedelta(days=1),
        )
    )  # fmt: skip
