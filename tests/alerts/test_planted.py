"""What she wrote, her number, her code and theirs: in no database, dump, log, backup or temporary file."""

import logging
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from clinic import backup
from clinic.config import settings
from clinic.privacy import codes, sealing
from clinic.safety.alerts import signals
from tests.alerts.conftest import PHONES, field, on_duty, turn
from tests.conftest import EVENING
from tests.desk.conftest import PASSWORD, csrf, sign_in
from tests.privacy.test_seized import everything, forms_of
from tests.twilio_stand_in import StandIn

WHERE, PHONE, WISH, ANSWER, LAT, WORD = (
    "жёлтый ларёк",
    "+77015550142",
    "позвоните Айше",
    "вижу вас",
    "43.2412",
    "73519264",
)


def walk(app: Flask, travel: time_machine.Traveller) -> tuple[str, ...]:
    """A signal with all that can be told, taken and answered, and a check-in that fires; every secret in them."""
    on_duty()
    she = app.test_client()
    begun = she.post("/ru/watch", data={
        "act": "start", "token": field(she.get("/ru/watch").text, "token"), "until": "19:50", "word": WORD,
        "forced": "91364455", "wish": WISH, "phone": PHONE,
    })  # fmt: skip
    page = she.post("/ru/now", data={"act": "start", "token": field(she.get("/ru/now").text, "token")})
    alert = field(page.text, "alert")
    she.post("/ru/now", data={"alert": alert, "act": "add", "whole": "1", "where": WHERE, "phone": PHONE, "lat": LAT,
                              "lng": "76.9311"})  # fmt: skip
    travel.shift(signals.COUNTDOWN)
    turn()
    they = app.test_client()
    sign_in(they, "saule", PASSWORD)
    address = "/staff/alerts/" + they.get("/staff/alerts").text.split("/staff/alerts/")[1][:32]
    for act in ({"act": "take"}, {"act": "say", "text": ANSWER}):
        they.post(address, data={"csrf_token": csrf(they, "/staff/duty"), **act})
    assert WHERE in they.get(address).text
    travel.shift(timedelta(minutes=11))
    turn()
    return (WHERE, PHONE, WISH, ANSWER, LAT, WORD, "91364455", alert, field(begun.text, "code"), PHONES["saule"])


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files would go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_nothing_of_it_is_found_anywhere(
    chain_on: Flask, twilio: StandIn, travel: time_machine.Traveller, temporary: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.INFO)
    secrets = walk(chain_on, travel)
    places = {"database": everything(), "log": caplog.text.encode()}
    if settings().is_sqlite:
        backup.write(settings(), tmp_path / "copy.db")
        places["backup"] = (tmp_path / "copy.db").read_bytes()
        assert list(temporary.iterdir()) == []  # where the test's own PostgreSQL lies otherwise
    for secret in secrets:
        for name, held in places.items():
            assert not [form for form in forms_of(secret) if form in held], (name, secret)
    assert {m.body for m in twilio.taken if "проверка" not in m.body} <= {"Дежурство: 1", "Дежурство: 2"}


def test_without_sealing_the_same_search_finds_it(
    chain: Flask, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search above is not blind."""
    monkeypatch.setattr(sealing, "seal", lambda _day, _context, _row, plain: plain.encode())
    monkeypatch.setattr(sealing, "open_", lambda _context, _row, box: box.decode())
    monkeypatch.setattr(sealing, "forget_day", lambda _box: EVENING.date() + timedelta(days=1))
    monkeypatch.setattr(signals, "hash_", str.encode)
    secrets = walk(chain, travel)
    held = everything()
    lost = [secret for secret in secrets if not [form for form in forms_of(secret) if form in held]]
    assert set(lost) <= {WORD, "91364455"}  # these are hashed under her code, sealed or not
    assert codes.LENGTH == len(secrets[8])
