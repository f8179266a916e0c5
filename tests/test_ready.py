"""`flask ready` lists what is missing before a site may open, and says READY or NOT READY."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from time_machine import Traveller

from clinic import clock, heartbeat
from clinic.db import writing
from clinic.directory import seeding
from clinic.directory.models import Location, OpenQuestion
from clinic.safety import help_numbers
from clinic.safety.pages import seeding as pages
from clinic.safety.pages.models import PageVersion
from tests import world
from tests.conftest import Maker


def said(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["ready", *arguments])
    return result.exit_code, result.output


def test_a_fresh_site_is_not_ready_and_says_why(app: Flask, evening: Traveller) -> None:
    with writing() as s:
        seeding.load_real(s)
    code, text = said(app)
    assert code == 1
    assert text.strip().endswith("NOT READY")
    assert text.count("Открытый вопрос") == 8
    assert "https" in text
    assert "flask pages seed" in text
    assert "112, 103, 111" in text
    with writing() as s:
        pages.load(s, date(2026, 11, 20))
    assert "21 страница о помощи и правах ждёт проверки" in said(app)[1]


def checked_numbers(folder: Path) -> Path:
    """The help numbers as they are when somebody has called each."""
    file = folder / "help_numbers.csv"
    first, *rest = help_numbers.FILE.read_text(encoding="utf-8").splitlines()
    done = [line.removesuffix(",,") + ",2026-11-20,A. K." for line in rest]
    file.write_text("\n".join([first, *done]) + "\n", encoding="utf-8")
    return file


def test_ready_when_a_person_has_settled_everything(
    make_app: Maker, evening: Traveller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(help_numbers, "FILE", checked_numbers(tmp_path))
    app = make_app(
        "sqlite",
        {
            "KESHKI_BASE_URL": "https://example.kz", "KESHKI_CONTACT": "mailto:security@example.kz",
            "TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Keshki",
        },
    )  # fmt: skip
    world.build()
    with writing() as s:
        s.execute(update(OpenQuestion).values(answered_on=date(2026, 11, 20), answered_by="A. K."))
        pages.load(s, date(2026, 11, 20))
        s.execute(update(PageVersion).values(state="checked", reviewed_on=date(2026, 11, 20), reviewed_by="A. K."))
        s.execute(
            update(Location).values(consent_on=date(2026, 11, 1), checked_on=date(2026, 11, 20), checked_by="A. K.")
        )
    from clinic.privacy import keys

    keys.ring().advance(date(2026, 11, 24), leap_days=100)
    assert "Фоновый процесс не работает" in said(app)[1]
    with writing() as s:
        for lane in heartbeat.LANES:
            heartbeat.beat(s, lane, clock.now())
    assert said(app) == (0, "READY\n")


def test_an_open_question_is_answered_by_a_person(app: Flask, evening: Traveller) -> None:
    with writing() as s:
        seeding.load_real(s)
    assert said(app, "answer", "3", "--by", "A. K.")[0] == 0
    assert said(app, "answer", "99", "--by", "A. K.")[0] == 1
    assert said(app)[1].count("Открытый вопрос") == 7
