"""What "tonight" and "near me" mean to her, at any hour and after she changed her mind."""

import re
from datetime import timedelta

import time_machine
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.db import writing
from tests.site.conftest import Offered, book, code, hidden, words


def test_after_midnight_the_first_button_leads_to_what_is_left_of_the_night(
    she: FlaskClient, evening: time_machine.Traveller
) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    evening.move_to(clock.at(tomorrow, 30))
    home = she.get("/ru/?near=Алматы")
    counted = re.search(r"запись в (\d+) мест\w+, ближайшее время (\d+):(\d\d)", words(home))
    assert counted, words(home)
    assert int(counted[2]) < 6
    tap = re.search(r'<a class="btn go main" href="([^"]+)"', home.text)
    assert tap
    listed = she.get(tap[1].replace("&amp;", "&"))
    times = re.findall(r'name="start" value="([^"]+)"', listed.text)
    assert f"{tomorrow}T{int(counted[2]):02}:{counted[3]}" in times


def test_the_first_button_counts_what_its_list_shows(she: FlaskClient) -> None:
    home = she.get("/ru/?near=Алматы")
    counted = re.search(r"запись в (\d+) мест\w+, ближайшее время (\d+:\d\d)", words(home))
    assert counted, words(home)
    offered = Offered(she)
    listed = words(she.get("/ru/near?near=Алматы&after=18:00&limit=20"))
    assert f"свободно в {counted[1]} мест" in listed
    assert counted[2] in listed
    assert clock.local(offered.start).hour >= 18


def test_filters_keep_her_position_until_she_types_a_place(she: FlaskClient) -> None:
    listed = she.post("/ru/near", data={"lat": "43.24", "lng": "76.89"})
    form = re.search(r'<form class="find".*?</form>', listed.text, re.S)
    assert form
    assert 'method="post"' in form[0]
    assert dict(re.findall(r'name="(lat|lng)" value="([^"]+)"', form[0])) == {"lat": "43.24", "lng": "76.89"}
    narrowed = she.post("/ru/near", data={"lat": "43.24", "lng": "76.89", "near": "", "kind": "ngo"})
    assert "Рядом с вами" in words(narrowed)
    elsewhere = she.post("/ru/near", data={"lat": "43.24", "lng": "76.89", "near": "Астана"})
    assert "Астана, считаем от центра, сегодня" in words(elsewhere)


def test_looking_under_a_code_waits_for_no_writer(city: Flask, she: FlaskClient, offered: Offered) -> None:
    ticket = book(she, offered)
    with writing():
        shown = she.post("/ru/mine", data={"code": code(ticket), "act": "open"})
        assert shown.status_code == 200
        visit = hidden(shown, "visit")[0]
        times = she.post("/ru/mine", data={"code": code(ticket), "act": "times", "visit": visit})
        assert times.status_code == 200
