"""Who is signed in. The browser holds a random token in its session cookie, the database the token's hash.

A sign-in ends after 12 hours or at 06:00, whichever comes first. Ten minutes without a click cover
the screen; a PIN opens it again, three wrong ones end the sign-in.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import writing
from clinic.staff import accounts, second_factor
from clinic.staff.models import Device, SignIn, Staff

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=10)
TOUCH_EVERY = timedelta(seconds=30)  # a click writes `seen_at` at most this often
WRONG_PINS = 3


class SignInRefused(Exception):
    """Login and password do not open an account; the same whether or not the account exists."""


class WrongPin(Exception):
    """The PIN does not match; `left` more tries before the sign-in ends (0: it has ended)."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with an open sign-in. Has the four attributes that flask-login asks for."""

    token: str
    staff_id: int
    login: str
    name: str
    language: str
    seen_at: datetime
    ends_at: datetime
    locked: bool
    has_pin: bool
    has_second: bool  # a second factor, or none is asked of her here
    desk_id: int | None = None  # the place whose shared desk this is

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What flask-login puts into the session cookie."""
        return self.token


def hash_of(token: str) -> bytes:
    """What the database knows of a token."""
    # 256 random bits: a plain hash is enough, nobody can guess its way back.
    return sha256(token.encode()).digest()


def ends_at(started: datetime) -> datetime:
    """12 hours after `started`, or the next 06:00 local, whichever comes first."""
    turn = clock.service_day_start(clock.service_day(started) + timedelta(days=1))
    return min(started + LONGEST, turn)


def check(s: Session, login: str, password: str) -> int:
    """The account that login and password open. Raises SignInRefused; the work is the same either way.

    Only reads: argon2 takes a tenth of a second, in which nobody else's booking shall wait for a lock.
    """
    login = accounts.normal_login(login)
    if not accounts.LOGIN.fullmatch(login):
        login = ""  # no account has it; the same question is asked and the same work done
    row = s.execute(select(Staff.id, Staff.password, Staff.off_at).where(Staff.login == login)).one_or_none()
    right = accounts.matches(row.password if row else None, password)
    if row is None or not right or row.off_at is not None:
        raise SignInRefused
    return int(row.id)


def begin(s: Session, staff_id: int, now: datetime, device_id: int | None = None) -> str:
    """Open a sign-in of an account just checked; returns the token for the browser. Old ones are swept out."""
    token = secrets.token_urlsafe(32)
    forget(s, now)
    s.add(
        SignIn(
            token_hash=hash_of(token),
            staff_id=staff_id,
            started_at=now,
            seen_at=now,
            ends_at=ends_at(now),
            device_id=device_id,
        )
    )
    s.flush()
    return token


def forget(s: Session, now: datetime) -> int:
    """Delete the sign-ins that have ended; how many there were."""
    return len(s.execute(delete(SignIn).where(SignIn.ends_at <= now).returning(SignIn.staff_id)).all())


def find(s: Session, token: str, now: datetime) -> SignedIn | None:
    """The open sign-in of a token; None when it has ended or the account is switched off.

    Idle for ten minutes counts as locked, whether or not anybody has written that down yet.
    """
    row = s.execute(
        select(
            SignIn.staff_id,
            SignIn.seen_at,
            SignIn.ends_at,
            SignIn.locked_at,
            Staff.login,
            Staff.name,
            Staff.language,
            Staff.pin.is_not(None).label("has_pin"),
            second_factor.has_any(Staff.id).label("has_second"),
            Device.location_id,
        )
        .join(Staff, Staff.id == SignIn.staff_id)
        .outerjoin(Device, Device.id == SignIn.device_id)
        .where(SignIn.token_hash == hash_of(token), SignIn.ends_at > now)
        .where(Staff.off_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return SignedIn(
        token=token,
        staff_id=row.staff_id,
        login=row.login,
        name=row.name,
        language=row.language,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
        locked=row.locked_at is not None or abs(now - row.seen_at) >= IDLE,
        has_pin=bool(row.has_pin),
        has_second=bool(row.has_second) or row.location_id is not None or not second_factor.asked(),
        desk_id=row.location_id,
    )


def due_for_touch(person: SignedIn, now: datetime) -> bool:
    """Whether a click at `now` is worth writing down."""
    return not person.locked and now - person.seen_at >= TOUCH_EVERY


def touch(s: Session, token: str, now: datetime) -> None:
    """Write down that somebody clicked; never opens a covered screen."""
    s.execute(
        update(SignIn)
        .where(SignIn.token_hash == hash_of(token), SignIn.locked_at.is_(None), SignIn.seen_at > now - IDLE)
        .values(seen_at=now)
    )


def lock(s: Session, token: str, now: datetime) -> None:
    """Cover the screen until the PIN is given."""
    s.execute(
        update(SignIn).where(SignIn.token_hash == hash_of(token), SignIn.locked_at.is_(None)).values(locked_at=now)
    )


def unlock(token: str, pin: str, now: datetime) -> None:
    """Open a covered screen. Raises WrongPin; the third wrong one ends the sign-in.

    Three short transactions of its own: the try is counted first, in one statement, so that many at
    once get no more than three; the slow comparison holds no lock.
    """
    mine = SignIn.token_hash == hash_of(token)
    with writing() as s:
        tries = s.scalar(
            update(SignIn)
            .where(mine, SignIn.ends_at > now, SignIn.wrong_pins < WRONG_PINS)
            .values(wrong_pins=SignIn.wrong_pins + 1)
            .returning(SignIn.wrong_pins)
        )
        row = s.execute(select(Staff.pin).join(SignIn, Staff.id == SignIn.staff_id).where(mine)).one_or_none()
    if tries is None or row is None:
        raise WrongPin(0)
    if row.pin is not None and accounts.matches(row.pin, pin):
        with writing() as s:
            s.execute(update(SignIn).where(mine).values(locked_at=None, seen_at=now, wrong_pins=0))
        return
    if tries >= WRONG_PINS:
        with writing() as s:
            end(s, token)
        raise WrongPin(0)
    raise WrongPin(WRONG_PINS - tries)


def end(s: Session, token: str) -> None:
    """End this sign-in."""
    s.execute(delete(SignIn).where(SignIn.token_hash == hash_of(token)))


def end_others(s: Session, staff_id: int, token: str) -> None:
    """End every sign-in of an account but this one."""
    s.execute(delete(SignIn).where(SignIn.staff_id == staff_id, SignIn.token_hash != hash_of(token)))


@dataclass(frozen=True, slots=True)
class Open:
    """An open sign-in as a list shows it; `key` names it and opens nothing."""

    key: str
    staff_id: int
    started_at: datetime
    seen_at: datetime
    desk_id: int | None
    own: bool


def opened(s: Session, staff_id: int, now: datetime, token: str = "") -> list[Open]:
    """The open sign-ins of an account, the latest first; `own` is the one of `token`."""
    rows = s.execute(
        select(SignIn, Device.location_id)
        .outerjoin(Device, Device.id == SignIn.device_id)
        .where(SignIn.staff_id == staff_id, SignIn.ends_at > now)
        .order_by(SignIn.started_at.desc())
    )
    mine = hash_of(token)
    return [
        Open(one.token_hash.hex(), staff_id, one.started_at, one.seen_at, place, one.token_hash == mine)
        for one, place in rows
    ]


def end_one(s: Session, staff_id: int, key: str) -> bool:
    """End the sign-in of an account that a list showed under `key`; False when there is none (any more)."""
    try:
        token_hash = bytes.fromhex(key)
    except ValueError:
        return False
    mine = (SignIn.staff_id == staff_id) & (SignIn.token_hash == token_hash)
    return s.scalar(delete(SignIn).where(mine).returning(SignIn.staff_id)) is not None
