"""Cards as they come out of the printer: one A4 page, eight of them, nothing of the screen around them."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.test_desk import Desk, cheap_argon2, desk, sit_down
from tests.desk.conftest import PASSWORD

__all__ = ["PASSWORD", "Desk", "cheap_argon2", "desk", "sit_down"]
MM = 96 / 25.4


def test_cards_and_posters_print_on_one_page(sit_down: Callable[..., Page]) -> None:
    page = sit_down("gulnar")
    for sheet, items in (("cards", ".cards li"), ("poster", ".poster")):
        page.goto(f"/ru/staff/reach/{sheet}?words=kk")
        found = Axe().run(page)
        assert not found.response["violations"], found.generate_report()
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert pdf.count(b"/Type /Page\n") == 1, sheet
        page.emulate_media(media="print")
        boxes = [box for one in page.locator(items).all() if (box := one.bounding_box())]
        assert len(boxes) == (8 if sheet == "cards" else 1)
        assert max(box["y"] + box["height"] for box in boxes) <= 297 * MM + 1
        assert not page.locator("header.top").is_visible()
        page.emulate_media(media="screen")
    page.goto("/ru/staff/reach")
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
