"""Two kinds of keys outside the database: one that lasts, and one that is destroyed every day.

The day keys form a chain, `S(n+1) = BLAKE2b(S(n))`. Only today's link is on disk: what was sealed
for a day that has passed can't be opened by anyone, in no copy of the database (design, invariant 7).
"""

import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from flask import current_app

from clinic import clock

log = logging.getLogger(__name__)

EXTENSION = "keshki.keys"
LASTING, DAILY, LOCK = "lasting.key", "day.key", "lock"
KEY_BYTES = 32
LEAP_DAYS = 1  # a clock that is farther ahead of the day key destroys none by itself
STEADY_SECONDS = 600.0  # so long a clock has to run, and nobody set it, before a key is destroyed on its word
LOOK_EVERY = 1.0  # seconds between two looks into the folder while the date says that the link is old


class KeysMissing(Exception):
    """No usable keys in the folder; the message says why, and what leads on."""


class Unreadable(Exception):
    """What was sealed can't be opened, for whatever reason: whoever meets it goes on without it."""


class Gone(Unreadable):
    """The day key that sealed this has been destroyed."""


class ClockLeap(Exception):
    """The clock is days ahead of the day key: a person has to confirm the date."""


def make(folder: Path, today: date) -> None:
    """Make the keys that a folder lacks, a day key beside a saved lasting key too; replaces none.

    Raises FileExistsError when there is nothing to make, or where a new lasting key would go beside an old day key.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / DAILY).exists():
        whole = (folder / LASTING).exists()
        raise FileExistsError(f"{folder} already holds keys" if whole else _lacks(folder, LASTING))
    if not (folder / LASTING).exists():
        _replace(folder / LASTING, secrets.token_hex(32))
    _write_day(folder, today, secrets.token_bytes(32))


def _lacks(folder: Path, name: str) -> str:
    if name == DAILY:
        return f"{folder} holds {LASTING} alone: make a day key beside it with `flask keys new` (numbers open no more)"
    return f"{folder} holds {DAILY} alone: put the saved copy of {LASTING} beside it"


def _trouble(folder: Path, error: Exception) -> str:
    """Why the keys of a folder can't be used, and what leads on; each case in its own sentence."""
    if isinstance(error, PermissionError):
        return f"Let this user read the keys in {folder}: it may not ({error.strerror})."
    if not folder.is_dir():
        return (
            f"Set KESHKI_KEYS to the folder with the keys: {folder} is not there. Is its disk mounted? "
            "The first keys are made with `flask keys new`."
        )
    missing = [name for name in (LASTING, DAILY) if not (folder / name).exists()]
    if len(missing) == 2:
        return f"Set KESHKI_KEYS to a folder with keys, or make them with `flask keys new`: {folder} has none."
    if missing:
        return f"{_lacks(folder, missing[0])}."
    return f"A key in {folder} is damaged ({type(error).__name__}): put back the copy of {LASTING}, or see the manual."


def ring() -> "KeyRing":
    """The keys of the current app."""
    found: KeyRing = current_app.extensions[EXTENSION]
    return found


class KeyRing:
    """The keys of one folder, read again when the date changes; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mutex = Lock()
        self._made: dict[date, bytes] = {}
        self._looked = float("-inf")
        self.is_away = False  # the folder could not be read when the date last asked for it
        try:
            self._lasting = bytes.fromhex((folder / LASTING).read_text().strip())
            self._day, self._link = _read_day(folder)
            if len(self._lasting) != KEY_BYTES or len(self._link) != KEY_BYTES:
                raise ValueError("a key of another length")
        except (OSError, ValueError, KeyError) as error:
            raise KeysMissing(_trouble(folder, error)) from error

    @property
    def day(self) -> date:
        """The day whose key is the oldest that still exists."""
        return self._day

    def lasting(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (codes, tokens, …), the same every day."""
        return blake2b(purpose.encode(), key=self._lasting, digest_size=32).digest()

    def of_day(self, day: date) -> bytes:
        """The 32-byte key of `day`. Raises Gone when that day has passed."""
        with self._mutex:
            if day < self._day:
                raise Gone(day.isoformat())
            if day not in self._made:
                link = self._link
                for _ in range((day - self._day).days):
                    link = _next(link)
                self._made[day] = blake2b(b"seal", key=link, digest_size=32).digest()
            return self._made[day]

    def keep_up(self, today: date) -> None:
        """Let go of a link that another process has advanced since: what cannot be opened there must not be here."""
        if today > self._day and time.monotonic() - self._looked >= LOOK_EVERY:
            self._looked = time.monotonic()
            self.is_away = False
            try:
                self.refresh()
            except (OSError, ValueError, KeyError) as error:  # the folder is away: what is here still opens today's
                log.error("The keys in %s can't be read (%s).", self._folder, type(error).__name__)
                self.is_away = True

    def has_come(self, today: date) -> bool:
        """Whether the date is confirmed: the keys of the days before it are destroyed, so it was believed for good."""
        return today <= self._day

    def has_leapt(self, today: date) -> bool:
        """Whether the clock is so far ahead of the day key that a person has to confirm the date."""
        return (today - self._day).days > LEAP_DAYS

    def leap(self, today: date) -> ClockLeap:
        """What a person is told, who has to confirm the date."""
        return ClockLeap(f"The day key is of {self._day}: confirm today's date with `flask keys advance {today}`.")

    def not_before(self, day: date) -> date:
        """`day`, or the oldest day that can still be opened: after a clock was ahead, today's own key may be gone."""
        return max(day, self._day)

    def refresh(self) -> None:
        """Read the link again, since another process may have advanced it."""
        day, link = _read_day(self._folder)
        with self._mutex:
            if day > self._day:
                self._day, self._link = day, link
                self._made.clear()

    def advance(self, today: date, leap_days: int = LEAP_DAYS) -> bool:
        """Destroy the keys of the days before `today`; True when there was something to destroy.

        Raises ClockLeap, and destroys nothing, when that is more than `leap_days` days at once.
        """
        if today <= self._day:
            return False
        with _locked(self._folder):
            day, link = _read_day(self._folder)
            if (today - day).days > leap_days:
                raise self.leap(today)
            moved = today > day
            while day < today:
                day, link = day + timedelta(days=1), _next(link)
            if moved:
                _write_day(self._folder, day, link)
        self.refresh()
        return moved


def advance_if_due() -> bool:
    """Let yesterday's key go, once the clock has run steadily for a while. The worker calls this every minute.

    Raises ClockLeap. A clock that was wrong for a minute destroys nothing.
    """
    found = ring()
    found.refresh()
    steady = clock.watch.steady_for() >= STEADY_SECONDS
    return (steady or found.has_leapt(clock.today())) and found.advance(clock.today())


def _next(link: bytes) -> bytes:
    return blake2b(link, digest_size=32, person=b"keshki-day").digest()


def _read_day(folder: Path) -> tuple[date, bytes]:
    text = (folder / DAILY).read_text()
    if text.startswith("\0"):  # replaced, and overwritten, between opening and reading
        text = (folder / DAILY).read_text()
    held = json.loads(text)
    return date.fromisoformat(held["day"]), bytes.fromhex(held["link"])


def _write_day(folder: Path, day: date, link: bytes) -> None:
    _replace(folder / DAILY, json.dumps({"day": day.isoformat(), "link": link.hex()}))


def _replace(path: Path, text: str) -> None:
    """Rename a new file over the old one, then overwrite the old content, as far as the disk obeys."""
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    old = path.open("r+b") if path.exists() else None
    fresh.rename(path)
    sync_folder(path.parent)  # the new name is on the disk before the old content goes
    if old:
        with old:
            size = old.seek(0, os.SEEK_END)
            old.seek(0)
            old.write(b"\0" * size)
            old.flush()
            os.fsync(old.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with open(folder / LOCK, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
