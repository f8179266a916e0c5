"""Coordinators write pages: previewed, checked by a named person, kept as versions, brought back, taken off."""

import re
import time
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock
from clinic.audit import Audit
from clinic.db import reading, writing
from clinic.directory.models import Location
from clinic.safety.pages import editing, seeding
from clinic.safety.pages.editing import Check, Draft, Stale, Unfit
from clinic.safety.pages.models import Page, PageVersion
from tests.desk.conftest import Desk, cheap_argon2, csrf, desk, person

__all__ = ["cheap_argon2", "desk"]

TODAY = date(2026, 11, 24)
GOOD = {"heading": "Остановила полиция", "summary": "На улице", "text": "## Что делать\n\n> ru: Назовите причину.",
        "words": "менты", "sources": "КоАП, статья 14"}  # fmt: skip


@pytest.fixture
def chief(desk: Desk) -> FlaskClient:
    with writing() as s:
        s.add(Page(number=10, section="rights"))
    return desk.client("chief")


def send(client: FlaskClient, act: str, path: str = "/staff/pages/10/ru", **more: str):  # type: ignore[no-untyped-def]
    data = {"csrf_token": csrf(client, "/staff/pin"), "act": act, "base": "0", **GOOD, **more}
    return client.post(path, data=data, content_type="multipart/form-data")


def public(client: FlaskClient) -> str:
    answer = client.get("/ru/p/10")
    return answer.text if answer.status_code == 200 else ""


def test_a_text_goes_from_preview_to_draft_to_checked_to_taken_off_and_back(chief: FlaskClient, desk: Desk) -> None:
    she = desk.stranger()
    looked = send(chief, "preview")
    assert '<blockquote class="say">' in looked.text
    with reading() as s:
        assert s.scalars(select(PageVersion)).all() == []
    assert send(chief, "save").status_code == 303
    assert public(she) == ""  # nobody has checked it
    missing = send(chief, "check", base="1")
    assert missing.status_code == 422
    assert 'id="checked_by-e"' in missing.text
    assert send(chief, "check", base="1", checked_by="Дана С., юрист", checked_on="2026-11-25").status_code == 422
    done = send(chief, "check", base="1", checked_by="Дана С., юрист", checked_on="2026-11-24")
    assert done.status_code == 303
    assert "Проверено: 24.11.2026, Дана С., юрист" in public(she)
    assert send(chief, "save", base="2", text="Другое слово").status_code == 303
    assert "Назовите причину" in public(she)  # a draft changes nothing
    versions = chief.get("/staff/pages/10/ru/versions").text
    assert "Другое слово</ins>" in versions
    assert "&gt; ru: Назовите причину.</del>" in versions
    assert send(chief, "withdraw", base="3").status_code == 422, "it asks once"
    assert send(chief, "withdraw", base="3", sure="1").status_code == 303
    assert public(she) == ""
    token = csrf(chief, "/staff/pin")
    back = {"csrf_token": token, "n": "2", "base": "4"}
    assert chief.post("/staff/pages/10/ru/versions", data=back).status_code == 303
    assert public(she) == ""  # whoever brings it back has not checked it
    with reading() as s:
        found = s.execute(select(PageVersion.n, PageVersion.state).order_by(PageVersion.n)).all()
        deeds = set(s.scalars(select(Audit.verb).where(Audit.actor == "chief", Audit.verb.like("page%"))))
    assert [state for _n, state in found] == ["draft", "checked", "draft", "withdrawn", "draft"]
    assert deeds == {"page saved", "page checked", "page taken off", "page restored"}


def test_two_who_write_at_once_lose_nothing(chief: FlaskClient) -> None:
    assert send(chief, "save", text="Первый").status_code == 303
    late = send(chief, "save", text="Второй")
    assert late.status_code == 409
    assert "Второй" in late.text
    assert "<ins>+ Второй</ins>" in late.text
    assert "<del>− Первый</del>" in late.text
    token = csrf(chief, "/staff/pin")
    stale = {"csrf_token": token, "n": "1", "base": "7"}
    send(chief, "save", base="1", text="Второй")
    assert chief.post("/staff/pages/10/ru/versions", data=stale).status_code == 409
    assert send(chief, "save", base="2", text="Второй").status_code == 303  # the same again adds nothing
    with reading() as s:
        assert len(s.scalars(select(PageVersion)).all()) == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"heading": "Тест на ВИЧ"}, "heading"),
        ({"heading": "   "}, "heading"),
        ({"heading": "х" * 81}, "heading"),
        ({"text": "## ВИЧ"}, "text"),
        ({"text": "[Где начать PrEP](/near)"}, "text"),
        ({"text": "[a](https://x.example)"}, "text"),
        ({"text": "[a](javascript:alert(1))"}, "text"),
        ({"text": "а\x07"}, "text"),
        ({"text": " "}, "text"),
        ({"text": "х" * 10_001}, "text"),
        ({"text": " ".join(str(n * 7919) for n in range(1500))}, "text"),
        ({"words": "а\x00б"}, "words"),
        ({"checked_on": "2026-02-31"}, "checked_on"),
    ],
)
def test_what_can_not_be_a_page_is_answered_beside_the_field(
    chief: FlaskClient, more: dict[str, str], field: str
) -> None:
    answer = send(chief, "check", checked_by="Дана", **{"checked_on": "2026-11-24", **more})
    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    assert "Назовите причину" in answer.text or field == "text"
    assert 'href="javascript' not in answer.text
    with reading() as s:
        assert s.scalars(select(PageVersion)).all() == []


def test_a_page_is_begun_and_written_in_any_of_its_languages(chief: FlaskClient) -> None:
    answer = chief.post("/staff/pages", data={"csrf_token": csrf(chief, "/staff/pin"), "section": "lesson"})
    assert answer.headers["Location"].endswith("/staff/pages/100/ru")
    assert send(chief, "save", "/staff/pages/100/uz-cyrl", heading="Телефон").status_code == 303
    wrong = {"csrf_token": csrf(chief, "/staff/pin"), "section": "law"}
    assert chief.post("/staff/pages", data=wrong).status_code == 404
    for path in ("/staff/pages/99/ru", "/staff/pages/100/de", "/staff/pages/100/kk/versions"):
        assert chief.get(path).status_code == 404


def test_the_list_puts_first_what_waits_for_a_check(chief: FlaskClient, desk: Desk) -> None:
    now = clock.now()
    draft = Draft("А", "", "", "слово", "")
    with writing() as s:
        for number, on in ((11, date(2026, 11, 20)), (12, date(2026, 5, 1))):
            s.add(Page(number=number, section="rights"))
            s.flush()
            for language in ("kk", "ru", "en"):
                editing.save(s, number, language, draft, Check("Дана", on), 0, "chief", now)
        rows = {row.number: row for row in editing.overview(s, TODAY)}
    assert [cell.state for cell in rows[11].cells] == ["checked"] * 3 + ["missing"] * 2
    assert [cell.state for cell in rows[12].cells] == ["overdue"] * 3 + ["missing"] * 2
    assert next(iter(rows)) == 12
    page = chief.get("/ru/staff/pages").text
    assert "! 01.05.2026, проверить снова" in page
    assert page.index("<small>12,") < page.index("<small>11,")


def test_guidance_is_for_everybody_here_and_editing_for_coordinators(chief: FlaskClient, desk: Desk) -> None:
    with writing() as s:
        s.add(Page(number=30, section="staff"))
        s.flush()
        editing.save(s, 30, "ru", Draft("Что писать", "", "", "слово", ""), Check("Дана", TODAY), 0, "x", clock.now())
    reader = desk.client("keeper")
    assert "слово" in reader.get("/ru/staff/pages/30").text
    assert "/ru/staff/pages/30/ru" not in reader.get("/ru/staff/pages/30").text
    assert "<table" not in reader.get("/staff/pages").text
    assert reader.get("/staff/pages/30/ru").status_code == 404
    assert reader.get("/staff/pages/10").status_code == 404  # a right's page is read where all read it
    assert desk.stranger().get("/ru/p/30").status_code == 404


def test_the_functions_refuse_by_themselves(app: object, evening: object) -> None:
    now = clock.now()
    with writing() as s:
        seeding.load(s, TODAY)
        with pytest.raises(Unfit):
            editing.save(s, 10, "ru", Draft("ВИЧ", "", "", "а", ""), None, 1, "x", now)
        with pytest.raises(Stale):
            editing.save(s, 10, "ru", Draft("А", "", "", "а", ""), None, 0, "x", now)
        with pytest.raises(editing.BadCheck):
            editing.save(s, 10, "ru", Draft("А", "", "", "а", ""), Check("", TODAY), 1, "x", now)
        assert not editing.restore(s, 10, "ru", 9, 1, "x", now)
        assert editing.restore(s, 10, "ru", 1, 1, "x", now)


def test_a_long_text_is_compared_at_once(chief: FlaskClient) -> None:
    texts = ["\n".join(f"{n % 7}{word}" for n in range(1090)) for word in ("а", "б")]
    began = time.monotonic()
    for n, text in enumerate(texts):
        assert send(chief, "save", base=str(n), text=text).status_code == 303
    page = chief.get("/staff/pages/10/ru/versions")
    assert page.status_code == 200
    assert time.monotonic() - began < 20  # it took minutes
    twisted = [[f"{n}" for n in range(400)], [f"{n}" for n in reversed(range(400))]]
    assert len(editing.compare("\n".join(twisted[0]), "\n".join(twisted[1]))) == 799
    assert editing.compare("a\nb", "a\nc") == [(" ", "a"), ("-", "b"), ("+", "c")]
    assert editing.compare("a\nb", "a\nb") == [(" ", "a"), (" ", "b")]


def sides(page: str) -> list[tuple[str, ...]]:
    """The lines of the tables: what stands on the left, what on the right."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S)
    cells = [tuple(re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)) for row in rows]
    return [line for line in cells if line]


def test_any_two_versions_stand_beside_each_other(chief: FlaskClient) -> None:
    for n, (heading, text) in enumerate((("Первая", "раз\nдва\nтри"), ("Первая", "раз\n2\nтри"), ("Третья", "раз\n2"))):
        assert send(chief, "save", base=str(n), heading=heading, text=text).status_code == 303
    url = "/staff/pages/10/ru/versions"
    assert sides(chief.get(url).text) == [("− Первая", "+ Третья"), ("раз", "раз"), ("2", "2"), ("− три", "")]
    assert sides(chief.get(url + "?old=1&new=2").text) == [("раз", "раз"), ("− два", "+ 2"), ("три", "три")]
    assert sides(chief.get(url + "?old=2&new=1").text)[1] == ("− 2", "+ два")
    assert "В обеих одно и то же" in chief.get(url + "?old=3&new=3").text
    assert ("", "+ раз") in sides(chief.get(url + "?new=1").text), "before the first there was nothing"
    for bad in ("old=9", "new=0", "new=x", "old=%00", "new=" + "9" * 99):
        assert chief.get(f"{url}?{bad}").status_code == 404, bad
    many = [f"строка {n}" for n in range(200)]
    assert send(chief, "save", base="3", text="\n".join(many)).status_code == 303
    assert send(chief, "save", base="4", text="\n".join([*many[:90], "новая", *many[91:]])).status_code == 303
    long = sides(chief.get(url).text)
    assert ("− строка 90", "+ новая") in long
    assert len(long) == 7, "two lines before it, two after, and how many more there are"
    assert ("88 строк те же",) in long


def test_who_speaks_for_one_place_writes_drafts_and_releases_nothing(desk: Desk, chief: FlaskClient) -> None:
    with writing() as s:
        person(s, "local", "coordinator", desk.location_id)
        elsewhere = s.scalars(select(Location.id).where(Location.slug == desk.foreign_slug)).one()
        person(s, "elsewhere", "coordinator", elsewhere)
    local = desk.client("local")
    assert send(local, "save", base="0").status_code == 303
    for act in ("check", "withdraw"):
        refused = send(
            local, act, base="1", checked_by="Дана С., юрист", checked_on="2026-11-24", text="Другое", sure="1"
        )
        assert refused.status_code == 403
        assert "Другое" in refused.text  # what was typed stays
    assert 'value="check"' not in local.get("/staff/pages/10/ru").text, "no button that refuses"
    assert 'value="check"' in chief.get("/staff/pages/10/ru").text
    for reader in (
        local,
        chief,
        desk.client("elsewhere"),
    ):  # what belongs to all is seen by all, of other organizations too
        assert "страница сохранена" in reader.get("/staff/people/deeds").text
