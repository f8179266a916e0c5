"""Help and rights pages: small, neutral outside, whole without script and style, shown only when checked."""

import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from clinic.db import Text3, db, reading, writing
from clinic.directory import catalogue, importing
from clinic.directory.models import Location, LocationService, Service
from clinic.safety import help_numbers
from clinic.safety.pages import finding, markup, neutral, seeding, shown, views
from clinic.safety.pages.models import LANGUAGES, SECTIONS, PageVersion
from tests.site.conftest import city, city_template, she, title, words
from tests.site.test_every_page import FORBIDDEN, MOST_BYTES, sizes

__all__ = ["city", "city_template", "she"]

TODAY = date(2026, 11, 24)
FIXED = ("/p/1", "/p/2", "/p/3", "/p/find")


def addresses(s=None) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
    """(site's language, path) of every public page in every language it speaks."""
    found = [(language, path) for language in ("kk", "ru", "en") for path in FIXED]
    for page in shown.all_of(db.session(), [one for one in SECTIONS if one != "staff"]):
        if page.language in ("kk", "ru", "en"):
            found.append((page.language, f"/p/{page.number}"))
        else:
            found.append(("ru", f"/p/{page.number}/{page.language}"))
    return found


def test_every_help_and_rights_page_is_at_most_10_kb_as_sent(city: Flask, she: FlaskClient) -> None:
    pages = addresses()
    assert len(pages) >= 24
    for language, path in pages:
        found = sizes(she, f"/{language}{path}")
        assert sum(found.values()) <= MOST_BYTES, found


def test_titles_headings_and_addresses_tell_nothing(city: Flask, she: FlaskClient) -> None:
    for language, path in addresses():
        answer = she.get(f"/{language}{path}")
        assert answer.status_code == 200, path
        headings = re.findall(r"<h[12][^>]*>(.*?)</h[12]>|<summary>(.*?)</summary>", answer.text)
        headings += [(button, "") for button in re.findall(r'<a class="btn[^"]*"[^>]*>(.*?)</a>', answer.text, re.S)]
        links = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
        for seen in (title(answer), *("".join(pair) for pair in headings), *links):
            assert not FORBIDDEN.search(seen), (path, seen)
            assert not neutral.telling(seen), (path, seen)


def test_a_page_reads_whole_without_script_and_style(city: Flask, she: FlaskClient) -> None:
    for page in shown.all_of(db.session(), ("rights", "help", "health")):
        own = page.language in ("kk", "ru", "en")
        path = f"/{page.language}/p/{page.number}" if own else f"/ru/p/{page.number}/{page.language}"
        said = words(she.get(path))
        assert page.heading in said
        for line in re.findall(r"[^\s>*\[\]()#-]{5,}", markup.plain(page.text)):
            assert line in said, (path, line)


def test_what_is_said_aloud_stands_in_kazakh_and_russian(city: Flask) -> None:
    for page in shown.all_of(db.session(), ("rights",)):
        spoken = re.findall(r"^> (kk|ru): \S", page.text, re.M)
        assert set(spoken) == {"kk", "ru"} or page.number in (18, 19), page.number


def test_every_page_stands_in_all_three_languages_and_links_lead_somewhere(city: Flask, she: FlaskClient) -> None:
    by_number: dict[int, set[str]] = {}
    for page in shown.all_of(db.session(), SECTIONS):
        by_number.setdefault(page.number, set()).add(page.language)
        for address in re.findall(r"\]\((/[^)]*)\)", page.text):
            there = she.get(f"/ru{address}")
            door = address.startswith("/staff") and there.status_code == 303
            assert there.status_code == 200 or door, (page.number, page.language, address)
    for number, languages in by_number.items():
        assert languages >= {"kk", "ru", "en"} or languages == {"uz", "uz-cyrl"}, (number, languages)


def test_outside_the_demo_only_what_a_person_has_checked_is_shown(app: Flask) -> None:
    with writing() as s:
        assert seeding.load(s, TODAY) >= 20
        assert seeding.load(s, TODAY) == 0
    client = app.test_client()
    assert client.get("/ru/p/10").status_code == 404
    assert "/p/10" not in client.get("/ru/p/2").text
    assert 'href="tel:111"' in client.get("/ru/p/2").text  # who gives advice meanwhile
    assert client.get("/ru/p/1").status_code == 200
    add(10, "ru", "checked", "Проверенный текст")
    assert "Проверенный текст" in client.get("/ru/p/10").text
    assert 'class="draft"' not in client.get("/ru/p/10").text
    add(10, "ru", "draft", "Новый набросок")
    assert "Проверенный текст" in client.get("/ru/p/10").text
    add(10, "ru", "withdrawn", "Новый набросок")
    assert client.get("/ru/p/10").status_code == 404


def add(number: int, language: str, state: str, text: str) -> None:
    with writing() as s:
        mine = select(PageVersion.n).where(PageVersion.page == number, PageVersion.language == language)
        n = len(s.scalars(mine).all())
        checked = state == "checked"
        s.add(
            PageVersion(page=number, language=language, n=n + 1, state=state, heading="Остановила полиция", text=text,
                        reviewed_on=TODAY if checked else None, reviewed_by="Дана С., юрист" if checked else "",
                        saved_on=TODAY, saved_by="chief")
        )  # fmt: skip


def test_the_demo_shows_an_unchecked_text_under_a_banner(city: Flask, she: FlaskClient) -> None:
    page = she.get("/ru/p/10").text
    assert page.index('class="draft"') < page.index("<blockquote")
    assert "Ещё не проверено юристом" in page


def test_guidance_for_staff_is_no_public_page(city: Flask, she: FlaskClient) -> None:
    for page in shown.all_of(db.session(), ("staff",)):
        assert she.get(f"/{page.language}/p/{page.number}").status_code == 404


def test_a_page_of_another_language_says_which_it_is(city: Flask, she: FlaskClient) -> None:
    assert '<article lang="uz-Cyrl">' in she.get("/ru/p/16/uz-cyrl").text
    assert "/ru/p/16/uz" in she.get("/ru/p/16").text
    assert "/kk/p/9/uz-cyrl" in she.get("/kk/").text
    assert she.get("/ru/p/10/uz").status_code == 404
    assert she.get("/ru/p/16/de").status_code == 404


SEARCHES = [
    ("полиция", 10), ("палиция", 10), ("POLICIYA остановила", 10), ("полицейские", 10), ("мент", 10),
    ("взятка", 11), ("вымагают дениги", 11), ("отдел протокол", 12), ("нет паспорта", 16), ("dokument joq", 16),
    ("құжат", 16), ("паспорт жок", 16), ("no papers visa", 16), ("hujjat", 16), ("ҳужжат", 16), ("bribe", 11),
    ("скорая", 1), ("жедел жардем", 1), ("ambulence", 1), ("история браузера", 3), ("не хочу жить", 5), ("pep", 8),
    ("изнасилование", 7), ("шантаж фото", 14), ("вебкам", 19), ("хозяин выгоняет", 17), ("zorlyk", 7),
]  # fmt: skip


def test_the_search_forgives_mistakes_in_any_script(city: Flask) -> None:
    pages = (*views.fixed(), *shown.all_of(db.session(), ("rights", "help", "health")))
    for typed, number in SEARCHES:
        found = finding.find(pages, typed, "ru")
        assert number in [page.number for page in found[:3]], (typed, [(p.number, p.heading) for p in found])


def test_a_search_leaves_no_trace(city: Flask, she: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = she.post("/ru/p/find", data={"q": "полиция"})
    assert "/ru/p/10" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "полиция" not in title(answer)
    assert "полиция" not in caplog.text
    assert she.get("/ru/p/find?q=полиция").text.count("/ru/p/10") == 0  # an address with a word does nothing
    assert "Об этом ничего не нашли" in words(she.post("/ru/p/find", data={"q": "ццццц"}))
    for odd in ("\x00", "💃" * 500, "<script>alert(1)</script>", "%s%n", "\u202e", " ", "9" * 60_000, "и"):
        assert she.post("/kk/p/find", data={"q": odd}).status_code == 200
        assert "<script>alert" not in she.post("/kk/p/find", data={"q": odd}).text


def test_help_numbers_say_hours_cost_and_what_becomes_of_what_she_says(city: Flask, she: FlaskClient) -> None:
    for language in ("kk", "ru", "en"):
        page = words(she.get(f"/{language}/p/1"))
        for line in help_numbers.read():
            assert f"{line.note[language]}." in page
            if line.number in ("112", "102", "103", "111"):
                assert line.hours[language]
                assert f"{line.hours[language]}, {line.cost[language]}." in page
    assert words(she.get("/ru/p/1")).count("Ещё не проверено") == len(help_numbers.read())
    assert "передадут случай в полицию" in words(she.get("/ru/p/1"))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "<b onclick=x>a</b>", "![a](https://x.example/a.png)", "`<i>`",
        "[a]: javascript:x", "```\n<script>\n```", "&lt;script&gt;", "<https://x.example>",
    ],
)  # fmt: skip
def test_no_text_becomes_markup_of_its_own(text: str) -> None:
    drawn = markup.html(text, "/ru", lambda numbers: "")
    assert not re.search(r"<(?!/?(p|b|strong|em|h2|h3|ul|ol|li|a|blockquote|br|label|input|span)\b)[a-z]", drawn), drawn
    assert "onclick=x>" not in drawn
    assert "javascript" not in re.sub(r">[^<]*<", "><", drawn)


@pytest.mark.parametrize(
    "address", ["https://x.example", "//x.example", "javascript:alert(1)", "data:text/html,x", "/\\x", "mailto:a@b", ""]
)
def test_a_link_that_leads_away_is_refused(address: str, tmp_path: Path, app: Flask) -> None:
    text = f"[a]({address})" if address else "[a](<>)"
    assert markup.strange(text)
    assert 'href="#main"' in markup.html(text, "/ru", lambda numbers: "")
    (tmp_path / "50.ru.md").write_text(f"---\nsection: rights\nheading: А\n---\n{text}\n", encoding="utf-8")
    with pytest.raises(seeding.FileRefused, match=r"50\.ru\.md"), writing() as s:
        seeding.load(s, TODAY, tmp_path)


@pytest.mark.parametrize(
    "front",
    ["section: rights\nheading: Тест на ВИЧ", "section: law\nheading: А", "heading: А",
     "section: rights\nheading: А\nx: 1", "section: rights\nheading: А\nchecked_by: Дана",
     "section: [", "section: rights\nheading: А\nposition: x"],
)  # fmt: skip
def test_a_file_that_is_no_page_is_refused_by_name(front: str, tmp_path: Path, app: Flask) -> None:
    (tmp_path / "50.ru.md").write_text(f"---\n{front}\n---\nтекст\n", encoding="utf-8")
    with pytest.raises(seeding.FileRefused, match=r"50\.ru\.md"), writing() as s:
        seeding.load(s, TODAY, tmp_path)
    with reading() as s:
        assert s.scalars(select(PageVersion)).all() == []


def test_loading_again_keeps_what_a_person_has_edited(app: Flask) -> None:
    with writing() as s:
        seeding.load(s, TODAY)
    add(10, "ru", "draft", "Исправлено человеком")
    with writing() as s:
        assert seeding.load(s, TODAY) == 0


def test_a_check_grows_old(app: Flask) -> None:
    assert shown.overdue(None, TODAY)
    assert not shown.overdue(TODAY - timedelta(days=180), TODAY)
    assert shown.overdue(TODAY - timedelta(days=181), TODAY)


def test_pages_are_kept_only_on_her_tap_and_taken_off_again(city: Flask, she: FlaskClient) -> None:
    page = she.get("/kk/p/10").text
    kept = unescape(page.split("data-pages='")[1].split("'")[0])
    assert "/kk/p/10" in kept
    assert "/kk/p/1" in kept
    assert "/static/safety.css" in kept
    assert "/p/10" not in she.get("/sw.js").text  # nothing but the numbers is kept by itself
    answer = she.post("/ru/p/3/clear")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert she.get_cookie("s") is None
    assert set(LANGUAGES) > {"uz"}


def test_a_place_says_what_it_must_tell_the_police_or_that_it_has_not_said(city: Flask, she: FlaskClient) -> None:
    with writing() as s:
        place = s.scalars(
            select(Location)
            .join(LocationService, LocationService.location_id == Location.id)
            .join(Service, Service.id == LocationService.service_id)
            .where(Service.slug == "pills-now", Location.visibility == "open")
        ).first()
        assert place is not None
        slug = place.slug
    path = f"/ru/at/{slug}"
    assert "Письменно нам не сообщали" in words(she.get(path))
    with writing() as s:
        s.execute(
            update(Location)
            .where(Location.slug == slug)
            .values(must_tell=Text3("жарақатты", "о ранах", "wounds"), must_tell_on=TODAY)
        )
        catalogue.changed(s)
    assert "о ранах (сообщили письменно 24.11.2026)" in words(she.get(path))
    assert "жарақатты (жазбаша жауап берген күні: 24.11.2026)" in words(she.get(path.replace("/ru/", "/kk/")))
    with reading() as s:
        exported = importing.export_locations(s)
    with writing() as s:
        assert importing.import_locations(s, exported).changed == 0


def test_what_stays_in_the_phone_names_accounts_keyboard_watchers_and_every_mark_of_ours(client: FlaskClient) -> None:
    page = words(client.get("/ru/p/3"))
    for said in ("Google или Samsung", "Клавиатура", "семейного контроля", "приложения оператора", "что вы искали",
                 "Пока идёт сигнал о помощи"):  # fmt: skip
        assert said in page, said


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("муж бьёт", "Дома небезопасно"),
        ("побил муж", "Дома небезопасно"),
        ("бывший душит", "Дома небезопасно"),
        ("избил клиент", "Меня избили или заставили"),
        ("паническая атака", "Когда совсем тяжело"),
    ],
)
def test_who_is_beaten_at_home_finds_that_first_and_not_her_telephone(she: FlaskClient, typed: str, first: str) -> None:
    page = she.post("/ru/p/find", data={"q": typed}).text
    found = re.findall(r'<a class="btn full go"[^>]*><span>([^<]+)', page)
    assert found[0] == first


@pytest.mark.parametrize("typed", ["аборт", "zzqq", "муж бьёт"])
def test_whatever_she_searches_for_the_way_to_help_stands_under_it(she: FlaskClient, typed: str) -> None:
    page = she.post("/ru/p/find", data={"q": typed}).text
    assert 'href="tel:112"' in page
    assert 'href="/ru/now"' in page[page.index("<main") : page.index("</main>")]


def test_what_a_button_of_a_page_asks_for_stands_in_no_address() -> None:
    """The number of a service in an address would stay in her history, and say what she was looking for."""
    drawn = markup.html('[Где дают "сейчас"](/near?service=10&kind=ngo)\n\n[Дальше](/p/4)', "/ru", " ".join)
    assert '<form action="/ru/near" method="post">' in drawn
    assert '<input type="hidden" name="service" value="10"><input type="hidden" name="kind" value="ngo">' in drawn
    assert ">Где дают &#34;сейчас&#34;</button>" in drawn
    assert '<a href="/ru/p/4" class="btn full">Дальше</a>' in drawn
    for file in sorted(seeding.SEEDS.glob("*.md")):
        page = markup.html(file.read_text(encoding="utf-8"), "/ru", lambda numbers: " ".join(numbers))
        assert "?" not in "".join(re.findall(r'href="([^"]*)"', page)), file.name
