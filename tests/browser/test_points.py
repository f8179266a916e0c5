"""A point on a phone at 360 px and on a desk at 1280 px: keyboard alone, two taps, a scanner, paper, axe."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from clinic import clock
from clinic.db import writing
from clinic.kits import ledger
from clinic.kits.models import Outcome
from tests.browser.conftest import Hands
from tests.desk.conftest import PASSWORD, cheap_argon2
from tests.desk.test_points import SCAN, Shop, balance, open_shop, status
from tests.kits.shelves import on_shelf, ordered

__all__ = ["cheap_argon2"]

PHONE: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 900}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def shop(app: Flask, hands: Hands) -> Shop:
    """A point with two lots of A, one of B that expires soon and one that has expired; a neighbour that gives more."""
    shop = open_shop(app)
    on_shelf(shop.point, shop.a, "OR-2417", 5, days=120)
    on_shelf(shop.point, shop.a, "OR-2533", 3, days=370)
    on_shelf(shop.point, shop.b, "BS-0912", 30, days=36)
    on_shelf(shop.point, shop.b, "BS-0871", 1, days=0)
    on_shelf(shop.other, shop.b, "BS-1044", 60, days=300)
    yesterday = clock.today() - timedelta(days=1)
    with writing() as s:
        for point, lot, n in ((shop.point, "OR-2417", 4), (shop.other, "BS-1044", 40)):
            held = next(h for h in ledger.at_point(s, point) if h.lot == lot)
            ledger.post(s, held.id, "counted", n, 0, yesterday - timedelta(days=20), "k", "found")
            ledger.post(s, held.id, "handed_over", -n, 0, yesterday, "k")
    return shop


@pytest.fixture
def stand(shop: Shop, serve: Callable[[Flask], str], browser: Browser) -> Iterator[Callable[..., Page]]:
    """Sign somebody in, in a browser of their own, and open the point."""
    base, contexts = serve(shop.app), list[BrowserContext]()

    def start(
        login: str = "asel",
        language: str = "ru",
        scheme: Scheme = "light",
        size: ViewportSize = WIDE,
        script: bool = True,
    ) -> Page:
        context = browser.new_context(
            base_url=base, color_scheme=scheme, viewport=size, java_script_enabled=script, has_touch=size is PHONE
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/{language}/staff/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(re.compile("/staff/(roster|points|$)"))
        page.goto(f"/{language}{shop.url()}")
        page.wait_for_selector("#waiting")
        return page

    yield start
    for context in contexts:
        context.close()


def test_an_order_is_handed_over_by_keyboard_alone_and_taken_back(shop: Shop, stand: Callable[..., Page]) -> None:
    order = ordered(shop.point, shop.a, 2)
    page = stand()
    page.keyboard.press("/")
    page.keyboard.type(order.said)
    page.keyboard.press("Enter")
    expect(page.locator("#got .btn")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text(str(order.view.ticket))
    expect(page.locator("#find")).to_be_focused()
    expect(page.locator("#waiting")).not_to_contain_text("А, 2")
    assert status(order) == "collected"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(page.locator("#recent")).to_be_empty()
    assert status(order) == "reserved"
    assert balance(shop.point, "OR-2417") == (5, 2)


def test_on_a_phone_two_taps_hand_an_order_over(shop: Shop, stand: Callable[..., Page]) -> None:
    order = ordered(shop.point, shop.a)
    page = stand(size=PHONE)
    page.fill("#find", order.said)
    page.tap("#find-form .btn")
    page.tap("#got .btn")
    expect(page.locator("#recent")).to_contain_text(str(order.view.ticket))
    assert status(order) == "collected"
    page.locator("#recent .btn").tap()
    expect(page.locator("#recent")).to_be_empty()
    assert status(order) == "reserved"


def test_without_the_script_the_same_two_presses_work(shop: Shop, stand: Callable[..., Page]) -> None:
    order = ordered(shop.point, shop.a)
    page = stand(size=PHONE, script=False)
    page.fill("#find", order.said)
    page.click("#find-form .btn")
    page.click("#got .btn")
    assert status(order) == "collected"
    expect(page.locator("#said")).to_contain_text("OR-2417")
    page.click("#recent .btn")
    assert status(order) == "reserved"


def test_two_counters_see_each_other_and_one_order_is_given_once(shop: Shop, stand: Callable[..., Page]) -> None:
    order = ordered(shop.point, shop.a)
    one, two = stand(), stand("rec", "kk", size=PHONE)
    for page in (one, two):
        page.fill("#find", order.said)
        page.press("#find", "Enter")
        page.wait_for_selector("#got .btn")
    one.click("#got .btn")
    expect(two.locator("#recent")).to_contain_text(str(order.view.ticket), timeout=5_000)
    two.click("#got .btn")
    expect(two.locator("#said .bad")).to_be_visible()
    assert balance(shop.point, "OR-2417") == (4, 0)


def test_a_scanner_that_ends_with_enter_fills_the_form_in(shop: Shop, stand: Callable[..., Page]) -> None:
    page = stand()
    page.goto(f"/ru{shop.url('/receive')}")
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.type(SCAN.replace("2417", "2600"))
    page.keyboard.press("Enter")
    expect(page.locator("#lot")).to_have_value("OR-2600")
    expect(page.locator("#expires")).to_have_value("31.03.2027")
    page.fill("#quantity", "two")
    page.click("button.main[value=take]")
    expect(page.locator("#quantity")).to_have_value("two")
    expect(page.locator("#quantity-e")).to_be_visible()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.fill("#quantity", "20")
    page.press("#quantity", "Enter")
    page.wait_for_selector("#recent .btn")
    assert balance(shop.point, "OR-2600") == (20, 0)


def test_escape_covers_the_counter(shop: Shop, stand: Callable[..., Page]) -> None:
    page = stand()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.wait_for_selector("#pin")
    assert page.locator("#stock").count() == 0


def test_the_day_prints_as_numbers_on_one_sheet(shop: Shop, stand: Callable[..., Page]) -> None:
    tickets = [ordered(shop.point, shop.a).view.ticket for _ in range(6)]
    for scheme in SCHEMES:
        page = stand(language="kk", scheme=scheme)
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        size = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0]
        assert [round(float(side)) for side in size] == [595, 842]
        page.emulate_media(media="print", color_scheme=scheme)
        seen = page.evaluate(
            """() => ({ text: document.body.innerText, paper: getComputedStyle(document.body).backgroundColor,
              colour: getComputedStyle(document.querySelector('#sheet td')).color,
              buttons: [...document.querySelectorAll('button,a,input')].filter(b => b.checkVisibility()).length })"""
        )
        assert (seen["paper"], seen["colour"], seen["buttons"]) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)", 0)
        assert all(re.search(rf"\b{ticket}\b", seen["text"]) for ticket in tickets)
        assert "жойыңыз" in seen["text"]
        assert "OR-2417" not in seen["text"]
        assert shop.slug not in seen["text"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_runs_out_of_a_phone(
    shop: Shop, stand: Callable[..., Page], scheme: Scheme
) -> None:
    order = ordered(shop.point, shop.a)
    ordered(shop.point, shop.a, 2)
    months()
    page = stand("doctor", "ru", scheme)
    tails = ("", "/receive", "/count", "/write-off", "/move", "/expected", "/recall")
    for size, language in ((WIDE, "ru"), (PHONE, "kk")):
        page.set_viewport_size(size)
        for address in (*(shop.url(tail) for tail in tails), "/staff/figures"):
            page.goto(f"/{language}{address}")
            assert_clean(page, f"{address} {size['width']}")
    page.goto(f"/ru{shop.url()}")
    page.fill("#find", order.said)
    page.press("#find", "Enter")
    page.wait_for_selector("#got .btn")
    page.click("#walk-button")
    assert_clean(page, "card")
    page.click("#got .btn")
    page.wait_for_selector("#recent .btn")
    assert_clean(page, "handed over")
    page.goto(f"/ru{shop.url('/receive')}")
    page.click("button.main[value=take]")
    assert_clean(page, "refused delivery")
    page.goto(f"/ru{shop.url('/recall')}")
    page.select_option("select", index=1)
    page.click("button[value=look]")
    page.wait_for_selector(".stop")
    assert_clean(page, "recall")
    assert page.evaluate("document.activeElement === document.body")  # a stray Enter recalls nothing


def months() -> None:
    """Counts of two months, so that the figures have something to draw."""
    with writing() as s:
        for month in (date(2026, 9, 1), date(2026, 10, 1)):
            for what, n in (
                ("ordered", 64), ("collected", 41), ("cancelled", 9), ("released", 11), ("walk_in", 7),
                ("near_1", 12), ("near_3", 22), ("near_10", 18), ("far", 6), ("reactive", 6), ("nonreactive", 20),
            ):  # fmt: skip
                s.add(Outcome(city="Almaty", month=month, kit_type_id=1, lot_id=0, what=what, n=n))


def assert_clean(page: Page, where: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{where}: {wide} px too wide"
