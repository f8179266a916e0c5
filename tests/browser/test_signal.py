"""A signal from the first tap to "your signal was taken", with a script and without; every page of it is sound."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clinic import clock
from clinic.db import writing
from clinic.messaging import tasks
from clinic.safety.alerts import calling, signals
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import cheap_argon2, furnish, on_duty
from tests.browser.conftest import Hands
from tests.browser.phone import sound, too_wide
from tests.desk.conftest import PASSWORD

__all__ = ["cheap_argon2"]
SHOTS = os.environ.get("KESHKI_SHOTS")  # a folder: what the pages look like, for whoever changes them


@pytest.fixture
def town_on_duty(demo_app: Flask, hands: Hands, serve: Callable[[Flask], str]) -> str:
    """The address of a demo with people who may go on duty."""
    furnish()
    return serve(demo_app)


def turn(app: Flask) -> None:
    """One turn of the worker's urgent thread."""
    with app.app_context():
        for _ in range(3):
            calling.turn(clock.now())
            tasks.send_urgent(clock.now())


@pytest.fixture
def tab(browser: Browser, town_on_duty: str) -> Iterator[Callable[..., Page]]:
    """Makes pages: her phone by default, with a script or without, or the responder's desk."""
    contexts: list[BrowserContext] = []

    def make(width: int = 360, script: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 740}, java_script_enabled=script, locale="ru-RU",
            base_url=town_on_duty, service_workers="block", geolocation={"latitude": 43.2412, "longitude": 76.9311},
            permissions=["geolocation"],
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield make
    for context in contexts:
        context.close()


def shot(page: Page, name: str) -> None:
    """axe has nothing to say; a picture where somebody wants one."""
    sound(page)
    if SHOTS:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{scheme}.png"), full_page=True)
        page.emulate_media(color_scheme="light")


def go_on_duty(app: Flask, they: Page) -> None:
    they.goto("/ru/staff/sign-in")
    they.fill("[name=login]", "saule")
    they.fill("[name=password]", PASSWORD)
    they.locator("main .btn.main").click()
    they.goto("/ru/staff/duty")
    shot(they, "duty-off")
    they.fill("#phone", "+7 701 000 00 91")
    they.fill("#shown_as", "Сауле")
    they.locator("button[value=on]").click()
    expect(they.locator("#number")).to_be_visible()
    turn(app)
    they.reload()
    shot(they, "duty-test")
    outbox = they.context.new_page()
    outbox.goto("/dev/outbox")
    number = re.search(r"проверка: (\d{4})", outbox.content())
    assert number
    outbox.close()
    they.fill("#number", number[1])
    they.locator("button[value=confirm]").click()
    expect(they.locator(".notice.good")).to_be_visible()
    turn(app)
    they.reload()
    expect(they.locator(".notice.good")).to_be_visible()
    shot(they, "duty-on")


def test_from_the_first_tap_to_seen(demo_app: Flask, hands: Hands, tab: Callable[..., Page]) -> None:
    she, they = tab(), tab(1280)
    she.goto("/ru/")
    she.locator(".foot a").first.click()
    expect(she.locator("h1")).to_contain_text("Сейчас никто не дежурит")
    shot(she, "now-nobody")
    she.goto("/ru/watch")
    shot(she, "watch-nobody")
    go_on_duty(demo_app, they)

    she.goto("/ru/now")
    shot(she, "now")
    she.locator("button.sos").click()
    expect(she.locator("h1")).to_contain_text("Уйдёт через")
    shot(she, "signal-counting")
    she.fill("#where", "у вокзала")
    hands.shift(timedelta(seconds=10))
    turn(demo_app)
    expect(she.locator("h1")).to_contain_text("Зовём: Сауле")  # by itself
    assert she.input_value("#where") == "у вокзала"  # what she types stays
    shot(she, "signal-calling")
    she.locator("[data-where]").click()
    expect(she.locator("#told")).to_contain_text("Мы передали, где вы")
    hands.shift(timedelta(seconds=91))
    turn(demo_app)
    expect(she.locator("#state .tel").first).to_be_visible()
    shot(she, "signal-late")

    they.goto("/ru/staff/alerts")
    expect(they).to_have_title(re.compile(r"^\(1\)"))
    shot(they, "signals")
    they.locator("button[value=take]").click()
    expect(they.locator(".facts")).to_contain_text("у вокзала")
    expect(they.locator(".facts")).to_contain_text("43.2412, 76.9311")
    she.context.set_geolocation({"latitude": 43.25, "longitude": 76.95})
    she.check("[name=follow]")  # her position again, by itself
    expect(they.locator(".facts")).to_contain_text("43.25, 76.95")
    they.fill("#text", "Вижу вас. Оставайтесь там, где люди.")
    they.locator("button[value=say]").click()
    expect(they.locator(".sms").last).to_contain_text("Вижу вас")
    shot(they, "signal-opened")
    expect(she.locator(".notice.good h1")).to_contain_text("Ваш сигнал принят")
    expect(she.locator(".sms")).to_contain_text("Вижу вас")
    she.fill("#text", "Спасибо")
    shot(she, "signal-seen")
    she.locator("button[value=say]").click()
    expect(they.locator(".sms").last).to_contain_text("Спасибо")
    she.locator("button[value=safe]").click()
    expect(she.locator("h1")).to_contain_text("Закончено")
    expect(they.locator("#live")).to_contain_text("теперь в безопасности")
    shot(she, "signal-safe")

    she.goto("/ru/watch")
    shot(she, "watch")
    for name, value in {"until": "22:30", "word": "2583", "forced": "9136"}.items():
        she.fill(f"#{name}", value)
    she.locator("main .btn.main").click()
    expect(she.locator(".code")).to_be_visible()
    shot(she, "watch-running")
    she.fill("#word", "9136")
    she.locator("button[value=end]").click()
    expect(she.locator("h1")).to_contain_text("Закончено")
    turn(demo_app)
    they.goto("/ru/staff/alerts")
    expect(they.locator("button[value=take]")).to_have_count(1)


def test_without_a_script_she_looks_again_and_the_numbers_come_by_themselves(
    demo_app: Flask, hands: Hands, tab: Callable[..., Page]
) -> None:
    she = tab(320, script=False)
    with demo_app.app_context():
        on_duty()
    she.goto("/kk/watch")
    assert too_wide(she) <= 0
    she.goto("/kk/now")
    assert too_wide(she) <= 0
    with she.expect_navigation():
        she.locator("button.sos").click()
    assert too_wide(she) <= 0
    hands.shift(timedelta(seconds=10))
    turn(demo_app)
    she.locator(".link[value=state]").click()
    expect(she.locator("h1")).to_contain_text("Шақырып жатырмыз: Saule")
    large = she.locator(".wait .tel").first
    assert not large.is_visible()
    hands.shift(timedelta(seconds=82))
    she.locator(".link[value=state]").click()
    expect(large).to_be_visible(timeout=14_000)  # ten seconds later, by the style sheet alone
    assert too_wide(she) <= 0
    if SHOTS:
        she.screenshot(path=str(Path(SHOTS) / "kk-calling.png"), full_page=True)
    she.locator("button[value=safe]").click()
    expect(she.locator("h1")).to_contain_text("Аяқталды")


def test_a_signal_is_seen_and_heard_on_every_page_of_the_desk_and_behind_the_cover(
    demo_app: Flask, hands: Hands, tab: Callable[..., Page]
) -> None:
    they = tab(1024)
    they.add_init_script(
        "window.notes = 0; const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (at) { window.notes += 1; start.call(this, at); };"
    )
    go_on_duty(demo_app, they)
    they.goto("/ru/staff/pages")
    with demo_app.app_context(), writing() as s:
        signals.start(s, Told(), clock.now())
    hands.shift(signals.COUNTDOWN)
    turn(demo_app)
    expect(they.locator("#bell")).to_contain_text("Ждёт 1 сигнал")
    expect(they).to_have_title(re.compile(r"^\(1\) "))
    assert they.evaluate("window.notes") >= 3
    shot(they, "bell")
    assert too_wide(they) <= 0
    they.locator("#bell a").click()
    they.locator("button[value=take]").click()
    expect(they.locator("#bell")).to_have_count(0)
    expect(they).not_to_have_title(re.compile(r"^\(1\) "))
