"""Every page of the staff in Kazakh on a small screen, with long names and twenty places: nothing lies over another."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import crowded
from tests.browser.conftest import Hands
from tests.browser.controls import out_of_reach
from tests.browser.phone import too_wide
from tests.desk import routes
from tests.desk.conftest import PASSWORD, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2"]

DOORS = ("/staff/sign-in", "/staff/invitation/<key>")  # opened by who has not signed in
LOCKED = "/staff/lock"  # opening it covers the screen: the last one
# What answers GET and is no page of its own, and why.
NO_PAGES = {
    "/staff/here": "an empty answer: there is a connection",
    "/staff/unsent": "leads to what was not sent",
    "/staff/lock/duty": "what rings on the covered screen",
    "/staff/roster/<slug>/<day>/board": "a part of the roster",
    "/staff/roster/<slug>/<day>/<any(step, find, 'walk-in', line, late, note, noted):act>": "leads to the roster",
    "/staff/roster/<slug>/first-time": "leads to the roster",
    "/staff/roster/<slug>/<day>/visit/<int:ticket>/undo": "leads to the roster",
    "/staff/roster/<slug>/<day>/visit/<int:ticket>/<any(move, stop, next, note, awaited, ready, fetched):act>": "leads "
    "to the visit",
    "/staff/points/<slug>/board": "a part of the point",
    "/staff/points/<slug>/<any(step, find, 'walk-in'):act>": "leads to the point",
    "/staff/figures/months.csv": "a file",
    "/staff/figures/lots.csv": "a file",
    "/staff/people/deeds.csv": "a file",
    "/staff/insight/weeks.csv": "a file",
    "/staff/places/export.csv": "a file",
    "/staff/insight/searches.csv": "a file",
}
Enter = Callable[..., Page]


@pytest.fixture
def desk(app: Flask, hands: Hands) -> Desk:
    """A place with four rooms and people in every state; nineteen more beside it, all with long names."""
    return furnish(app)


@pytest.fixture(autouse=True)
def call(desk: Desk) -> str:
    """The address of a call for help that who has every role has taken."""
    return crowded.fill(desk)


@pytest.fixture
def enter(desk: Desk, serve: Callable[[Flask], str], browser: Browser) -> Iterator[Enter]:
    """A browser of a size in which somebody has signed in (`login` empty: nobody)."""
    base, contexts = serve(desk.app), list[BrowserContext]()

    def start(login: str, width: int = 1024, height: int = 768, language: str = "kk") -> Page:
        context = browser.new_context(base_url=base, viewport={"width": width, "height": height})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        if not login:
            return page
        page.goto(f"/{language}/staff/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector("#lock")
        return page

    yield start
    for context in contexts:
        context.close()


# Its sentence is in the browser's own language, and hides under the head: the page says what is missing, in hers.
BUBBLES = """[...document.querySelectorAll("form:not([novalidate]):not([role=search])")]
  .flatMap(form => [...form.elements])
  .filter(e => e.matches("[required],[pattern],[min],[max],[minlength],[type=email],[type=url],[type=number]"))
  .map(e => e.name)"""


def wrong_here(page: Page) -> list[str]:
    """What cannot be pressed, as the page opens and with everything unfolded."""
    found = out_of_reach(page)
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
    found += out_of_reach(page)
    found += [f"a bubble of the browser would say it is wrong: {name}" for name in page.evaluate(BUBBLES)]
    if too_wide(page) > 0:
        found.append(f"{too_wide(page)} px too wide")
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800), (768, 1024), (360, 740)])
def test_on_no_page_does_anything_lie_over_anything(
    desk: Desk, enter: Enter, call: str, width: int, height: int, tmp_path: Path
) -> None:
    page, outside = enter(crowded.EVERYTHING, width, height), enter("", width, height)
    wrong = dict[str, list[str]]()
    parts = {**routes.PARTS, "signal": call.rsplit("/", 1)[1]}
    rules = [rule for rule in routes.rules(desk.app) if "GET" in routes.methods(rule) and rule.rule not in NO_PAGES]
    for rule in sorted(rules, key=lambda rule: rule.rule == LOCKED):
        address = routes.address(rule, desk, desk.slug, parts)
        at = outside if rule.rule in DOORS else page
        answer = at.goto(f"/kk{address}")
        landed = (answer.status if answer else 0, at.url.split("/kk", 1)[1])
        assert landed == (200, address), (
            f"{rule.rule} opens no page ({landed}): teach the test what it needs, or NO_PAGES what it is"
        )
        found = wrong_here(at)
        if found:
            wrong[address] = found
            at.screenshot(path=tmp_path / f"{len(wrong)}.png", full_page=True)
    assert not wrong, "\n".join(f"{address}\n    " + "\n    ".join(found) for address, found in wrong.items())


def test_what_stands_as_no_page_is_a_route_and_opens_none(desk: Desk, call: str) -> None:
    client, known = desk.client(crowded.EVERYTHING), {rule.rule: rule for rule in routes.rules(desk.app)}
    assert NO_PAGES.keys() <= known.keys()
    for name in NO_PAGES:
        answer = client.get(routes.address(known[name], desk, desk.slug))
        assert "<html" not in answer.text or answer.status_code != 200, name


@pytest.mark.parametrize(
    ("login", "width", "height", "language"),
    [
        ("gulnar", 1024, 768, "kk"),
        (crowded.EVERYTHING, 1024, 768, "ru"),
        (crowded.EVERYTHING, 1280, 800, "kk"),
        (crowded.EVERYTHING, 800, 1280, "kk"),
        (crowded.EVERYTHING, 360, 740, "kk"),
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
    page.evaluate("scrollTo(0, 0)")
    stands = page.locator("#lock").bounding_box()
    for at in (0.5, 1):
        page.evaluate("at => scrollTo(0, at * document.documentElement.scrollHeight)", at)
        assert out_of_reach(page) == []
        assert page.locator("#lock").bounding_box() == stands, "the way out stays where it is"
