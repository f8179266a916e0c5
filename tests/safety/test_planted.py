"""What she wrote is found in no database, dump, log, temporary file or backup; and the search is not blind."""

import io
import logging
import tempfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import backup, clock, logs
from clinic.config import settings
from clinic.db import reading
from clinic.privacy import keys, sealing
from clinic.safety.reports import boxes, post
from clinic.safety.reports.models import Report
from tests.conftest import EVENING, Maker
from tests.privacy.test_seized import everything
from tests.safety.notes import PLANTED, SCAN, code_of, file, office, opened, write
from tests.site.conftest import hidden

IN_PHOTO = b"planted-in-a-photo-4409"
PHOTO = SCAN + (IN_PHOTO + b"\0" * 40) * 9_000


@pytest.fixture(params=["sqlite", "postgresql"])
def noted(request: pytest.FixtureRequest, make_app: Maker, evening: object) -> Flask:
    """An app with made-up keys, on both databases."""
    environ = make_app.environ(request.param)
    demo = {"KESHKI_DEMO": "1", "KESHKI_LIMITS": "off"}
    found = make_app.on({name: environ[name] for name in ("KESHKI_DATABASE_URL", "KESHKI_KEYS")} | demo)
    keys.ring().advance(EVENING.date(), leap_days=100)
    return found


def traces(held: bytes, code: str) -> list[str]:
    """Which of the planted secrets stand in some bytes, plain or as the hex of a dump."""
    bare = code.replace(" ", "")
    secrets = {"words": PLANTED.encode(), "photo": IN_PHOTO, "code": bare.encode(), "code in groups": code.encode()}
    return [name for name, secret in secrets.items() if secret in held or secret.hex().encode() in held]


def talk(app: Flask, folder: Path) -> str:
    """A note with a photo, something added, an answer; her code."""
    she, ngo = app.test_client(), office(app, folder / "vault")
    code = code_of(write(she, text=PLANTED, who_words=PLANTED, photo=file(PHOTO)))
    opened(she, code, act="more", token=hidden(opened(she, code), "token")[0], text=PLANTED)
    ngo.vault.answer(ngo.secrets, ngo.fetch(clock.now())[:1], PLANTED)
    ngo.send(clock.now())
    write(she, text=PLANTED, photo=file(PHOTO))  # one that was not fetched yet
    opened(she, code)
    write(she, text=PLANTED, when=PLANTED)  # refused, and so kept nowhere
    return code


def test_planted_words_photo_and_code_are_found_nowhere(
    noted: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary: list[str] = []

    def caught(*args: object, **kwargs: object) -> None:
        temporary.append(repr(args))
        raise AssertionError("a temporary file was made")

    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logs.Formatter())
    logging.getLogger().addHandler(handler)
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, caught)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", caught, raising=False)
    try:
        code = talk(noted, tmp_path)
    finally:
        logging.getLogger().removeHandler(handler)
        monkeypatch.undo()
    assert temporary == []
    assert traces(everything(), code) == []
    assert traces(log.getvalue().encode(), code) == []
    for path in (tmp_path / "vault").rglob("*"):  # the organization's archive is sealed as well
        assert path.is_dir() or traces(path.read_bytes(), code) == []
    with reading() as s:
        assert traces(b"".join(post.outgoing(s, clock.now())), code) == []
    if settings().is_sqlite:
        backup.write(settings(), tmp_path / "copy.db")
        assert traces((tmp_path / "copy.db").read_bytes(), code) == []


def test_without_sealing_the_same_search_finds_them(
    noted: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boxes, "seal", lambda _public, plain: plain)
    monkeypatch.setattr(boxes, "size_class", lambda _box: 0)
    monkeypatch.setattr(sealing, "seal_bytes", lambda _day, _context, _row, plain: plain)
    code = code_of(write(noted.test_client(), text=PLANTED, photo=file(PHOTO)))
    assert traces(everything(), code) == ["words", "photo"]


def test_two_notes_of_different_words_leave_equal_rows(noted: Flask) -> None:
    she = noted.test_client()
    write(she, text="short", what=["beaten"])
    write(she, text=PLANTED * 20, what=["held", "forced"], status="none")
    with reading() as s:
        rows = s.execute(select(Report.week, Report.size_class, Report.forget_on)).all()
        lengths = {len(box) for box in s.scalars(select(Report.box)) if box}
    assert len(set(rows)) == 1
    assert len(lengths) == 1


def test_an_old_copy_stays_shut_even_for_whoever_takes_the_organizations_key(noted: Flask, tmp_path: Path) -> None:
    she, ngo = noted.test_client(), office(noted, tmp_path / "vault")
    write(she, text=PLANTED)
    with reading() as s:
        rid, box, forget_on = s.execute(select(Report.rid, Report.box, Report.forget_on)).one()
    assert box
    for secret in ngo.secrets.values():  # the day seal hides it from the key
        with pytest.raises((boxes.NotABox, boxes.WrongKey)):
            boxes.open_hers(secret, box)
    assert boxes.open_hers(next(iter(ngo.secrets.values())), sealing.open_bytes("report.box", rid, box))
    keys.ring().advance(forget_on.replace(year=forget_on.year + 1), leap_days=1000)
    with pytest.raises(sealing.Gone):
        sealing.open_bytes("report.box", rid, box)
