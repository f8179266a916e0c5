"""What her browser writes to the phone: after every form of hers the files of a real profile hold nothing she typed.

The forms come from the URL map: one that nobody sends here fails.
"""

import base64
import re
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import select

from clinic import clock
from clinic.db import writing
from clinic.directory import seeding
from clinic.directory.models import Location
from clinic.safety.pages import seeding as pages
from clinic.safety.trainings import seeding as trainings
from tests.alerts.conftest import cheap_argon2, on_duty
from tests.browser.conftest import Hands
from tests.browser.her_forms import FORMS, Walk, unsent
from tests.browser.phone import ARGS, free_port
from tests.conftest import Maker
from tests.desk.conftest import person
from tests.kits import supplies

__all__ = ["cheap_argon2"]

NUMBER, WORDS = "+77476543999", "brplntnotewords"
OTHERS = ("/staff", "/api", "/hooks")  # no forms of hers


@pytest.fixture
def whole_site(make_app: Maker, hands: Hands, serve: Callable[..., str]) -> str:
    """The address of a site on which every form of hers can be sent: tests to take home, classes, somebody on duty."""
    real, port = make_app.environ(), free_port()
    kept = {name: real[name] for name in ("KESHKI_DATABASE_URL", "KESHKI_KEYS")}
    away = f"http://localhost:{port}/offline"  # another host for the browser
    app = make_app.on({"KESHKI_DEMO": "1", "KESHKI_LIMITS": "off", "KESHKI_EXIT_URL": away, **kept})
    with writing() as s:
        seeding.load_demo(s, clock.now())
        pages.load(s, clock.today())
        trainings.load_demo(s, clock.now())
        supplies.build(s, on_hand=60)
        place = s.scalars(select(Location).where(Location.example)).first()
        assert place is not None
        person(s, "saule", "responder", place.id)
    on_duty()
    return serve(app, port)


def files_with(profile: Path, secret: str) -> list[str]:
    """The files that hold a secret: plain, as UTF-16, as a form writes it, or within what is compressed."""
    looks = [form.encode() for form in (secret, secret.replace("+", "%2B"), secret.replace(" ", "+"))]
    looks += [secret.replace(" ", "").encode(), secret.encode("utf-16-le"), secret.lstrip("+").encode()]
    looks += [base64.b64encode(secret.encode())[:-4]]
    found = []
    for path in profile.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            try:
                content += zlib.decompress(content)
            except zlib.error:
                pass
            if any(look in content for look in looks):
                found.append(str(path.relative_to(profile)))
    return found


def held(profile: Path, she: Walk) -> list[str]:
    """What was found: by which form it went, the secret, the files that hold it."""
    assert (profile / "Default" / "Sessions").exists(), "the browser has kept no tabs at all: nothing is shown by this"
    return [
        f"{rule}: {secret} in {files}"
        for rule, secrets in she.planted.items()
        for secret in secrets
        if (files := files_with(profile, secret))
    ]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@contextmanager
def phone(browser: Browser, profile: Path, site: str, script: bool) -> Iterator[BrowserContext]:
    """A normal profile, not a private one: what the browser keeps stays in its folder when it is closed."""
    options: Any = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": script, "base_url": site}
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=[*ARGS, "--headless=new"], **options
    )
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()


def test_the_looking_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "Session_1").write_bytes(b"x" + NUMBER.encode("utf-16-le"))
    (tmp_path / "f").write_bytes(zlib.compress(WORDS.encode()))
    assert files_with(tmp_path, NUMBER) == ["Session_1"]
    assert files_with(tmp_path, WORDS) == ["f"]


def test_no_form_of_hers_is_left_out(demo_app: Flask) -> None:
    rules = {
        rule.rule
        for rule in demo_app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(OTHERS)
    }
    assert rules == set(FORMS)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_no_secret_of_any_form_is_in_the_files_of_the_browser(
    browser: Browser, whole_site: str, profile: Path, script: bool
) -> None:
    with phone(browser, profile, whole_site, script) as context:
        she = Walk(context.new_page())
        for steps in FORMS.values():
            for step in steps:
                step(she)
        unsent(she)
        she.page.goto("/ru/p/1")
    found = held(profile, she)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("left", ["hidden", "cleared"])
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("rule", ["/at/<slug>/book", "/now"])
def test_who_hides_or_removes_it_all_leaves_no_word(
    browser: Browser, whole_site: str, profile: Path, script: bool, left: str, rule: str
) -> None:
    """The last page that answered a form is left by "Hide", or all is taken off the phone, and the tab is closed."""
    with phone(browser, profile, whole_site, script) as context:
        she = Walk(context.new_page())
        for step in FORMS[rule]:
            step(she)
        if left == "hidden":
            she.page.locator(".exit").click()
            expect(she.page).to_have_url(re.compile("//localhost"))
        else:
            she.page.goto("/ru/p/3")
            she.unfold()
            she.page.locator("form[action$='/p/3/clear'] button").click()
            expect(she.page.locator("h1")).to_have_text("Убрано")
    found = held(profile, she)
    assert not found, "\n".join(found)
