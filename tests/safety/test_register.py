"""What authorities asked for: written down for good, corrected by new entries, counted in public."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from time_machine import Traveller

from clinic import clock
from clinic.db import reading, writing
from clinic.safety.register import requests
from clinic.safety.register.models import DataRequest
from clinic.safety.register.requests import Entry, NotTheLast, Year
from tests import factories
from tests.desk.conftest import Desk, cheap_argon2, csrf, furnish
from tests.site.conftest import words

__all__ = ["cheap_argon2"]
pytestmark = pytest.mark.usefixtures("evening")


def an_entry(organization: int, **more: Any) -> Entry:
    today = clock.local(clock.now()).date()
    values: dict[str, Any] = {
        "organization_id": organization, "day": today, "authority": "District police", "basis": "Article 273, no. 5",
        "asked": "All visits of a week", "gave": "nothing", "given": "", "decided_by": "The board", "lawyer_on": today,
        "void": False, "corrects": None,
    }  # fmt: skip
    return Entry(**{**values, **more})


def vars_of(entry: Entry) -> dict[str, Any]:
    fields = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    return {**fields, "written_on": entry.day, "written_by": "chief"}


def written(entry: Entry) -> int:
    with writing() as s:
        return requests.write(s, entry, "chief", clock.now())


def figures() -> tuple[Year, ...]:
    with reading() as s:
        return requests.years(s, clock.today())


@pytest.fixture
def organization(app_on: Flask) -> int:
    with writing() as s:
        return factories.an_organization(s).id


def test_no_entry_is_changed_or_deleted(organization: int) -> None:
    written(an_entry(organization))
    for statement in ("UPDATE data_request SET gave = 'all'", "DELETE FROM data_request"):
        with pytest.raises(DatabaseError), writing() as s:
            s.execute(text(statement))
    with pytest.raises(IntegrityError), writing() as s:
        s.execute(insert(DataRequest).values({**vars_of(an_entry(organization)), "gave": "much"}))


def test_a_year_without_a_request_counts_zero_and_corrections_count_once(organization: int, evening: Traveller) -> None:
    assert figures() == (Year(2026, 0, 0, 0),)
    first = written(an_entry(organization))
    second = written(an_entry(organization, gave="part", given="A date", lawyer_on=None))
    assert figures() == (Year(2026, 2, 1, 1),)
    better = written(an_entry(organization, gave="all", given="Two dates", corrects=first))
    assert figures() == (Year(2026, 2, 2, 1),)
    for wrong in (first, 999):
        with pytest.raises(NotTheLast):
            written(an_entry(organization, corrects=wrong))
    written(an_entry(organization, void=True, corrects=second))
    evening.shift(timedelta(days=500))
    assert figures() == (Year(2028, 0, 0, 0), Year(2027, 0, 0, 0), Year(2026, 1, 1, 1))
    with reading() as s:
        assert [one.id for one in requests.of(s, [organization]) if one.corrected] == [second, first]
        assert requests.of(s, [organization + 1]) == ()
    assert better


FORM = {
    "day": "2026-11-24", "authority": "Следователь", "basis": "Статья 273", "asked": "Все записи за неделю",
    "gave": "nothing", "given": "", "decided_by": "Правление", "lawyer_on": "2026-11-24", "void": "", "corrects": "",
}  # fmt: skip


def test_a_coordinator_writes_corrects_and_prints_and_everybody_sees_the_count(app: Flask) -> None:
    desk: Desk = furnish(app)
    chief, she = desk.client("chief"), app.test_client()
    assert "0 запросов" in words(she.get("/ru/what-we-keep/asked"))
    assert 'href="/ru/what-we-keep/asked"' in she.get("/ru/what-we-keep").text
    url = "/staff/requests"
    page = chief.get(url).text
    organization = page.split('<select id="organization"')[1].split('value="')[1].split('"')[0]
    form = {**FORM, "organization": organization, "csrf_token": csrf(chief, url), "token": "t" * 22}
    for field, value in (
        ("asked", "Звонки с 8 701 555-01-42"), ("given", "ИИН 990101400123"), ("day", "2026-11-25"), ("gave", "part"),
        ("authority", ""), ("lawyer_on", "2027-01-01"), ("organization", "x"), ("corrects", "-1"),
    ):  # fmt: skip
        refused = chief.post(url, data={**form, field: value})
        assert refused.status_code == 422, (field, value)
        assert "Правление" in refused.text
    assert chief.post(url, data={**form, "organization": "99999"}).status_code == 404
    assert chief.post(url, data=form).status_code == chief.post(url, data=form).status_code == 303
    assert "1 запрос" in words(she.get("/ru/what-we-keep/asked"))
    for secret in ("Следователь", "273", "неделю"):
        assert secret not in she.get("/ru/what-we-keep/asked").text
    assert "Следователь" in chief.get(url + "?corrects=1").text
    assert chief.get(url + "?corrects=7").status_code == 404
    again = {**form, "token": "u" * 22, "corrects": "1", "void": "1"}
    assert chief.post(url, data=again).status_code == 303
    assert chief.post(url, data={**again, "token": "v" * 22}).status_code == 409
    assert "0 запросов" in words(she.get("/ru/what-we-keep/asked"))
    assert "исправлена позже" in words(chief.get(url + "/print"))
    assert words(chief.get("/staff/more")).count("Запросы органов") == 1


def test_the_register_of_another_organization_does_not_exist(app: Flask) -> None:
    desk: Desk = furnish(app)
    with writing() as s:
        other = factories.an_organization(s, "other").id
    written(an_entry(other, authority="Elsewhere"))
    chief = desk.client("chief")
    for url in ("/staff/requests", "/staff/requests/print"):
        assert "Elsewhere" not in chief.get(url).text
    client: FlaskClient = desk.client("gulnar")
    assert client.get("/staff/requests").status_code == 404
