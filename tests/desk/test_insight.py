"""Visits in figures: only the tally, only whole weeks, only her own places; a file that calculates nothing."""

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from clinic import clock
from clinic.booking import tally, tickets
from clinic.booking.models import Appointment, Offered, Tally, Unmet
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, PlaceName, Service
from tests import factories
from tests.desk.conftest import Desk, csrf, post

WEEK = date(2026, 11, 9)
THURSDAY = clock.at(WEEK + timedelta(days=3), 20 * 60)


@pytest.fixture
def counted(desk: Desk) -> Desk:
    """A week of figures for the place, some for another organization's, and searches in the town of both."""
    with writing() as s:
        s.add(
            PlaceName(
                key="almaty", kind="city", name=Text3("Алматы", "Алматы", "Almaty"), within="", other_names="",
                lat=43.2, lng=76.9, weight=1,
            )
        )  # fmt: skip
        catalogue.changed(s)
        other = catalogue.current(s).by_slug[desk.foreign_slug].id
        keys = {what: tally.key(desk.location_id, THURSDAY, what) for what in ("done", "missed", "late", "lead_1d")}
        keys["evening"] = (desk.location_id, WEEK, 0, tally.evening_of(3))
        numbers = {"done": 85, "missed": 10, "late": 15, "lead_1d": 45, "evening": 95}
        tally.add(s, Counter({keys[what]: n for what, n in numbers.items()}))
        tally.add(s, Counter({tally.key(other, THURSDAY, "done"): 775}))
        s.add(Offered(location_id=desk.location_id, day=WEEK + timedelta(days=3), hour=20, n=100))
        s.add(Unmet(area="almaty", week=WEEK, part="evening", n=120))
        s.add(Unmet(area="almaty", week=date(2026, 11, 23), part="evening", n=995))  # the running week
    return desk


def cells(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:]), delimiter=","))


def test_page_and_file_say_the_same_and_the_page_begins_with_the_need(counted: Desk) -> None:
    chief = counted.client("chief")
    page = chief.get("/en/staff/insight").text
    head, *rows = cells(chief.get("/en/staff/insight/weeks.csv").text)
    week = dict(zip(head, next(row for row in rows if row[1] == WEEK.isoformat()), strict=True))
    assert (week["Offered"], week["Booked"], week["Came"], week["Of them late"]) == ("100", "95", "85", "15")
    assert (week["Did not come"], week["Without booking"]) == ("10", "0")
    for number in ("100", "95", "85", "15", "45"):
        assert f'<td class="num">{number}</td>' in page
    first = re.sub(r"<[^>]+>", " ", page[page.index("<h2>") :])[:600]
    assert "About 120 searches near here found no free evening time." in first
    assert "Evenings are about 95\u00a0% full. The fullest: Thursday." in first
    assert "visits, not people" in page
    assert page.count('viewBox="0 0 640 200"') == 2
    searches = cells(chief.get("/en/staff/insight/searches.csv").text)
    assert ["Almaty", WEEK.isoformat(), "120", "0"] in searches
    assert "995" not in page + str(searches)


def test_all_places_are_a_table_of_sums_and_one_place_over_a_chosen_time_is_a_page(counted: Desk) -> None:
    with writing() as s:
        services = (s.get_one(Service, counted.service_id),)
        more = factories.a_location(s, "Mira", services=services)
        factories.a_room(s, more, services, "1")
        older = WEEK - timedelta(weeks=20)
        for week, n in ((WEEK, 40), (older, 1000)):
            tally.add(s, Counter({(more.id, week, 20, "done"): n}))
        s.add(Offered(location_id=more.id, day=WEEK + timedelta(days=4), hour=20, n=22))
        tally.add(s, Counter({(more.id, WEEK, 0, tally.evening_of(4)): 30}))
        catalogue.changed(s)
        number = more.id
    chief = counted.client("chief")

    def line(page: str, name: str) -> list[str]:
        found = re.search(rf'<th scope="row">(?:<a[^>]*>)?{name}.*?</tr>', page, re.S)
        assert found, name
        return re.findall(r'class="num">(\d+)<', found[0])

    page = chief.get("/en/staff/insight").text
    assert page.count("<svg") == 1, "no drawing of a place: the logo alone"
    assert line(page, "Saya")[:3] == ["100", "95", "85"]
    assert line(page, "Mira")[:3] == ["22", "40", "40"]
    assert line(page, "Together")[:3] == ["122", "135", "125"]
    assert line(chief.get("/en/staff/insight?weeks=26").text, "Together")[2] == "1125"
    one = chief.get(f"/en/staff/insight?place={number}&weeks=4").text
    assert line(one, "Together")[:3] == ["22", "40", "40"]
    assert line(one, "Friday") == ["22", "30"]
    assert "too few to say" in one, "thirty of twenty-two is no share"
    assert "full" not in one.split('<th scope="row">Friday')[1].split("</tr>")[0]
    rows = cells(chief.get(f"/en/staff/insight/weeks.csv?place={number}&weeks=4").text)
    assert (len(rows), {row[0] for row in rows[1:]}) == (5, {"Mira"})
    with reading() as s:
        foreign = catalogue.current(s).by_slug[counted.foreign_slug].id
    for bad in (f"place={foreign}", "place=x", "weeks=5", "weeks=0", "place=99999999999"):
        for url in ("/en/staff/insight", "/en/staff/insight/weeks.csv", "/en/staff/insight/searches.csv"):
            assert chief.get(f"{url}?{bad}").status_code == 404, bad


def test_another_organization_and_other_roles_see_nothing_of_it(counted: Desk) -> None:
    chief = counted.client("chief")
    for url in ("/en/staff/insight", "/en/staff/insight/weeks.csv"):
        assert "775" not in chief.get(url).text
        assert "Dala" not in chief.get(url).text
        for login in ("gulnar", "aigul", "keeper", "dala"):
            assert counted.client(login).get(url).status_code == 404


def test_a_place_whose_name_is_a_formula_is_text_in_the_file(counted: Desk) -> None:
    with writing() as s:
        s.get_one(Location, counted.location_id).name = Text3("=1+1", "=1+1", "=HYPERLINK(1)")
        catalogue.changed(s)
    rows = cells(counted.client("chief").get("/en/staff/insight/weeks.csv").text)
    assert {row[0] for row in rows[1:]} == {"'=HYPERLINK(1)"}


def test_no_number_is_another_than_a_sum_of_fives(counted: Desk) -> None:
    """But what was offered: that is worked out from the hours, whatever was booked."""
    head, *rows = cells(counted.client("chief").get("/en/staff/insight/weeks.csv").text)
    assert all(int(n) % tally.STEP == 0 for row in rows for name, n in zip(head, row, strict=True) if name in head[3:])


def test_first_time_this_year_is_counted_once_a_number_beside_no_visit_and_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "coin", lambda: True)
    ticket, client = desk.woman(0), desk.client()
    with reading() as s:
        before = s.execute(select(Appointment)).scalar_one().__dict__
        letter = min(tickets.letters(before["noun"]))
    found = post(client, desk.url(), "/find", {"q": f"{ticket}{letter}"}).text
    form = re.search(r'/first-time">.*?name="token" value="([^"]+)"', found, re.S)
    assert form
    sent = {"csrf_token": csrf(client, desk.url()), "token": form[1]}
    for words in ("Впервые в этом году: посчитано.", "По этому номеру уже посчитано."):
        answer = client.post(f"/staff/roster/{desk.slug}/first-time", data=sent)
        assert words in answer.text
    again = post(client, desk.url(), "/find", {"q": f"{ticket}{letter}"}).text
    assert form[1] in again, "the same number counts once, on whichever page"
    with reading() as s:
        assert s.scalar(select(func.sum(Tally.n)).where(Tally.what == tally.FIRST)) == 5
        after = s.execute(select(Appointment)).scalar_one().__dict__
    assert {k: v for k, v in before.items() if k[0] != "_"} == {k: v for k, v in after.items() if k[0] != "_"}
    for _ in range(2):
        answer = client.post(f"/staff/roster/{desk.slug}/first-time", data={**sent, "act": "undo"})
        assert "не посчитано" in answer.text
        with reading() as s:
            assert s.scalar(select(func.sum(Tally.n)).where(Tally.what == tally.FIRST)) == 0, "taken back once"
