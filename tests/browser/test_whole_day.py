"""A whole day at the desk by keyboard alone: thirty visits, the line, a delay, a closure, Stop tonight, the end."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from clinic import clock
from clinic.booking import tickets
from clinic.booking.models import Appointment
from clinic.db import reading, writing
from clinic.directory.models import Location
from tests.browser.conftest import Hands
from tests.browser.test_desk import card, sit_down
from tests.desk.conftest import PASSWORD, PIN, Desk, cheap_argon2, furnish

__all__ = ["cheap_argon2", "sit_down"]

PHONE = "+77015550142"


@pytest.fixture
def desk(app: Flask, hands: Hands) -> Desk:
    """The same desk at eight in the morning; nobody clicks in this module."""
    made = furnish(app)
    hands.move_to(clock.at(made.day, 8 * 60))
    with writing() as s:
        place = s.get_one(Location, made.location_id)
        place.hours, place.hours_ph = "Mo-Su 08:00-22:00", "08:00-22:00"
    return made


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what is wanted has the focus: nothing on the way may hold it."""
    wanted = page.locator(selector).first
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def press_on(page: Page, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")


def back_at(page: Page, hands: Hands, minutes: int) -> None:
    """Some hours later: the screen has covered itself, the PIN opens it."""
    hands.move_to(clock.at(clock.service_day(hands.at), minutes))
    page.reload()
    page.wait_for_selector("#pin")
    tab_to(page, "#pin")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.wait_for_selector("#grid")


def arrive(page: Page, numbers: list[int]) -> None:
    """From card to card with the arrows, Enter on each who is here now."""
    for number in numbers:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowDown")
        for _ in range(60):
            if page.evaluate(f"document.activeElement.value === '{number}:booked:here'"):
                break
            here = page.evaluate("Number(document.activeElement.closest('.ap').dataset.column)")
            wanted = int(card(page, number).get_attribute("data-column") or 0)
            page.keyboard.press("ArrowDown" if here == wanted else "ArrowRight")
        page.keyboard.press("Enter")
        expect(card(page, number)).to_have_class(re.compile("came"))


def kinds() -> Counter[str]:
    with reading() as s:
        return Counter(s.scalars(select(Appointment.status)))


@pytest.mark.parametrize("width", [1280, 768])
def test_a_whole_day_by_keyboard_alone(desk: Desk, hands: Hands, sit_down: Callable[..., Page], width: int) -> None:
    morning = [desk.woman(20 + 20 * n) for n in range(4) for _ in desk.rooms]  # from 8:20
    noon = [desk.booked(n, PHONE).appointment for n in (240, 260, 280)]  # 12:00 in the first room
    evening = [desk.woman(600 + 20 * n, PHONE) for n in range(3) for _ in desk.rooms]  # from 18:00
    page = sit_down()
    page.set_viewport_size({"width": width, "height": 900})

    # the first six come; one is found by number and letter, one is called in and done
    arrive(page, morning[:5] if width > 1000 else morning[:2])
    with reading() as s:
        noun = s.scalars(select(Appointment.noun).where(Appointment.ticket == morning[5])).one()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type(f"{morning[5]}{min(tickets.letters(noun))}")
    page.keyboard.press("Enter")
    expect(page.locator("#got .btn").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, morning[5])).to_have_class(re.compile("came"))

    # walk-ins: one gets a time, two wait in the line; a room that is free takes the first of them
    for key in ("n", "l", "l"):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        expect(page.locator("#got [data-focus]")).to_be_focused()
        press_on(page, "#got [data-said]")
        expect(page.locator("#got")).to_be_empty()
    expect(page.locator("#queue ol li")).to_have_count(2)
    press_on(page, '#queue button[name="call"]')
    expect(page.locator("#queue ol li")).to_have_count(1)

    # the first room runs late: whoever asked for messages is told
    press_on(page, "#late >> xpath=.. >> summary")
    tab_to(page, "#late-minutes")
    page.keyboard.type("30")
    press_on(page, "#late button")
    expect(page.locator(".sms").first).to_be_visible()  # who is told what, before anything goes out
    press_on(page, 'button[value="send"]')
    expect(page.locator("#said")).to_contain_text(str(noon[0].ticket))
    expect(page.locator("#grid thead")).to_contain_text("+30")

    # somebody calls and wants nine in the evening
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("b")
    page.wait_for_selector("#hour")
    tab_to(page, "#hour")
    page.keyboard.type("21:00")
    page.keyboard.press("Enter")
    page.wait_for_selector("h2.huge")
    press_on(page, "main a.btn.main")
    page.wait_for_selector("#grid")

    # a visit is moved to tomorrow from its own page
    page.evaluate("document.activeElement.blur()")
    tab_to(page, f'#grid .ap[data-ticket="{morning[9]}"] button')
    page.keyboard.press("o")
    page.wait_for_selector("h1")
    press_on(page, ".strip li:nth-child(2) button")
    page.wait_for_selector(".times")
    tab_to(page, 'input[name="start"]')
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.bad")).to_be_visible()  # no message tells it
    press_on(page, "a.btn.main")
    expect(page.locator("#messages")).to_contain_text("завтра")

    # noon: the first room closes for two hours, whom it touches is moved
    back_at(page, hands, 11 * 60)
    page.goto(f"/ru/staff/closures/{desk.slug}")
    tab_to(page, "#room")
    page.keyboard.press("ArrowDown")
    for name, typed in (("day", "11242026"), ("hour", "1200PM"), ("last_hour", "0200PM")):
        tab_to(page, f"#{name}")
        page.keyboard.type(typed)
    press_on(page, 'button[value="look"]')
    expect(page.locator("fieldset.card")).to_have_count(3)
    press_on(page, 'button[value="close"]')
    page.wait_for_selector("main table")
    with reading() as s:
        for one in noon:
            row = s.get_one(Appointment, one.rid)
            assert (row.status, row.by_place) == ("booked", "moved")

    # the evening begins; then somebody who should not be there stands at the door
    page.goto(f"/ru{desk.url()}")
    back_at(page, hands, 18 * 60 + 10)
    arrive(page, evening[:1])
    paper = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2
    press_on(page, "a.halt")
    press_on(page, 'button[value="stop"]')
    # signed out: she signs in again and ends the day
    page.wait_for_selector("#login")
    tab_to(page, "#login")
    page.keyboard.type("gulnar")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#grid")
    press_on(page, 'a[href$="/close"]')
    page.wait_for_selector('input[name="missed"]')
    tab_to(page, f'input[name="missed"][value="{morning[1]}"]')  # marked here this morning by a slip of the finger
    page.keyboard.press("Space")
    press_on(page, "main .btn.main")
    page.wait_for_selector('button[value="undo"]')
    press_on(page, "main a.btn.main")
    page.wait_for_selector("#grid")
    counted = kinds()
    assert sum(counted.values()) == len(morning) + len(noon) + len(evening) + 4
    assert counted["missed"] == 1
    assert counted["here"] == counted["in_room"] == 0
    assert counted["cancelled"] >= 1 + 6, "who waited in the line, and the evening that was stopped"
    assert hands.at - clock.at(desk.day, 8 * 60) > timedelta(hours=10)
