"""Photos of a note in a real browser: place and time are gone before anything is sealed, unless she keeps them."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from clinic.safety.reports.bare import Broken, bare
from tests.browser.phone import Visitor, sound, too_wide
from tests.browser.relay import Wire
from tests.browser.test_note import carry, cheap_argon2, phone, wire
from tests.safety import pictures
from tests.safety.pictures import EVERY

__all__ = ["cheap_argon2", "wire"]

SENT = [EVERY[0], EVERY[2], EVERY[8], EVERY[11], EVERY[12]]


@pytest.mark.parametrize("keep", [False, True], ids=["as the page is", "kept"])
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_what_the_camera_wrote_goes_before_sealing_unless_she_keeps_it(
    browser: Browser, wire: Wire, town: Path, tmp_path: Path, script: bool, keep: bool
) -> None:
    page = phone(browser, wire, script, "ru")
    page.goto("/ru/note")
    words = f"Evening {script} {keep}"
    page.fill("#text", words)
    page.set_input_files(
        "#photo", [FilePayload(name=f"a.{kind}", mimeType=f"image/{kind}", buffer=content) for kind, content in SENT]
    )
    box = page.locator("input[name=keep]")
    expect(box).not_to_be_checked()
    if keep:
        box.check()
    page.locator("button[value=send]").click()
    expect(page.locator(".code")).to_be_visible()
    (letter,) = (one for one in carry(town, tmp_path / "vault", None) if one.content.said.get("text") == words)
    expected = [(kind, content if keep else bare(kind, content)) for kind, content in SENT]
    assert [(photo.kind, photo.content) for photo in letter.content.photos] == expected
    assert set(letter.content.said) == {"text", "language"}
    page.context.close()


def test_the_browser_cuts_as_the_server_does(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/ru/note")
    page.add_script_tag(url=page.locator("[data-seal]").first.get_attribute("data-seal"))
    given = [(kind, content[:end]) for kind, content in EVERY for end in (*range(12, len(content), 61), len(content))]
    made = page.evaluate(
        """files => files.map(([kind, text]) => {
          const u = Uint8Array.from(atob(text), x => x.charCodeAt(0));
          try { return btoa(String.fromCharCode(...barePhoto(kind, u))); } catch (e) { return null; }
        })""",
        [[kind, base64.b64encode(content).decode()] for kind, content in given],
    )
    for (kind, content), mine in zip(given, made, strict=True):
        try:
            clean: bytes | None = bare(kind, content)
        except Broken:
            clean = None
        assert (mine and base64.b64decode(mine)) == clean, (kind, len(content))
    assert sum(one is not None for one in made) >= len(EVERY)


def test_a_torn_photo_is_refused_before_anything_is_sent_and_the_box_helps(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/ru/note")
    page.fill("#text", "Evening")
    torn = pictures.jpeg()[:200]
    page.set_input_files("#photo", FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=torn))
    page.locator("button[value=send]").click()
    expect(page.locator("#photo-field .err")).to_contain_text("или повреждён")
    assert not too_wide(page)
    sound(page)
    page.locator("input[name=keep]").check()
    page.locator("button[value=send]").click()
    expect(page.locator(".code")).to_be_visible()
