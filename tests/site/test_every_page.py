"""What holds for every page: size, headers, titles, languages, nothing from elsewhere."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.booking import cities
from clinic.config import settings
from clinic.db import LANGUAGES, db
from clinic.directory import catalogue
from clinic.site import keep
from tests.site.conftest import Offered, book, code, hidden, title, words

PLAIN = ("/", "/p/1", "/now", "/watch", "/days", "/days/1", "/p/2", "/p/3", "/p/find", "/what-we-keep",
         "/what-we-keep/asked", "/offline", "/mine", "/near",
         "/near?near=Алматы&after=18:00", "/near?near=zzqqzz",
         "/wait?near=Алматы",
         "/near?service=10", "/near?day=2026-02-31", "/nowhere", "/problems/invalid", "/note")  # fmt: skip
MOST_BYTES = 10 * 1024
FORBIDDEN = re.compile(r"вич|hiv|аитв|ипп|жжжи|спид|sti\b|секс|sex|prep|сифилис|гепатит|клиник|clinic", re.IGNORECASE)


def sizes(she: FlaskClient, page: str) -> dict[str, int]:
    """Bytes of a first view as sent with br: the page and what it loads."""
    found = {page: len(she.get(page, headers={"Accept-Encoding": "br"}).data)}
    for address in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', she.get(page).text)):
        sent = she.get(unescape(address), headers={"Accept-Encoding": "br"})
        assert sent.headers["Content-Encoding"] == "br"
        found[address] = len(sent.data)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_view_of_every_page_is_at_most_10_kb(she: FlaskClient, offered: Offered, language: str) -> None:
    confirm = f"{offered.path}?service={offered.services[0]}&start={offered.value}"
    for page in (*PLAIN, offered.place, confirm):
        if she.get(f"/{language}{page}").status_code != 200:
            continue  # nobody begins with an error
        found = sizes(she, f"/{language}{page}")
        assert len(found) >= 4, found
        assert sum(found.values()) <= MOST_BYTES, found


def test_every_page_sends_the_strict_headers(she: FlaskClient, offered: Offered) -> None:
    for page in (*PLAIN, offered.place):
        headers = she.get(page).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "geolocation=(self)" in headers["Permissions-Policy"]
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers  # the demo has no https


def test_no_page_has_an_inline_style_or_script_or_an_address_elsewhere(she: FlaskClient, offered: Offered) -> None:
    answers = [she.get(page) for page in (*PLAIN, offered.place)]
    answers += [she.get(f"/ru{offered.path}", query_string=offered.fields), book(she, offered)]
    for answer in answers:
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)
        assert not re.findall(r"<script(?![^>]*\ssrc=)", answer.text)
        body = re.sub(r'<link rel="alternate"[^>]*>', "", answer.text)  # our own address, for search engines
        assert not re.findall(r'(?:href|src|action)="(?:https?:)?//', body)


def test_titles_and_addresses_say_nothing(she: FlaskClient, offered: Offered) -> None:
    ticket = book(she, offered)
    pages = {f"/{code_}{page}": she.get(f"/{code_}{page}") for code_ in LANGUAGES for page in (*PLAIN, offered.place)}
    pages["ticket"] = ticket
    pages["mine"] = she.post("/ru/mine", data={"code": code(ticket)})
    for address, answer in pages.items():
        assert not FORBIDDEN.search(title(answer)), (address, title(answer))
        for link in re.findall(r'(?:href|action)="([^"]*)"', answer.text):
            assert not FORBIDDEN.search(link), (address, link)


def test_every_page_has_one_h1_and_its_language(she: FlaskClient, offered: Offered) -> None:
    for language in LANGUAGES:
        for page in (*PLAIN, offered.place):
            answer = she.get(f"/{language}{page}")
            assert answer.text.count("<h1") == 1, (language, page)
            assert f'<html lang="{language}">' in answer.text
            assert answer.headers["Content-Language"] == language


def test_error_titles_say_that_they_are_errors(she: FlaskClient) -> None:
    assert title(she.get("/ru/nowhere")).startswith("Ошибка:")
    assert title(she.get("/kk/near?day=2026-02-31")).startswith("Қате:")
    assert title(she.get("/en/nowhere")).startswith("Error:")


def test_personal_pages_are_kept_nowhere_and_found_by_nobody(she: FlaskClient, offered: Offered) -> None:
    for answer in (she.get("/mine"), book(she, offered), she.get("/out"), she.post("/near", data={"near": "Алматы"})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in she.get("/p/1").headers


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("kk-KZ,kk;q=0.9", "kk"), ("en-GB", "en"), ("de", "ru"), ("", "ru"), ("xx-%00-ÿ;q=nan", "ru")],
)
def test_the_bare_address_follows_the_browser(she: FlaskClient, accepted: str, language: str) -> None:
    answer = she.get("/", headers={"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == language


def test_the_bare_address_follows_her_choice_before_the_browser(she: FlaskClient) -> None:
    she.get("/kk/")
    assert she.get("/", headers={"Accept-Language": "en"}).headers["Content-Language"] == "kk"


def test_a_cookie_with_an_unknown_language_is_no_error(city: Flask, she: FlaskClient) -> None:
    with she.session_transaction() as session:
        session["language"] = "kk-KZ; drop"
    assert she.get("/").headers["Content-Language"] == "ru"


def test_links_keep_the_language_and_files_stay_at_the_root(she: FlaskClient) -> None:
    answer = she.get("/kk/near?near=Алматы")
    page = answer.text
    inside = re.findall(r'(?:href|action)="(/[^"]*)"', page)
    for link in inside:
        assert link.startswith(("/kk/", "/static/", "/ru/", "/en/")), link
    assert she.get("/kk/static/keshki.css").status_code == 404
    assert "Path=/;" in answer.headers["Set-Cookie"] + ";"


def test_the_switch_of_languages_leads_to_the_same_page(she: FlaskClient) -> None:
    page = she.get("/ru/near?near=Астана&after=18:00").text
    link = re.search(r'href="(/kk/near\?[^"]+)"', page)
    assert link
    assert "Астана" in words(she.get(unescape(link[1])))


def test_every_declared_thing_stands_on_what_we_keep(city: Flask, she: FlaskClient) -> None:
    page = words(she.get("/en/what-we-keep"))
    rows = keep.rows(db.metadata)
    assert len(rows) > 10
    with city.test_request_context(
        "/what-we-keep", base_url="http://localhost", environ_overrides={"keshki.language": "en"}
    ):
        for row in rows:
            assert str(row.name) in page
            assert str(row.sentence) in page


def test_an_undeclared_thing_makes_what_we_keep_fail(monkeypatch: pytest.MonkeyPatch, city: Flask) -> None:
    monkeypatch.delitem(keep.REASONS, "phone")
    with pytest.raises(KeyError, match="phone"):
        keep.rows(db.metadata)


def test_robots_sitemap_and_security(she: FlaskClient, city: Flask) -> None:
    robots = she.get("/robots.txt").text
    assert "Disallow: /near?" in robots
    assert "/mine" not in robots
    sitemap = she.get("/sitemap.xml").text
    hidden_places = [p for p in catalogue.current(db.session()).locations.values() if p.visibility != "open"]
    assert hidden_places
    assert not any(place.slug in sitemap for place in hidden_places)
    assert sitemap.count("<loc>") % 3 == 0
    assert she.get("/.well-known/security.txt").status_code == 404  # nobody is named


def test_pages_that_may_be_found_name_their_other_languages(she: FlaskClient, offered: Offered) -> None:
    for page in ("/", "/p/1", "/what-we-keep", offered.place):
        found = dict(
            re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', she.get(f"/kk{page}").text)
        )
        assert found == {
            "x-default": f"http://localhost{page}",
            **{code_: f"http://localhost/{code_}{page}" for code_ in LANGUAGES},
        }
    assert 'hreflang="x-default"' not in she.get("/kk/mine").text


def test_quick_exit_leads_away_and_takes_the_cookie_along(she: FlaskClient) -> None:
    she.get("/ru/near?near=Алматы")
    away = she.get("/ru/out")
    assert away.status_code == 302
    assert away.headers["Location"] == settings().exit_url
    assert she.get_cookie("s") is None


def test_the_machine_is_healthy_and_ready(she: FlaskClient) -> None:
    assert she.get("/healthz").text == "ok\n"
    assert she.get("/readyz").text == "ready\n"
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in she.get(path).headers


def test_a_page_of_another_site_cannot_send_our_forms(she: FlaskClient, offered: Offered) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert she.post("/ru/mine", data={"code": "x"}, headers=headers).status_code == 403
    fine = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert she.post("/ru/mine", data={"code": "x"}, headers=fine).status_code == 400


def test_cities_are_those_that_have_places(city: Flask) -> None:
    cat = catalogue.current(db.session())
    found = [place.name.en for place in cities.cities(cat)]
    assert found[0] == "Almaty"
    assert len(found) == len(set(found))


def test_the_position_goes_by_post_and_stays_out_of_every_address(she: FlaskClient) -> None:
    answer = she.post("/ru/near", data={"lat": "43.238949", "lng": "76.889709"})
    assert answer.status_code == 200
    assert hidden(answer, "lat")[-1] == "43.24"
    assert "43.2" not in "".join(re.findall(r'(?:href|action)="([^"]*)"', answer.text))
    with she.session_transaction() as session:
        assert "43.2" not in str(dict(session))


@pytest.mark.parametrize("place", [("76.945", "43.238"), ("40.4", "49.87"), ("nan", "inf"), ("43.238", "")])
def test_case_23_a_position_swapped_or_far_away_is_answered_in_words(she: FlaskClient, place: tuple[str, str]) -> None:
    answer = she.post("/ru/near", data={"lat": place[0], "lng": place[1]})
    assert answer.status_code == 400
    assert 'id="near"' in answer.text
    assert re.search(r"Рядом с этой точкой|Это не похоже на координаты", words(answer))


def test_case_23_after_a_town_is_typed_distances_count_from_it(she: FlaskClient) -> None:
    page = she.post("/ru/near", data={"near": "Шымкент"}, follow_redirects=True)
    assert "Шымкент" in words(page)
    first = re.search(r"(\d+(?:,\d)?) км", words(page))
    assert first is None or float(first[1].replace(",", ".")) < 40
