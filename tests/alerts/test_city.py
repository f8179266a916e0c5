"""A signal from one city goes first to who knows its streets, and the page shows who helps there."""

from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import update

from clinic.db import Text3, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, PlaceName
from clinic.safety.alerts import signals
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import calls, fired, on_duty, stand, turn
from tests.alerts.test_pages import on, press
from tests.desk.conftest import PASSWORD, sign_in
from tests.twilio_stand_in import StandIn

ALMATY, AKTAU = Text3("Алматы", "Алматы", "Almaty"), Text3("Ақтау", "Актау", "Aktau")


def two_cities() -> None:
    """Shamshyraq is in Almaty, Dala in Aktau, 2,000 km away."""
    with writing() as s:
        for key, name, lat, lng in (("almaty", ALMATY, 43.24, 76.89), ("aktau", AKTAU, 43.65, 51.17)):
            s.add(PlaceName(key=key, kind="city", name=name, within="", other_names="", lat=lat, lng=lng, weight=9))
        for number, name, lat, lng, phone in (
            (1, ALMATY, 43.23, 76.9, "+7 727 000 00 01"),
            (2, AKTAU, 43.64, 51.16, "+7 729 000 00 02, +7 701 000 00 03"),
        ):
            place = update(Location).where(Location.id == number)
            s.execute(place.values(city=name, lat=lat, lng=lng, phone=phone, kind="ngo"))
        catalogue.changed(s)


def test_who_is_responsible_for_her_city_is_called_first(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    two_cities()
    on_duty("saule")
    travel.shift(timedelta(minutes=1))
    on_duty("dala", phone="+77010000093")
    she = chain.test_client()
    assert "Saule" in she.get("/ru/now").text  # nobody knows her city: first come, first called
    page = she.get("/ru/now?near=Актау")
    assert "<b>Dala</b>" in page.text
    assert "Помощь в вашем городе: Актау" in page.text
    assert "tel:+77010000003" in page.text
    assert "tel:+77270000001" not in page.text
    rid = on(press(she))  # this browser remembers it
    travel.shift(signals.COUNTDOWN)
    turn()
    assert stand(rid).called == ("Dala",)
    assert "Дежурство: 1" in [m.body for m in twilio.taken if m.to == "+77010000093"]
    assert calls(twilio) == []
    travel.shift(signals.STEP)
    turn()
    assert stand(rid).called == ("Dala", "Saule")  # the others are called as well, later
    assert calls(twilio) == ["Дежурство: 1"]
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    assert "Актау" in they.get("/staff/alerts").text


def test_with_nobody_in_her_city_the_page_says_so_and_names_the_other(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    two_cities()
    on_duty("saule")
    page = chain.test_client(use_cookies=False).get("/ru/now?near=Актау").text
    assert "В вашем городе (Актау) сейчас никто не дежурит" in page
    assert "Алматы" in page.split("chip on")[1][:200]
    rid = fired(travel, Told(city="aktau"))
    assert stand(rid).called == ("Saule",)


def test_with_nobody_on_duty_there_is_more_than_112_and_103(chain: Flask) -> None:
    two_cities()
    page = chain.test_client().get("/ru/now?near=Актау").text
    assert "никто не дежурит" in page
    assert "tel:+77290000002" in page
    unknown = chain.test_client().get("/ru/now?near=Нигде")
    assert unknown.status_code == 200
    assert '<option value="Актау">' in unknown.text
