"""A note in a real browser, 360 px wide: sealed in the phone with a script, in the server's memory without."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, FilePayload, Page, Request, expect

from clinic import clock, create_app
from clinic.db import reading, writing
from clinic.privacy import keys
from clinic.safety.reports import canary, demo, exchange, post, secret_keys
from clinic.safety.reports.vault import Letter, Vault
from tests import city
from tests.browser.conftest import Hands
from tests.browser.phone import LOCALES, Visitor, sound, too_wide
from tests.browser.relay import Wire, listening
from tests.conftest import EVENING, Maker
from tests.desk.conftest import PASSWORD, cheap_argon2
from tests.safety.notes import JPEG, PLANTED, a_reading_desk, notes, png

__all__ = ["cheap_argon2"]

PNG = png(b"planted-in-the-png" + b"\0" * 700_000)


def carry(town: Path, folder: Path, answer: str | None) -> list[Letter]:
    """Export from the site's database, open in the archive; answer the newest conversation and import that."""
    with time_machine.travel(EVENING, tick=False):
        app = create_app(city.environment(town))
        vault = Vault(folder)
        secrets = secret_keys.box_keys(town / "keys" / demo.FOLDER, demo.PASSPHRASE)
        with app.app_context():
            with reading() as s:
                vault.take_in(exchange.read(exchange.NOTES, io.BytesIO(b"".join(post.outgoing(s, clock.now())))))
            letters = [one for one in vault.letters(secrets) if isinstance(one, Letter)]
            if answer is not None:
                vault.answer(secrets, [one for one in letters if PLANTED in str(one.content.said)][:1], answer)
                back = io.BytesIO(b"".join(exchange.written(exchange.ANSWERS, vault.outgoing(secrets))))
                with writing() as s:
                    post.take(s, exchange.read(exchange.ANSWERS, back), clock.now())
    return letters


def fill(page: Page, language: str) -> None:
    page.goto(f"/{language}/note")
    page.locator("input[name=what]").nth(2).check()
    page.fill("#text", f"{PLANTED}\nекінші жол")
    page.locator("details.card summary").first.click()
    page.select_option("#region", "75")
    page.fill("#where", f"where {PLANTED}")
    page.set_input_files("#photo", FilePayload(name="a.png", mimeType="image/png", buffer=PNG))


def heard(wire: Wire, code: str) -> list[str]:
    """Which secrets went over the wire since the last time."""
    body = wire.taken()
    assert b"POST " in body
    planted = {"words": PLANTED.encode(), "photo": b"planted-in-the-png"}
    found = [name for name, secret in planted.items() if secret in body or secret.hex().encode() in body]
    typed = body.upper().replace(b" ", b"").replace(b"+", b"")
    return [*found, "code"] if code.replace(" ", "").encode() in typed else found


@pytest.fixture
def wire(site: str) -> Iterator[Wire]:
    with listening(site) as found:
        yield found


def phone(browser: Browser, wire: Wire, script: bool = True, language: str = "kk") -> Page:
    """Her phone at the end of the wire."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        java_script_enabled=script,
        locale=LOCALES[language],
        base_url=wire.address,
        service_workers="block",
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_she_tells_adds_reads_and_takes_back(
    browser: Browser, wire: Wire, town: Path, tmp_path: Path, script: bool
) -> None:
    page = phone(browser, wire, script)
    fill(page, "kk")
    page.locator("button[value=send]").click()
    expect(page.locator(".code")).to_have_text(re.compile(r"^[A-Z0-9]{5} [A-Z0-9]{5} [A-Z0-9]{5}$"))
    code = page.locator(".code").inner_text()
    assert page.url.endswith("/kk/note")
    # with the script the site gets a box and a token: neither words nor photo nor code
    assert heard(wire, code) == ([] if script else ["words", "photo"])

    # the organization fetches, opens and answers
    (letter,) = (one for one in carry(town, tmp_path / "vault", "Жауап келді") if PLANTED in str(one.content.said))
    assert letter.content.said["what"] == ["beaten"]
    assert letter.content.said["text"] == f"{PLANTED}\nекінші жол"
    assert letter.content.said["region"] == "75"
    assert letter.content.said["language"] == "kk"
    assert [(photo.kind, photo.content) for photo in letter.content.photos] == [("png", PNG)]

    page.goto("/kk/note")
    page.locator("details.card summary").last.click()
    page.fill("#code", code.lower())
    page.locator("button[value=open]").click()
    expect(page.locator("section.card")).to_contain_text("Жауап келді")
    assert heard(wire, code) == ([] if script else ["code"])
    page.fill("#text", f"more {PLANTED}")
    page.locator("button[value=more]").click()
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("section.card")).to_contain_text("Жауап келді")
    assert heard(wire, code) == ([] if script else ["words", "code"])
    assert len([one for one in carry(town, tmp_path / "v2", None) if PLANTED in str(one.content.said)]) == 1

    page.locator("details.card summary").last.click()
    page.locator("button[value=forget]").click()
    expect(page.locator(".notice.good")).to_contain_text("Мұнда жойылды")
    page.locator("details.card summary").last.click()
    page.fill("#code", code)
    page.locator("button[value=open]").click()
    expect(page.locator("#code-field .err")).to_be_visible()
    page.context.close()


def test_what_is_wrong_stands_beside_the_field_before_anything_is_sent(visitor: Visitor) -> None:
    page = visitor()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    fill(page, "ru")
    bad = [
        (b"%PDF-1.7", "не фотография"),
        (JPEG + b"<SCRIPT>", "спрятан другой файл"),
        (JPEG + b"\0" * (13 * 1024 * 1024), "слишком большие"),
    ]
    for content, sentence in bad:
        page.set_input_files("#photo", FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=content))
        page.locator("button[value=send]").click()
        expect(page.locator("#photo-field .err")).to_contain_text(sentence)
        expect(page.locator("[data-errors]")).to_be_focused()
    page.set_input_files("#photo", [])
    page.fill("#text", "щ" * 20_001)
    page.locator("button[value=send]").click()
    expect(page.locator("#text-field .err")).to_contain_text("не больше 20000 знаков")
    assert page.input_value("#where") == f"where {PLANTED}"
    assert sent == []
    sound(page)


def test_without_a_connection_nothing_is_lost_and_it_is_sent_once(
    browser: Browser, wire: Wire, town: Path, tmp_path: Path
) -> None:
    page = phone(browser, wire, language="en")
    fill(page, "en")
    page.locator("button[value=send]").click()
    expect(page.locator(".code")).to_be_visible()
    before = len(carry(town, tmp_path / "a", None))
    fill(page, "en")
    button = page.locator("button[value=send]")
    says = button.text_content() or ""
    page.context.set_offline(True)
    button.click()
    expect(page.locator("main")).to_contain_text("Nothing is lost")
    expect(button).to_have_text(says)  # while it seals and sends it says so, and takes no second press
    assert PLANTED in page.input_value("#text")
    page.context.set_offline(False)
    page.locator("input[name=token]").first.evaluate("e => e.value = 'an old one'")  # the page was open for long
    page.route("**/note", lambda route: route.abort() if route.request.method == "POST" else route.continue_(), times=1)
    with page.expect_event("requestfailed"):
        button.click()
    expect(page.locator("[data-errors]")).to_contain_text("Nothing is lost")
    expect(button).to_have_text(says)
    button.click()
    expect(page.locator(".code")).to_be_visible()
    assert len(carry(town, tmp_path / "b", None)) == before + 1
    page.context.close()


def test_the_pages_of_a_note_are_sound_and_no_wider_than_a_phone(visitor: Visitor) -> None:
    page = visitor(language="kk")
    fill(page, "kk")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    sound(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert too_wide(page) <= 0
    page.locator("button[value=send]").click()
    expect(page.locator(".code")).to_be_visible()
    code = page.locator(".code").inner_text()
    sound(page)
    page.goto("/kk/note")
    page.locator("details.card summary").last.click()
    page.fill("#code", code)
    page.locator("button[value=open]").click()
    expect(page.locator("button[value=more]")).to_be_visible()
    sound(page)


def test_the_page_of_those_who_read_is_sound_too(
    make_app: Maker, hands: Hands, serve: Callable[[Flask], str], browser: Browser
) -> None:
    desk = a_reading_desk(make_app)
    canary.send_due(clock.now())
    notes(5)
    hands.shift(timedelta(weeks=1))
    keys.ring().advance(clock.today(), leap_days=100)
    notes(1)
    hands.shift(timedelta(weeks=1))
    keys.ring().advance(clock.today(), leap_days=100)
    page = browser.new_page(base_url=serve(desk.app), viewport={"width": 1280, "height": 800})
    page.goto("/kk/staff/sign-in")
    page.fill("#login", "chief")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/staff/roster/**")
    page.goto("/kk/staff/reports")
    expect(page.locator("tbody tr")).to_have_count(2)
    sound(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert too_wide(page) <= 0
    with page.expect_download() as download:
        page.locator("form[action$='/file'] button").click()
    assert download.value.suggested_filename == "notes"
    page.context.close()
