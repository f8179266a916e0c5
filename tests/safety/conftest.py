"""Her browser and the organization's machine, on a demo with made-up keys."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.privacy import keys
from clinic.safety.reports import boxes
from tests.conftest import EVENING
from tests.safety.notes import Office, office


@pytest.fixture(autouse=True)
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes yield their keys with little work: the rules are tested here, not PBKDF2."""
    monkeypatch.setattr(boxes, "_ROUNDS", 10)


@pytest.fixture
def notes_app(demo_app: Flask, evening: object) -> Flask:
    keys.ring().advance(EVENING.date(), leap_days=100)
    return demo_app


@pytest.fixture
def she(notes_app: Flask) -> FlaskClient:
    return notes_app.test_client()


@pytest.fixture
def ngo(notes_app: Flask, tmp_path: Path) -> Office:
    return office(notes_app, tmp_path / "vault")
