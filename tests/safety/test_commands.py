"""The whole way round with the commands: export, open, list, case, figures, answer, send, import."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from clinic import clock
from clinic.audit import Audit
from clinic.config import settings
from clinic.db import reading
from clinic.safety.reports import canary, case_file, demo, figures, photo_reader
from clinic.safety.reports.commands import cli
from clinic.safety.reports.content import REPORT, Content, Photo
from clinic.safety.reports.vault import Letter
from tests.safety.notes import JPEG, PLANTED, Office, code_of, file, opened, write
from tests.site.conftest import words

Run = Callable[..., str]


@pytest.fixture
def server(notes_app: Flask) -> Run:
    """A command on the server."""

    def run(*words: str, code: int = 0) -> str:
        done = notes_app.test_cli_runner().invoke(args=["reports", *words])
        assert done.exit_code == code, done.output
        return done.output

    return run


@pytest.fixture
def apart(notes_app: Flask, tmp_path: Path) -> Run:
    """A command on the organization's machine, which knows neither settings nor database."""
    folder = settings().keys / demo.FOLDER
    where = {"KESHKI_VAULT": str(tmp_path / "vault"), "KESHKI_SECRET_KEYS": str(folder)}

    def run(*words: str, code: int = 0, typed: str = "") -> str:
        done = CliRunner(env=where).invoke(cli, [*words, "--passphrase", demo.PASSPHRASE], input=typed)
        assert done.exit_code == code, done.output
        return done.output

    return run


def camera_photo() -> bytes:
    """A photo that says when and where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "planted-camera"
    exif[0x9003] = "2026:11:24 19:40:00"
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "purple").save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_from_her_page_to_a_case_file_and_back(
    she: FlaskClient, server: Run, apart: Run, tmp_path: Path, notes_app: Flask
) -> None:
    canary.send_due(clock.now())
    photo = camera_photo()
    code = code_of(write(she, text=PLANTED, what=["beaten"], region="75", photo=[file(photo), file(JPEG)], keep="1"))
    assert "all of it sealed" in server("export", str(tmp_path / "out"))
    server("export", str(tmp_path / "out"), code=1)  # replaces nothing
    said = apart("open", str(tmp_path / "out"))
    assert "2 new boxes" in said
    assert "2026-11-01" in said
    line = apart("list", "--what", "beaten", "--lang", "en")
    assert "Beating, pain; Almaty city" in line
    assert "1/2" in line
    assert apart("list", "--what", "held") == apart("list", "--since", "2027-01-01") == ""
    name = line.split()[0]
    assert PLANTED in apart("show", name)

    assert "photo-2 is no picture" in apart("case", name, str(tmp_path / "case"), "--originals")
    case = tmp_path / "case"
    assert PLANTED in (case / "case.md").read_text()
    assert (case / "original-1.jpeg").read_bytes() == photo
    copy = (case / "photo-1.jpg").read_bytes()
    assert b"planted-camera" in photo
    assert b"planted-camera" not in copy
    assert not Image.open(io.BytesIO(copy)).getexif()
    assert not (case / "photo-2.jpg").exists()
    apart("case", name, str(case), code=1)
    apart("show", "ffffffffff", code=1)

    apart("answer", name, typed="Спасибо, мы прочитали")
    apart("answer", name, typed=" ", code=1)
    apart("send", str(tmp_path / "back"))
    assert PLANTED.encode() not in (tmp_path / "back").read_bytes()
    said = server("import", str(tmp_path / "back"))
    assert "1 answers put under their codes, 2 boxes erased here, 1 canaries" in said
    assert "Спасибо, мы прочитали" in words(opened(she, code))
    assert "0 answers" in server("import", str(_again(apart, tmp_path)))
    with reading() as s:
        deeds = s.scalars(select(Audit.verb)).all()
    assert {"notes exported", "answers imported"} <= set(deeds)


def _again(apart: Run, folder: Path) -> Path:
    apart("send", str(folder / "again"))
    return folder / "again"


def test_a_file_that_was_cut_off_changes_nothing(she: FlaskClient, server: Run, apart: Run, tmp_path: Path) -> None:
    write(she, text=PLANTED)
    out = tmp_path / "out"
    server("export", str(out))
    whole = out.read_bytes()
    out.write_bytes(whole[:-30])
    apart("open", str(out), code=1)
    out.write_bytes(whole)
    apart("open", str(out))
    apart("send", str(tmp_path / "back"))
    for wrong in ((tmp_path / "back").read_bytes()[:-30], b"KESHKI ANSWERS 1\n[]\n", b"", whole):
        (tmp_path / "wrong").write_bytes(wrong)
        assert "nothing was changed" in server("import", str(tmp_path / "wrong"), code=1)
    with reading() as s:
        from clinic.safety.reports.models import Report

        assert s.scalars(select(Report.box)).one()


def test_a_box_for_another_key_is_named_and_not_confirmed(she: FlaskClient, ngo: Office, tmp_path: Path) -> None:
    write(she, text=PLANTED)
    ngo.fetch(clock.now())
    (path,) = (tmp_path / "vault" / "boxes").iterdir()
    held = path.read_bytes()
    path.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
    assert list(ngo.vault.outgoing(ngo.secrets)) == []  # so the server keeps it


def test_figures_hold_whole_fives_of_finished_quarters_and_no_person(evening: object) -> None:
    def note(week: str, **said: object) -> Letter:
        from datetime import date

        return Letter(b"r" * 16, 0, date.fromisoformat(week), b"k" * 4, Content(REPORT, dict(said)))

    many = [note("2026-08-10", what=["beaten"], region="75", text=PLANTED) for _ in range(7)]
    few = [note("2026-08-10", what=["held"], region="62") for _ in range(4)]
    running = [note("2026-10-05", what=["held"], region="62") for _ in range(9)]
    reaching = [note("2026-09-28", what=["held"]) for _ in range(9)]
    from clinic.safety.reports.speaking_alone import speaking_alone

    with speaking_alone("en"):
        table = figures.rows([*many, *few, *running, *reaching], clock.today())
    out = io.StringIO()
    csv.writer(out).writerows(table)
    assert PLANTED not in out.getvalue()
    shown = {(row[0], row[1]): row[2] for row in table}
    assert shown["All notes", ""] == "10"
    assert shown["What was done", "Beating, pain"] == "5"
    assert shown["What was done", "Not let go, made to work"] == ""
    assert shown["Region", "Ulytau region"] == ""
    assert all(row[2] == "" or row[2] == "At least" or int(row[2]) % 5 == 0 for row in table)


@pytest.mark.parametrize("content", [b"", JPEG, b"%PDF-1.7", camera_photo()[:300]])
def test_what_no_decoder_reads_is_left_out(content: bytes) -> None:
    assert case_file.cleaned(Photo("jpeg", content)) is None


def test_a_picture_that_would_fill_the_memory_is_left_out() -> None:
    out = io.BytesIO()
    Image.new("1", (photo_reader.MOST_PIXELS // 5000 + 1, 5000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    assert case_file.cleaned(Photo("png", out.getvalue())) is None
