"""What is sealed for a day can't be opened once that day has passed; a clock that leaps destroys nothing."""

import os
import re
import shutil
import stat
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from time_machine import Traveller

from clinic import clock
from clinic.privacy import keys, sealing

TODAY = date(2026, 11, 24)


@pytest.fixture
def ring(tmp_path: Path) -> keys.KeyRing:
    keys.make(tmp_path / "keys", TODAY)
    return keys.KeyRing(tmp_path / "keys")


def damage(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("{}")


def take(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: take(folder, "lasting.key", "day.key"), "has none"),
        (lambda folder: take(folder, "day.key"), "make a day key beside it"),
        (lambda folder: take(folder, "lasting.key"), "put the saved copy of lasting.key"),
        (lambda folder: damage(folder, "lasting.key"), "is damaged"),
        (lambda folder: damage(folder, "day.key"), "is damaged"),
        (lambda folder: (folder / "lasting.key").write_text("00ff"), "is damaged"),
        (shutil.rmtree, "Is its disk mounted?"),
    ],
)
def test_each_trouble_with_the_folder_has_its_own_sentence(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    keys.make(tmp_path / "keys", TODAY)
    spoil(tmp_path / "keys")
    with pytest.raises(keys.KeysMissing, match=re.escape(words)):
        keys.KeyRing(tmp_path / "keys")


def test_a_folder_that_this_user_may_not_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.make(tmp_path / "keys", TODAY)

    def refuse(*_: object, **_more: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)  # root, as whom the tests may run, reads everything
    with pytest.raises(keys.KeysMissing, match="it may not"):
        keys.KeyRing(tmp_path / "keys")


def test_a_day_key_is_made_beside_the_saved_lasting_key_and_nothing_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys.make(folder, TODAY)
    saved = keys.KeyRing(folder).lasting("codes")
    (folder / "day.key").unlink()
    keys.make(folder, TODAY)
    assert keys.KeyRing(folder).lasting("codes") == saved
    with pytest.raises(FileExistsError, match="already holds"):
        keys.make(folder, TODAY)
    (folder / "lasting.key").unlink()
    with pytest.raises(FileExistsError, match="put the saved copy"):
        keys.make(folder, TODAY)


def test_a_later_day_is_reached_from_today(ring: keys.KeyRing) -> None:
    tomorrow = ring.of_day(TODAY + timedelta(days=1))
    ring.advance(TODAY + timedelta(days=1))
    assert ring.of_day(TODAY + timedelta(days=1)) == tomorrow


def test_a_day_that_has_passed_is_gone(ring: keys.KeyRing, tmp_path: Path) -> None:
    ring.advance(TODAY + timedelta(days=1))
    with pytest.raises(keys.Gone):
        ring.of_day(TODAY)
    assert TODAY.isoformat() not in "".join(p.read_text() for p in (tmp_path / "keys").iterdir())


def test_another_process_reads_the_advanced_key(ring: keys.KeyRing, tmp_path: Path) -> None:
    other = keys.KeyRing(tmp_path / "keys")
    ring.advance(TODAY + timedelta(days=1))
    assert other.of_day(TODAY)  # until it looks again
    assert not other.advance(TODAY + timedelta(days=1))
    with pytest.raises(keys.Gone):
        other.of_day(TODAY)


def test_a_site_that_runs_over_midnight_lets_go_of_the_link_that_the_worker_advanced(
    app: Flask, evening: Traveller
) -> None:
    app.extensions[keys.EXTENSION].advance(clock.today(), leap_days=100)
    box = sealing.seal(clock.today(), "pass.phone", b"row one", "+77010000000")
    folder = Path(app.config["KESHKI_ENVIRON"]["KESHKI_KEYS"])
    evening.shift(timedelta(days=1))
    keys.KeyRing(folder).advance(clock.today())  # the worker's, in its own process
    app.test_client().get("/healthz")
    with pytest.raises(keys.Gone):
        sealing.open_("pass.phone", b"row one", box)


def test_a_clock_that_leaps_destroys_no_key(ring: keys.KeyRing) -> None:
    with pytest.raises(keys.ClockLeap, match="flask keys advance"):
        ring.advance(TODAY + timedelta(days=40))
    assert ring.of_day(TODAY)


def test_a_clock_that_goes_back_changes_nothing(ring: keys.KeyRing) -> None:
    assert not ring.advance(TODAY - timedelta(days=1))
    assert ring.day == TODAY


def test_keys_are_never_replaced(ring: keys.KeyRing, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        keys.make(tmp_path / "keys", TODAY)


def test_a_box_opens_only_in_its_own_row(app: Flask) -> None:
    box = sealing.seal(TODAY, "pass.phone", b"row one", "+77010000000")
    assert sealing.open_("pass.phone", b"row one", box) == "+77010000000"
    for context, row in (("pass.phone", b"row two"), ("pass.cover", b"row one")):
        with pytest.raises(sealing.Damaged):
            sealing.open_(context, row, box)


def test_boxes_of_short_texts_have_one_length(app: Flask) -> None:
    assert len({len(sealing.seal(TODAY, "a.b", b"r", "x" * n)) for n in range(31)}) == 1


def test_the_old_day_key_is_overwritten_only_once_the_new_name_is_on_the_disk(
    ring: keys.KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    whole = (folder / keys.DAILY).read_bytes()
    old = (folder / keys.DAILY).open("rb")
    done: list[tuple[str, bool]] = []
    fsync, rename = os.fsync, Path.rename

    def note(what: str) -> None:
        old.seek(0)
        done.append((what, old.read() == whole))

    def synced(handle: int) -> None:
        found = os.fstat(handle)
        other = "old key" if found.st_ino == os.fstat(old.fileno()).st_ino else "new key"
        note(f"sync {'folder' if stat.S_ISDIR(found.st_mode) else other}")
        fsync(handle)

    def named(self: Path, to: Path) -> Path:
        note(f"name {to.name}")
        return rename(self, to)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", named)
    with old:
        assert ring.advance(TODAY + timedelta(days=1))
    assert done == [
        ("sync new key", True),
        ("name day.key", True),
        ("sync folder", True),
        ("sync old key", False),
    ]
