"""A signal that waits is seen on every page of whoever is on duty, and nothing of it on the covered screen."""

import time_machine
from flask import Flask

from clinic.safety.alerts.told import Told
from tests.alerts.conftest import fired, on_duty, take
from tests.desk.conftest import PASSWORD, csrf, sign_in

POLL = {"Keshki-Poll": "1"}


def test_who_is_on_duty_sees_on_every_page_that_one_waits(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty("saule")
    they, others = chain.test_client(), chain.test_client()
    sign_in(they, "saule", PASSWORD)
    sign_in(others, "aizhan", PASSWORD)
    assert they.get("/staff/lock/duty", headers=POLL).get_json()["count"] == 0
    rid = fired(travel, Told(where="у вокзала"))
    for page in ("/staff/duty", "/staff/me", "/staff/pages"):
        assert "Зовут на помощь (1)" in they.get(page).text
        assert "duty.js" in they.get(page).text
        assert "duty.js" not in others.get(page).text
    rung = they.get("/staff/lock/duty", headers=POLL).get_json()
    assert (rung["count"], rung["words"], rung["link"]) == (1, "Ждёт 1 сигнал", "/staff/alerts")
    assert others.get("/staff/lock/duty", headers=POLL).status_code == 204
    assert chain.test_client().get("/staff/lock/duty").status_code == 204
    take(rid)
    assert "Зовут на помощь (1)" not in they.get("/staff/me").text


def test_the_covered_screen_says_that_one_waits_and_nothing_of_it(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty("saule")
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    they.post("/staff/pin", data={"csrf_token": csrf(they, "/staff/pin"), "pin": "4821", "again": "4821"})
    they.get("/staff/lock")
    rid = fired(travel, Told(where="у вокзала"))
    covered = they.get("/staff/lock").text
    assert "Ждёт 1 сигнал" in covered
    assert "у вокзала" not in covered
    assert rid.hex() not in covered
    rung = they.get("/staff/lock/duty", headers=POLL).get_json()
    assert (rung["words"], rung["link"]) == ("Ждёт 1 сигнал", "")  # nothing opens from there
    assert they.get("/staff/alerts").status_code == 303
