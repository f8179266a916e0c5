"""What she chose goes on through every link, form and button, up to the ticket and back to the list."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.directory import needs
from tests.site.conftest import words

CHOICE = {"near": "Алматы", "after": "18:00", "kind": "clinic", "spoken": "ru", "service": "4"}
STEPS = re.compile(r"^/ru/(near|wait|at/[a-z0-9]+(/book)?)$")

Step = tuple[str, str, list[tuple[str, str]]]  # method, path, fields


def fields(markup: str) -> list[tuple[str, str]]:
    """What a form sends by itself: hidden fields, text, what is ticked and selected."""
    found = [
        (m[1], unescape(m[2]))
        for m in re.finditer(r'<input(?: [^>]*?)? name="([a-z_]+)"(?: [^>]*?)?value="([^"]*)"[^>]*>', markup)
        if ('type="checkbox"' not in m[0] and 'type="radio"' not in m[0]) or " checked" in m[0]
    ]
    for select in re.finditer(r'<select[^>]* name="([a-z_]+)".*?</select>', markup, re.S):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected[^>]*>([^<]*)', select[0])
        found.append((select[1], "" if chosen is None else chosen[2] if chosen[1] is None else chosen[1]))
    return found


def steps(page: TestResponse) -> Iterator[Step]:
    """Every way from a page to the list, a place, its times or the line."""
    body = page.text[page.text.index("<main") : page.text.index("</main>")]
    for m in re.finditer(r'<a [^>]*href="([^"]+)"', body):
        to = urlsplit(unescape(m[1]))
        if STEPS.match(to.path):
            yield "get", to.path, parse_qsl(to.query)
    for m in re.finditer(r"<form\b([^>]*)>(.*?)</form>", body, re.S):
        action = unescape(re.search(r'action="([^"]+)"', m[1])[1])  # type: ignore[index]
        method = re.search(r'method="(\w+)"', m[1])[1]  # type: ignore[index]
        for address in [action, *map(unescape, re.findall(r'formaction="([^"]+)"', m[2]))]:
            path = urlsplit(address).path
            if STEPS.match(path):
                yield method, path, fields(m[2])


def what_changes(had: list[tuple[str, str]]) -> set[str]:
    """Names of the choice that a step lost or changed."""
    said = dict(had)
    return {name for name, value in CHOICE.items() if said.get(name) != value}


def opened(she: FlaskClient, step: Step) -> TestResponse:
    method, path, sent = step
    data = {name: [v for n, v in sent if n == name] for name, _value in sent}
    return she.get(path, query_string=data) if method == "get" else she.post(path, data=data, follow_redirects=True)


# What a step may change because that is what it is for: the chips of the list, and nothing else.
CHIPS = ({"service"}, {"after"}, {"near"})


@pytest.mark.parametrize("position", [False, True], ids=["by city", "by position"])
def test_every_step_keeps_what_she_chose(she: FlaskClient, position: bool) -> None:
    hers = {**CHOICE, "lat": "43.24", "lng": "76.93", "near": ""} if position else CHOICE
    wanted = set(CHOICE) - ({"near"} if position else set())
    listed = she.post("/ru/near", data=hers) if position else she.get("/ru/near", query_string=hers)
    seen = {"list": listed}
    first = next(step for step in steps(listed) if step[1].endswith("/book"))
    start = re.search(r'name="start" value="([^"]+)"', listed.text)
    assert start
    seen["confirm"] = opened(she, (first[0], first[1], [*first[2], ("start", start[1])]))
    seen["place"] = opened(she, next(step for step in steps(listed) if re.search(r"/at/[a-z0-9]+$", step[1])))
    seen["wait"] = opened(she, ("post" if position else "get", "/ru/wait", [*hers.items()]))
    for name, page in seen.items():
        assert page.status_code == 200, name
        found = list(steps(page))
        assert found, name
        for method, path, sent in found:
            lost = what_changes(sent) & wanted
            chip = name == "list" and path == "/ru/near" and lost in CHIPS
            at_once = name == "place" and path == "/ru/near" and lost == {"service"}
            assert not lost or chip or at_once, (name, method, path, lost, sent)
            anew = re.search(r'id="here"[^>]*>(.*?)</form>', page.text, re.S)  # asks for her position again
            assert method == "post", (name, path)  # no address says what she looks for
            if position and not (anew and sent == fields(anew[1])):
                assert dict(sent).get("lat") == "43.24", (name, path)
    assert re.search(r'value="4"[^>]* checked', seen["place"].text)


def test_back_from_the_confirm_page_shows_the_same_services_day_and_time(she: FlaskClient) -> None:
    listed = she.get("/ru/near", query_string={**CHOICE, "day": "2026-11-26"})
    first = next(step for step in steps(listed) if step[1].endswith("/book"))
    start = re.search(r'name="start" value="(2026-11-26[^"]+)"', listed.text)
    assert start
    confirm = opened(she, (first[0], first[1], [*first[2], ("start", start[1])]))
    back = opened(she, next(step for step in steps(confirm) if re.search(r"/at/[a-z0-9]+$", step[1])))
    assert re.search(rf'name="start" value="{start[1]}"[^>]* checked', back.text)
    assert re.search(r'value="4"[^>]* checked', back.text)
    to_list = opened(she, next(step for step in steps(back) if step[1] == "/ru/near"))
    assert "после 18:00" in words(to_list)


def test_every_time_of_every_list_says_what_it_books(she: FlaskClient, city: Flask) -> None:
    from clinic.db import reading
    from clinic.directory import catalogue

    with reading() as s:
        cat = catalogue.current(s)
    seen = 0
    for need in needs.read(cat):
        for service in need.services:
            page = she.get("/ru/near", query_string={"near": "Алматы", "service": service.number})
            assert page.status_code == 200
            for label in re.findall(r'name="start" value="[^"]+" aria-label="([^"]+)"', page.text):
                assert service.name.ru in unescape(label)
                seen += 1
            for card in re.findall(r'<li class="card">(.*?)</li>', page.text, re.S):
                if 'name="start"' in card:
                    assert service.name.ru in unescape(card)
    assert seen > 40
    usual = she.get("/ru/near?near=Алматы&after=18:00")
    assert "Құқық үйі" not in words(usual), "a lawyer's office is no place for a test"
    assert "Постамат" not in words(usual)


@pytest.mark.parametrize(("service", "most"), [("1", 3), ("4", 4)])
def test_a_test_tonight_is_three_taps_and_a_check_up_four(she: FlaskClient, service: str, most: int) -> None:
    """Home, then what leads on, each tap counted; the ticket is the answer to the last."""
    she.get("/ru/near?near=Алматы")
    taps = 1
    home = she.get("/ru/")
    tap = re.search(r'<a class="btn go main" href="([^"]+)"', home.text)
    assert tap
    page = she.get(unescape(tap[1]))
    if not re.search(rf'name="service" value="{service}"', page.text):
        taps += 1
        chip = next(step for step in steps(page) if step[1] == "/ru/near" and dict(step[2]).get("service") == service)
        page = opened(she, chip)
    taps += 1
    book = next(step for step in steps(page) if step[1].endswith("/book"))
    start = re.search(r'<button class="btn main" name="start" value="([^"]+)"', page.text)
    assert start
    confirm = opened(she, (book[0], book[1], [*book[2], ("start", start[1])]))
    taps += 1
    form = re.search(r'<form action="([^"]+)" method="post" class="stack"[^>]*>(.*?)</form>', confirm.text, re.S)
    assert form
    ticket = opened(she, ("post", unescape(form[1]), fields(form[2])))
    assert "Ваш номерок" in words(ticket)
    assert taps <= most


def test_none_chosen_shows_no_times_and_books_nothing(she: FlaskClient) -> None:
    listed = she.get("/ru/near", query_string=CHOICE)
    path = next(step[1] for step in steps(listed) if re.search(r"/at/[a-z0-9]+$", step[1]))
    page = she.get(f"{path}?picked=1&day=2026-11-25")
    assert page.status_code == 200
    assert "Выберите хотя бы" in words(page) or "хотя бы" in words(page)
    assert 'name="start"' not in page.text


def test_the_address_of_what_she_looks_for_says_nothing_and_a_reload_finds_it(she: FlaskClient) -> None:
    she.get("/ru/near?near=Алматы")
    to = she.post("/ru/near", data=CHOICE)
    assert (to.status_code, to.headers["Location"]) == (303, "/ru/near")
    for _again in range(2):
        listed = she.get("/ru/near")
        assert "после 18:00" in words(listed)
        assert 'name="service" value="4"' in listed.text
    place = next(step for step in steps(listed) if re.search(r"/at/[a-z0-9]+$", step[1]))
    to = she.post(place[1], data=dict(place[2]))
    assert (to.status_code, to.headers["Location"]) == (303, place[1])
    assert re.search(r'value="4"[^>]* checked', she.get(place[1]).text)
    line = she.post("/ru/wait", data=CHOICE)
    assert (line.status_code, line.headers["Location"]) == (303, "/ru/wait")
    assert re.search(r'value="4"[^>]* checked', she.get("/ru/wait").text)
    with she.session_transaction() as kept:
        assert not [value for value in kept.values() if re.search("18:00|Алматы|clinic", str(value))]


def test_what_she_looked_for_goes_with_hide_and_after_two_hours(she: FlaskClient, evening: object) -> None:
    she.get("/ru/near?near=Алматы")
    for gone in ("/ru/out", None):
        she.post("/ru/near", data=CHOICE)
        assert "после 18:00" in words(she.get("/ru/near", follow_redirects=True))
        if gone:
            she.get(gone)
        else:
            evening.shift(timedelta(hours=2, minutes=1))  # type: ignore[attr-defined]
        assert "после 18:00" not in words(she.get("/ru/near"))
        she.get("/ru/near?near=Алматы")


def test_without_cookies_with_a_script_or_a_code_the_page_itself_answers(city: Flask, she: FlaskClient) -> None:
    assert "после 18:00" in words(city.test_client(use_cookies=False).post("/ru/near", data=CHOICE))
    she.get("/ru/near?near=Алматы")
    assert "после 18:00" in words(she.post("/ru/near", data=CHOICE, headers={"Sec-Fetch-Mode": "cors"}))
    assert she.post("/ru/near", data={**CHOICE, "code": "ABCEH KMPTX Y2345"}).status_code == 200


def test_an_old_link_still_opens_what_it_says(she: FlaskClient) -> None:
    she.get("/ru/near?near=Алматы")
    she.post("/ru/near", data=CHOICE)
    assert "Астана" in words(she.get("/ru/near?near=Астана&service=1"))
