"""Help is on the first screen, with large letters too; the head takes no more than it must, the way out stays."""

import pytest
from playwright.sync_api import Browser, Page

SCREEN = {"width": 360, "height": 640}


def with_letters(browser: Browser, site: str, percent: int) -> Page:
    """Her phone, its letters made larger in the settings of the system."""
    page = browser.new_context(base_url=site, viewport=SCREEN, service_workers="block").new_page()  # type: ignore[arg-type]
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 16 * percent // 100, "fixed": 13 * percent // 100}})
    return page


@pytest.mark.parametrize("percent", [100, 130, 200])
def test_help_and_the_way_out_are_on_the_first_screen(browser: Browser, site: str, percent: int) -> None:
    page = with_letters(browser, site, percent)
    for language in ("kk", "ru", "en"):
        for address in ("/", "/?near=Алматы", "/near?near=Алматы&after=18:00"):
            page.goto(f"/{language}{address}")
            assert (
                page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 15.3 * percent / 100
            )
            for selector in (".top .exit", "a[href$='/now']"):
                box = page.locator(selector).first.bounding_box()
                assert box, selector
                assert box["y"] + box["height"] <= SCREEN["height"], (language, address, selector, box)
                assert box["x"] + box["width"] <= SCREEN["width"] + 1, (language, address, selector, box)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (language, address, wide)
    page.context.close()


@pytest.mark.parametrize(("percent", "most"), [(100, 64), (130, 90), (200, 110)])
def test_what_stays_above_while_she_reads_is_low(browser: Browser, site: str, percent: int, most: int) -> None:
    page = with_letters(browser, site, percent)
    for language in ("kk", "ru", "en"):
        page.goto(f"/{language}/near?near=Алматы&after=18:00")
        page.evaluate("window.scrollTo(0, 600)")
        page.wait_for_function("window.scrollY > 500")
        staying = page.evaluate(
            "[document.querySelector('.top'), document.querySelector('.exit')]"
            ".map(x => x.getBoundingClientRect()).filter(r => r.bottom > 0).reduce((n, r) => Math.max(n, r.bottom), 0)"
        )
        assert 0 < staying <= most, (language, staying)
    page.context.close()


def test_with_her_city_known_the_large_button_for_help_is_on_the_first_screen(browser: Browser, site: str) -> None:
    page = with_letters(browser, site, 100)
    for language in ("kk", "ru", "en"):
        page.goto(f"/{language}/?near=Алматы")
        box = page.locator("main .btn.bad").bounding_box()
        assert box
        assert box["y"] + box["height"] <= SCREEN["height"], (language, box)
    page.context.close()
