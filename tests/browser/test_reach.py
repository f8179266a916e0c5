"""Cards as they come out of the printer, one A4 page of eight; the pages of trainings, requests and referrals."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.phone import too_wide
from tests.browser.test_desk import cheap_argon2, desk, sit_down
from tests.desk.conftest import Desk
from tests.safety.room import a_training

__all__ = ["cheap_argon2", "desk", "sit_down"]
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


def test_axe_finds_nothing_on_the_pages_of_those_who_serve(desk: Desk, sit_down: Callable[..., Page]) -> None:
    number = a_training(desk.location_id)
    chief = sit_down("chief")
    home = f"/ru/staff/trainings/{desk.slug}"
    for path in (home, f"{home}/{number}", f"{home}/{number}/list", "/ru/staff/reach", "/ru/staff/requests",
                 "/ru/staff/requests/print", "/ru/staff/referrals"):  # fmt: skip
        chief.goto(path)
        for summary in chief.locator("details:not([open]) > summary").all():
            if summary.is_visible():
                summary.click()
        found = Axe().run(chief)
        assert not found.response["violations"], f"{path}: {found.generate_report()}"
        chief.set_viewport_size({"width": 360, "height": 740})
        assert too_wide(chief) <= 0, path
        chief.set_viewport_size({"width": 1280, "height": 900})
