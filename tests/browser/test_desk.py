"""Two desks in two browsers, the keyboard alone, paper, and a screen reader's rules."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from clinic import clock
from clinic.booking import marking, tickets
from clinic.booking.models import Appointment
from clinic.db import Text3, reading, writing
from clinic.desk import board
from clinic.directory import catalogue
from clinic.directory.models import Location, Room, Service
from tests import factories
from tests.browser.conftest import Hands
from tests.desk.conftest import PASSWORD, PIN, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2"]

WIDE: ViewportSize = {"width": 1280, "height": 900}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def desk(app: Flask, hands: Hands) -> Desk:
    return furnish(app)


@pytest.fixture
def sit_down(desk: Desk, serve: Callable[[Flask], str], browser: Browser) -> Iterator[Callable[..., Page]]:
    """Sign somebody in, in a browser of their own, and open today's roster."""
    base, contexts = serve(desk.app), list[BrowserContext]()

    def start(login: str = "gulnar", language: str = "ru", scheme: Scheme = "light") -> Page:
        context = browser.new_context(base_url=base, color_scheme=scheme, viewport=WIDE)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/{language}/staff/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector("#grid")
        return page

    yield start
    for context in contexts:
        context.close()


def card(page: Page, ticket: int):  # type: ignore[no-untyped-def]
    return page.locator(f'#grid .ap[data-ticket="{ticket}"]')


def status(ticket: int) -> str:
    with reading() as s:
        return str(s.query(Appointment.status).filter(Appointment.ticket == ticket).scalar())


@pytest.mark.alone
def test_two_desks_see_fifty_changes_of_each_other_within_two_seconds(
    desk: Desk, sit_down: Callable[..., Page]
) -> None:
    women = [desk.woman(20 * n) for n in range(13) for _ in desk.rooms][:25]
    one, two = sit_down("gulnar"), sit_down("aigul", "kk")
    two.fill("#find", "27 т")
    slowest, looks = 0.0, {"here": "came", "booked": "exp"}
    for n in range(50):
        ticket, to = women[n % 25], "here" if n < 25 else "booked"
        near, far = (one, two) if n % 2 == 0 else (two, one)
        card(near, ticket).locator("button" if to == "here" else "button.less").first.click()
        pressed = time.monotonic()
        far.wait_for_selector(f'#grid .ap.{looks[to]}[data-ticket="{ticket}"]', state="attached", timeout=5000)
        slowest = max(slowest, time.monotonic() - pressed)
        assert status(ticket) == to
    assert slowest < 2.0, f"{slowest:.2f} s"
    expect(two.locator("#find")).to_have_value("27 т")


def test_focus_stays_and_enter_never_means_something_new(desk: Desk, sit_down: Callable[..., Page]) -> None:
    ticket, other = desk.woman(0), desk.woman(0)
    one, two = sit_down("gulnar"), sit_down("aigul")
    card(one, ticket).locator("button").first.focus()
    card(two, other).locator("button").first.click()
    expect(card(one, other)).to_have_class(re.compile("came"))
    assert one.evaluate("document.activeElement.value") == f"{ticket}:booked:here"
    card(two, ticket).locator("button").first.click()
    expect(card(one, ticket)).to_have_class(re.compile("came"))
    one.keyboard.press("Enter")  # meant "here", which it is already
    one.wait_for_timeout(300)
    assert status(ticket) == "here"


def test_a_desk_that_pressed_too_late_is_told_and_shown_the_truth(desk: Desk, sit_down: Callable[..., Page]) -> None:
    ticket = desk.woman(0)
    page = sit_down()
    page.route("**/board*", lambda route: route.abort())
    with writing() as s:
        rid = board.rid_of(s, desk.location_id, desk.day, ticket)
        assert rid is not None
        marking.set_status(s, desk.location_id, rid, "booked", "missed", "somebody", clock.now())
    card(page, ticket).locator("button").first.click()
    expect(page.locator("#said .bad")).to_contain_text(str(ticket))
    expect(card(page, ticket)).to_have_class(re.compile(r"\bno\b"))
    assert status(ticket) == "missed"


def test_a_double_click_is_one_step(desk: Desk, sit_down: Callable[..., Page]) -> None:
    ticket = desk.woman(0)
    page = sit_down()
    card(page, ticket).locator("button").first.dblclick()
    expect(card(page, ticket)).to_have_class(re.compile("came"))
    page.wait_for_timeout(300)
    assert status(ticket) == "here"


def test_an_evening_by_keyboard_alone(desk: Desk, sit_down: Callable[..., Page]) -> None:
    first = desk.booked(20).appointment
    second = desk.woman(40)
    page = sit_down()
    # find by number and letter, then Enter: here
    page.keyboard.press("/")
    page.keyboard.type(f"{first.ticket} {min(tickets.letters(first.noun))}")
    page.keyboard.press("Enter")
    expect(page.locator("#got .btn").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, first.ticket)).to_have_class(re.compile("came"))
    expect(page.locator("#find")).to_be_focused()
    # undo
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(card(page, first.ticket)).to_have_class(re.compile("exp"))
    # arrows from card to card, Enter: the next step
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    expect(card(page, first.ticket).locator("button").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(card(page, second).locator("button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, second)).to_have_class(re.compile("came"))
    # a walk-in: the word is shown, said, and gone
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    expect(page.locator("#got [data-focus]")).to_be_focused()
    with reading() as s:
        noun = s.query(Appointment.noun).order_by(Appointment.ticket.desc()).limit(1).scalar()
    word = tickets.noun_words(int(noun), "ru")
    expect(page.locator("#got")).to_contain_text(word)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#got")).not_to_contain_text(word)
    # Esc, even from a field, covers the screen; the PIN opens it; Back shows nothing
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.wait_for_selector("#pin")
    assert page.locator("#grid").count() == 0
    page.go_back()
    page.wait_for_selector("#pin")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.wait_for_selector("#grid")


def test_the_word_of_a_walk_in_leaves_after_thirty_seconds(desk: Desk, sit_down: Callable[..., Page]) -> None:
    page = sit_down()
    page.clock.install()
    page.reload()
    page.keyboard.press("n")
    page.wait_for_selector("#got [data-focus]")
    page.clock.run_for(29_000)
    assert page.locator("#got [data-focus]").count() == 1
    page.clock.run_for(1_500)
    assert page.locator("#got [data-focus]").count() == 0


def test_who_takes_in_the_next_before_the_board_is_there_is_not_passed_over(
    desk: Desk, sit_down: Callable[..., Page]
) -> None:
    page = sit_down()
    slow: list[Route] = []
    page.route("**/board*", lambda route: slow.append(route))  # a line on which the board takes for ever
    page.keyboard.press("l")
    first = page.locator("#got [data-focus]")
    expect(first).to_be_focused()
    page.locator("#got [data-said]").click()
    expect(page.locator("#got")).to_be_empty()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("l")
    expect(first).to_be_focused()
    assert slow
    page.unroute("**/board*")
    page.reload()
    expect(page.locator("#queue ol li")).to_have_count(2)


def test_ten_idle_minutes_cover_the_screen_even_without_a_line(desk: Desk, sit_down: Callable[..., Page]) -> None:
    page = sit_down()
    page.clock.install()
    page.reload()
    page.route("**/board*", lambda route: route.abort())
    page.clock.run_for(3_000)
    expect(page.locator("#cut")).to_be_visible()
    page.clock.fast_forward(11 * 60_000)
    page.clock.run_for(2_000)
    page.wait_for_selector("#pin")


def test_a_screen_covered_elsewhere_is_covered_here(desk: Desk, hands: Hands, sit_down: Callable[..., Page]) -> None:
    page = sit_down()
    hands.shift(timedelta(minutes=10))
    page.wait_for_selector("#pin", timeout=5000)


def test_without_the_script_the_same_steps_work(desk: Desk, serve: Callable[[Flask], str], browser: Browser) -> None:
    booked = desk.booked(20).appointment
    context = browser.new_context(base_url=serve(desk.app), java_script_enabled=False, viewport=WIDE)
    page = context.new_page()
    page.goto("/staff/sign-in")
    page.fill("#login", "gulnar")
    page.fill("#password", PASSWORD)
    page.click("button.main")
    card(page, booked.ticket).locator("button").first.click()
    expect(card(page, booked.ticket)).to_have_class(re.compile("came"))
    page.fill("#find", f"{min(tickets.letters(booked.noun))}{booked.ticket}")
    page.press("#find", "Enter")
    page.locator("#got .btn").first.click()
    expect(card(page, booked.ticket)).to_have_class(re.compile(r"\bin\b"))
    page.click("#walk-button")
    expect(page.locator("#got h2")).to_be_visible()
    context.close()


def test_case_24_forty_rows_in_kazakh_print_on_two_pages(
    desk: Desk, hands: Hands, sit_down: Callable[..., Page]
) -> None:
    hands.move_to(clock.at(desk.day, 8 * 60))
    with writing() as s:
        place = s.get_one(Location, desk.location_id)
        service = s.get_one(Service, desk.service_id)
        factories.a_room(s, place, (service,), "Зертхана кабинеті")
        for n, room in enumerate(s.query(Room).filter(Room.location_id == place.id).order_by(Room.id), 1):
            room.name = Text3(kk=f"{n}-кабинет, 2-қабат", ru=f"Кабинет {n}", en=f"Room {n}")
        catalogue.changed(s)
    numbers = [desk.woman(20 * n) for n in range(40) for _ in range(2)]
    for scheme in SCHEMES:
        page = sit_down("gulnar", "kk", scheme)
        assert page.locator("#sheet tbody tr").count() == 40
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
        assert [round(float(side)) for side in re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0]] == [
            842,
            595,
        ]
        page.emulate_media(media="print", color_scheme=scheme)
        seen = page.evaluate(
            """() => { const of = s => getComputedStyle(document.querySelector(s));
              return { colour: of('#sheet td').color, paper: of('body').backgroundColor,
                head: of('#sheet thead').display, whole: of('#sheet tr').breakInside,
                text: document.body.innerText, hidden: of('.top').display,
                cut: [...document.querySelectorAll('#sheet td,#sheet th')]
                  .filter(c => c.scrollWidth > c.clientWidth).length,
                buttons: [...document.querySelectorAll('button,a')].filter(b => b.checkVisibility()).length } }"""
        )
        assert (seen["colour"], seen["paper"]) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
        assert (seen["head"], seen["whole"], seen["hidden"]) == ("table-header-group", "avoid", "none")
        assert (seen["cut"], seen["buttons"]) == (0, 0)
        assert all(re.search(rf"\b{number}\b", seen["text"]) for number in numbers)
        assert "жойыңыз" in seen["text"]
        assert desk.slug not in seen["text"]
        assert "http" not in seen["text"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(desk: Desk, sit_down: Callable[..., Page], scheme: Scheme) -> None:
    tickets_ = [desk.woman(minutes) for minutes in (0, 0, 0, 20, 40)]
    page = sit_down("aigul", "ru", scheme)
    for ticket, steps in ((tickets_[0], 1), (tickets_[1], 2), (tickets_[2], 3)):
        for step in range(1, steps + 1):
            card(page, ticket).locator("button").first.click()
            expect(card(page, ticket)).to_have_class(re.compile(r"\b" + ("came", "in", "done")[step - 1] + r"\b"))
            page.wait_for_timeout(550)
    assert_clean(page, "roster")
    page.keyboard.press("n")
    page.wait_for_selector("#got [data-focus]")
    assert_clean(page, "walk-in")
    page.goto(f"/ru{desk.url()}?room={desk.rooms[0]}")
    assert_clean(page, "room")
    page.goto(f"/ru{desk.url(day=desk.day + timedelta(days=1))}")
    assert_clean(page, "tomorrow")
    visits = [desk.url(f"/visit/{tickets_[n]}") for n in (3, 1)]
    more = (*visits, desk.url("/week"), desk.url("/close"), f"/staff/awaited/{desk.slug}")
    for where in more[scheme == "dark" :: 2]:
        page.goto(f"/ru{where}")
        assert_clean(page, where)
    page.goto("/ru/staff/pin")
    assert_clean(page, "pin")
    page.goto("/ru/staff/lock")
    assert_clean(page, "lock")
    page.set_viewport_size({"width": 360, "height": 740})
    page.fill("#pin", PIN)
    page.keyboard.press("Enter")
    page.wait_for_selector("#grid")
    page.goto(f"/kk{desk.url()}")
    assert_clean(page, "roster on a phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".menu summary").click()
    page.locator("form[action$='sign-out'] button").click()
    page.wait_for_selector("#login")
    assert_clean(page, "sign-in")


def assert_clean(page: Page, where: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"


def test_after_find_enter_enter_z_takes_it_back_and_types_nothing(desk: Desk, sit_down: Callable[..., Page]) -> None:
    booked = desk.booked(20).appointment
    page = sit_down()
    page.fill("#find", f"{booked.ticket} {min(tickets.letters(booked.noun))}")
    page.press("#find", "Enter")
    expect(page.locator("#got .btn").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, booked.ticket)).to_have_class(re.compile("came"))
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.press("z")
    expect(card(page, booked.ticket)).to_have_class(re.compile("exp"))
    expect(page.locator("#find")).to_have_value("")
