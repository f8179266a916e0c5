"""Every page that a role may open, walked by the table of roles: no phone of hers, no code, no noun, no service."""

import re
from dataclasses import dataclass

import pytest

from clinic import clock
from clinic.booking import tickets
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Service
from clinic.kits import counter
from clinic.kits.catalogue import kits
from clinic.privacy import codes
from clinic.staff.models import ROLES
from tests import factories
from tests.booking.line import waits
from tests.desk import routes
from tests.desk.conftest import Desk
from tests.kits import shelves

PHONE = "+77015550187"
SERVICE = "Zvezdochka"
# The services that a place offers stand where they are set up; nothing there is about a visit.
SET_UP = ("/staff/places",)
OFFERED = "/book"  # where somebody is booked: all that the place does, of nobody


@dataclass(frozen=True, slots=True)
class Hers:
    """What no page may hold."""

    codes: tuple[str, ...]
    noun: Text3


@pytest.fixture
def hers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Hers:
    """Women with a rare noun, a rare service, a number: booked, waiting for a time or for kits, with kits set aside."""
    rare = next(n for n, noun in enumerate(tickets.NOUNS) if noun.en == "Edelweiss")
    monkeypatch.setattr(tickets, "any_noun", lambda: rare)
    routes.everybody(desk)
    with writing() as s:
        s.get_one(Service, desk.service_id).name = factories.text3(SERVICE)
        catalogue.changed(s)
    with reading() as s:
        cat = catalogue.current(s)
        known = kits(s, cat)
        point, kit = known.points[desk.location_id], known.kits[0]
    with writing() as s:
        counter.seen(s, point, clock.now())
    shelves.on_shelf(desk.location_id, kit.id, "L1", 1)
    made = [desk.booked(20 * n, phone=PHONE).code for n in range(3)]
    made.append(shelves.ordered(desk.location_id, kit.id, phone=PHONE).code)
    made.append(shelves.ordered(desk.location_id, kit.id, phone=PHONE, waits=True).code)
    made.append(waits(desk.location_id, frozenset({desk.service_id}), "any", (desk.day, desk.day)).code)
    return Hers(tuple(code for code in made if code), tickets.NOUNS[rare])


@pytest.mark.parametrize("role", ROLES)
def test_no_page_of_any_role_holds_anything_of_hers(desk: Desk, hers: Hers, role: str) -> None:
    known, client, opened = routes.table(), desk.client(routes.login_of(role)), 0
    for rule in routes.rules(desk.app):
        if known.get(f"GET {rule.rule}", {}).get(role) != routes.YES:
            continue
        path = routes.address(rule, desk, desk.slug)
        page = client.get(path).text
        opened += 1
        where = f"{role}: {rule.rule}"
        assert PHONE[2:] not in re.sub(r"\D", "", re.sub(r'value="[^"]{40,}"', "", page)), where
        for code in hers.codes:
            assert code not in page, where
            assert codes.shown(code) not in page, where
        for language in ("kk", "ru", "en"):
            assert hers.noun[language] not in page, where
        assert SERVICE not in page or path.startswith(SET_UP) or path.endswith(OFFERED), where
    assert opened >= 5


def test_whoever_waits_for_a_time_changes_no_page_of_the_desk(desk: Desk) -> None:
    client = desk.client()
    urls = (desk.url(), desk.url("/week"), desk.url("/board"))
    before = [plain(client.get(url).text) for url in urls]
    waits(desk.location_id, frozenset({desk.service_id}), "any", (desk.day, desk.day))
    assert [plain(client.get(url).text) for url in urls] == before


def plain(page: str) -> str:
    """A page without the tokens of its forms."""
    return re.sub(r'(value|data-token)="[^"]{16,}"', "", page)


def test_the_walk_would_find_a_service_where_one_is_shown(desk: Desk, hers: Hers) -> None:
    client = desk.client(routes.login_of("clinician"))
    assert SERVICE in client.get(desk.url() + f"?room={desk.rooms[0]}").text
    assert SERVICE not in client.get(desk.url()).text
