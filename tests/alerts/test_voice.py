"""The telephone rings as well: the key 1 proves the test or takes the signal; without the signature nothing is said."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from clinic import clock, messaging
from clinic.config import ConfigError, read
from clinic.db import reading, writing
from clinic.safety.alerts import duty
from tests.alerts.conftest import PHONES, calls, fired, furnish, give, log, on_duty, staff_id, state, turn
from tests.conftest import Maker
from tests.twilio_stand_in import TOKEN, StandIn


@pytest.fixture
def ringing(make_app: Maker, twilio: StandIn) -> Flask:
    app = make_app("sqlite", {**twilio.environ(), "KESHKI_VOICE": "+7 700 000 00 77"})
    furnish()
    return app


def hook(app: Flask, url: str, form: dict[str, str], signature: str | None = None) -> TestResponse:
    signed = RequestValidator(TOKEN).compute_signature(url, form) if signature is None else signature
    return app.test_client().post(urlsplit(url).path, data=form, headers={"X-Twilio-Signature": signed})


def test_the_key_proves_the_test(ringing: Flask, twilio: StandIn) -> None:
    with writing() as s:
        duty.begin(s, staff_id("saule"), 1, "Saule", PHONES["saule"], 8, clock.now())
    turn()
    (call,) = twilio.calls
    assert (call["To"], call["From"]) == (PHONES["saule"], "+77000000077")
    asked = hook(ringing, call["Url"], {})
    assert asked.text.count("Дежурство. Чтобы принять, нажмите один.") == 2
    assert f'action="{call["Url"]}"' in asked.text
    assert "нажмите один" in hook(ringing, call["Url"], {"Digits": "5"}).text
    with reading() as s:
        assert duty.to_call(s, clock.now()) == ()
    assert "Принято" in hook(ringing, call["Url"], {"Digits": "1"}).text
    with reading() as s:
        assert len(duty.to_call(s, clock.now())) == 1


def test_the_key_takes_the_oldest_and_a_second_finds_nothing(
    ringing: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    turn()  # the test's own call
    first = give()
    travel.shift(timedelta(seconds=3))
    second = give()
    travel.shift(timedelta(seconds=10))
    turn()
    url = twilio.calls[-1]["Url"]
    assert calls(twilio)[-1] == "Дежурство: 2"
    assert "Принято" in hook(ringing, url, {"Digits": "1"}).text
    assert (state(first), state(second)) == ("taken", "calling")
    assert "Принято" in hook(ringing, url, {"Digits": "1"}).text
    assert "ничего не ждёт" in hook(ringing, url, {"Digits": "1"}).text
    assert log(second) == ["given", "fired", "taken"]


def test_no_signature_no_word_and_a_token_that_is_none_or_over_hangs_up(
    ringing: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    turn()  # the test's own call
    rid = fired(travel)
    url = twilio.calls[-1]["Url"]
    for signature in ("", "x", "é"):
        assert hook(ringing, url, {"Digits": "1"}, signature).status_code == 403
    assert "Hangup" in hook(ringing, url[:-4] + "AAAA", {"Digits": "1"}).text
    travel.shift(timedelta(minutes=8))
    assert "Hangup" in hook(ringing, url, {"Digits": "1"}).text
    assert state(rid) == "calling"


def test_a_call_that_the_provider_no_longer_knows_counts_as_erased(ringing: Flask) -> None:
    assert messaging.sender().status("CA" + "0" * 32) == ("", "")
    messaging.sender().erase("CA" + "0" * 32)


def test_a_voice_number_needs_an_account_and_is_a_number(tmp_path: object) -> None:
    base = {"KESHKI_DEMO": "1", "KESHKI_DATABASE_URL": "sqlite:///x.db"}
    assert read(base).voice is None
    for value in ("on", "+7", "87000000077"):
        with pytest.raises(ConfigError, match="KESHKI_VOICE"):
            read({**base, "KESHKI_VOICE": value})
    with pytest.raises(ConfigError, match="TWILIO"):
        read({**base, "KESHKI_VOICE": "+77000000077"})
