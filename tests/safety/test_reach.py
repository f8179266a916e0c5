"""What is spread says nothing: cards, posters, open posts, and what a messenger shows of a link."""

import re

import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient

from tests.desk.conftest import Desk, cheap_argon2, furnish
from tests.site.conftest import city, city_template, she, title, words
from tests.site.test_every_page import FORBIDDEN, PLAIN

__all__ = ["cheap_argon2", "city", "city_template", "she"]
PREVIEW = re.compile(r'<meta (?:property="(og:[a-z_:]+)"|name="(description)") content="([^"]*)">')
SAID = {
    "Кешкі", "Keshki", "Что открыто после работы: часы и запись", "Жұмыстан кейін не ашық: уақыты мен жазылу",
    "Open after work: hours and booking",
}  # fmt: skip


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_preview_of_every_page_is_the_same_and_says_nothing(she: FlaskClient, language: str) -> None:
    seen = set()
    for page in PLAIN:
        answer = she.get(f"/{language}{page}")
        found = PREVIEW.findall(answer.text)
        assert {name or other for name, other, _said in found} == {"og:title", "og:description", "description"}, page
        assert {said for *_names, said in found} <= SAID, page
        assert not FORBIDDEN.search(title(answer)), page
        seen.add(tuple(found))
    assert len(seen) == 1


@pytest.mark.usefixtures("evening")
def test_eight_cards_and_a_poster_lead_to_the_site_and_name_nothing(app: Flask) -> None:
    desk: Desk = furnish(app)
    keeper = desk.client("keeper")
    drawn = segno.make("http://localhost/", error="m", micro=False).svg_inline(omitsize=True, border=2, svgclass="qr")
    path = re.findall(r' d="([^"]+)"', drawn)[0]
    for sheet, times in (("cards", 8), ("poster", 1)):
        for language in ("kk", "ru", "en"):
            page = keeper.get(f"/staff/reach/{sheet}?words={language}")
            assert page.text.count(path) == times
            printed = re.findall(r'<(?:ul class="cards"|section class="poster").*', page.text, re.S)[0]
            assert not FORBIDDEN.search(re.sub(r"<svg.*?</svg>", "", printed))
            assert not re.search(r"\sstyle=|<style", page.text)
        assert keeper.get(f"/staff/reach/{sheet}?words=xx").status_code == 404
    posts = keeper.get("/ru/staff/reach")
    opened = re.findall(r'<textarea[^>]*id="open-\w+"[^>]*>([^<]+)', posts.text)
    assert len(opened) == 3
    assert all("http://localhost/" in text and not FORBIDDEN.search(text) for text in opened)
    assert "юрист" in words(posts)
