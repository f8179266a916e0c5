"""Every page of the staff in Kazakh on a small screen, with long names and twenty places: nothing lies over another."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from clinic import clock
from clinic.booking import line, marking
from clinic.db import Text3, writing
from clinic.desk import board, shift
from clinic.directory import catalogue
from clinic.directory.models import Location, Room, Service
from clinic.staff import accounts
from clinic.staff.models import ROLES
from tests import factories
from tests.browser.conftest import Hands
from tests.browser.controls import out_of_reach
from tests.browser.phone import too_wide
from tests.desk import routes
from tests.desk.conftest import PASSWORD, PIN, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2"]

LONG = "Ақбота әйелдер денсаулығын қолдау орталығы, екінші бөлімше"
DOORS = ("/staff/sign-", "/staff/lock", "/staff/here", "/staff/unsent", "/staff/sit-down", "/staff/invited")
Enter = Callable[..., Page]


@pytest.fixture
def desk(app: Flask, hands: Hands) -> Desk:
    """A place with four rooms and people in every state; nineteen more beside it, all with long names."""
    desk = furnish(app)
    routes.everybody(desk)
    with writing() as s:
        place, service = s.get_one(Location, desk.location_id), s.get_one(Service, desk.service_id)
        place.name = Text3(kk=LONG, ru=LONG, en=LONG)
        factories.a_room(s, place, (service,), "Room 6")
        for n, room in enumerate(s.query(Room).filter(Room.location_id == place.id).order_by(Room.id), 3):
            room.name = Text3(kk=f"{n}-кабинет, екінші қабат", ru=f"Кабинет {n}, второй этаж", en=f"Room {n}")
        for n in range(19):
            more = factories.a_location(s, f"{LONG} {n}", hours="Mo-Su 06:00-30:00", services=(service,))
            factories.a_room(s, more, (service,), f"{n}-кабинет")
        everything = accounts.add(s, "everything", "Гүлнар Әбдіқадырқызы", "kk", PASSWORD, PIN)
        for role in ROLES:
            accounts.give_role(s, everything, role, place.organization_id, None)
        shift.write(s, place.id, "Айгүл", "Принтер қағазы таусылды. " * 4, clock.now())
        catalogue.changed(s)
    _people_in_every_state(desk)
    return desk


def _people_in_every_state(desk: Desk) -> None:
    way = ("here", "in_room", "done")
    numbers = [desk.woman(minutes) for minutes in (0, 20, 40, 60) for _ in range(4)]
    with writing() as s:
        for n, ticket in enumerate(numbers[:9]):
            was = "booked"
            for to in ("missed",) if n == 8 else way[: n if n < 4 else n % 2]:
                rid = board.rid_of(s, desk.location_id, desk.day, ticket)
                assert rid is not None
                marking.set_status(s, desk.location_id, rid, was, to, "gulnar", clock.now() - timedelta(minutes=11))
                was = to
        for _ in range(3):
            cat = catalogue.current(s)
            line.wait(s, cat.locations[desk.location_id], 20, clock.now(), "gulnar")


@pytest.fixture
def enter(desk: Desk, serve: Callable[[Flask], str], browser: Browser) -> Iterator[Enter]:
    """A browser of a size in which somebody has signed in."""
    base, contexts = serve(desk.app), list[BrowserContext]()

    def start(login: str, width: int = 1024, height: int = 768, language: str = "kk") -> Page:
        context = browser.new_context(base_url=base, viewport={"width": width, "height": height})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/{language}/staff/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector("#lock")
        return page

    yield start
    for context in contexts:
        context.close()


def wrong_here(page: Page) -> list[str]:
    """What cannot be pressed, as the page opens and with everything unfolded."""
    found = out_of_reach(page)
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
    found += out_of_reach(page)
    if too_wide(page) > 0:
        found.append(f"{too_wide(page)} px too wide")
    return list(dict.fromkeys(found))


def test_on_no_page_does_anything_lie_over_anything(desk: Desk, enter: Enter, tmp_path: Path) -> None:
    page, wrong, opened = enter("everything"), dict[str, list[str]](), 0
    for rule in routes.rules(desk.app):
        address = routes.address(rule, desk, desk.slug)
        if "GET" not in routes.methods(rule) or address.startswith(DOORS) or rule.rule.endswith("/board"):
            continue
        try:
            answer = page.goto(f"/kk{address}")
        except Exception as error:  # a file to keep, not a page
            if "Download" in str(error):
                continue
            raise
        if answer is None or answer.status != 200 or "html" not in answer.headers.get("content-type", ""):
            continue
        opened += 1
        found = wrong_here(page)
        if found:
            wrong[address] = found
            page.screenshot(path=tmp_path / f"{opened}.png")
    assert not wrong, "\n".join(f"{address}\n    " + "\n    ".join(found) for address, found in wrong.items())
    assert opened > 50


@pytest.mark.parametrize(
    ("login", "width", "height", "language"),
    [
        ("gulnar", 1024, 768, "kk"),
        ("everything", 1024, 768, "ru"),
        ("everything", 1280, 800, "kk"),
        ("everything", 800, 1280, "kk"),
        ("everything", 360, 740, "kk"),
        ("gulnar", 360, 740, "ru"),
    ],
)
def test_the_roster_can_be_worked_at_any_width(
    desk: Desk, enter: Enter, login: str, width: int, height: int, language: str
) -> None:
    page = enter(login, width, height, language)
    page.goto(f"/{language}{desk.url()}")
    assert wrong_here(page) == []
    page.locator("#grid .ap button").first.click()
    page.wait_for_selector("#said .said")
    assert wrong_here(page) == []
    for at in (0.5, 1):
        page.evaluate("at => scrollTo(0, at * document.documentElement.scrollHeight)", at)
        assert out_of_reach(page) == []
        assert page.locator("#lock").bounding_box()["y"] < 60  # type: ignore[index]
