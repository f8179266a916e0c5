"""Accounts of the people who work here: passwords and PINs are kept as argon2id only."""

import re
import secrets
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic.db import LANGUAGES
from clinic.staff.models import DESK_ROLES, ROLES, Membership, SignIn, Staff

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,79}")
PIN = re.compile(r"[0-9]{4}")
LONGEST_PASSWORD = 256
_EASY_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that reads like another sign


class AccountError(ValueError):
    """An account that cannot be made or found as asked; the text is for the command line."""


@cache
def _hasher() -> "PasswordHasher":
    # Imported here: only sign-ins and commands need it, the public pages never do.
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password opens: what is compared when there is no such account."""
    return _hasher().hash(secrets.token_urlsafe(32))


def normal_login(text: str) -> str:
    """A login as it is kept: trimmed, lower case."""
    return text.strip().casefold()


def new_password() -> str:
    """A random password of 16 signs in four groups, to be shown once (80 bits)."""
    return "-".join("".join(secrets.choice(_EASY_SIGNS) for _ in range(4)) for _ in range(4))


def new_pin() -> str:
    """A random PIN of four digits."""
    return f"{secrets.randbelow(10_000):04d}"


def hashed(secret: str) -> str:
    """The argon2id string of a password or PIN."""
    return _hasher().hash(secret)


def matches(stored: str | None, secret: str) -> bool:
    """Whether `secret` opens `stored`; with nothing stored it does the same work and says no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    too_long = len(secret) > LONGEST_PASSWORD
    try:
        same = _hasher().verify(stored or _nobody(), secret[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return same and stored is not None and not too_long


def add(s: Session, login: str, name: str, language: str, password: str, pin: str | None) -> Staff:
    """Make an account. Raises AccountError on a login that is taken or cannot be typed, or an unknown language."""
    return add_hashed(s, login, name, language, hashed(password), None if pin is None else hashed(pin))


def add_hashed(s: Session, login: str, name: str, language: str, password: str, pin: str | None) -> Staff:
    """Make an account whose password and PIN were hashed before, outside the transaction. Raises AccountError."""
    login = normal_login(login)
    if not LOGIN.fullmatch(login):
        raise AccountError("a login has 2 to 80 of the signs a-z 0-9 . _ - and begins with a letter or digit")
    if language not in LANGUAGES:
        raise AccountError(f"the language is one of {', '.join(LANGUAGES)}")
    if not name.strip() or len(name.strip()) > 80:
        raise AccountError("the name has 1 to 80 signs")
    if s.scalar(select(Staff.id).where(Staff.login == login)) is not None:
        raise AccountError(f"the login {login} is taken")
    person = Staff(login=login, name=name.strip(), language=language, password=password, pin=pin)
    s.add(person)
    try:
        s.flush()
    except IntegrityError as error:  # somebody else took the login in this very moment
        raise AccountError(f"the login {login} is taken") from error
    return person


def named(s: Session, login: str) -> Staff:
    """The account of a login. Raises AccountError when there is none."""
    person = s.scalar(select(Staff).where(Staff.login == normal_login(login)))
    if person is None:
        raise AccountError(f"there is no login {normal_login(login)}")
    return person


def set_password(s: Session, person: Staff, password: str) -> None:
    """Give a new password and end every open sign-in of this account."""
    person.password = hashed(password)
    s.execute(delete(SignIn).where(SignIn.staff_id == person.id))


def set_pin(person: Staff, pin: str) -> None:
    """Give a new PIN. Raises AccountError unless it is four digits."""
    if not PIN.fullmatch(pin):
        raise AccountError("a PIN is four digits")
    person.pin = hashed(pin)


def switch_off(person: Staff, now: datetime) -> None:
    """Close an account: whoever is signed in with it is out at the next click."""
    person.off_at = now


def give_role(s: Session, person: Staff, role: str, organization_id: int | None, location_id: int | None) -> None:
    """Add a role at one location or at all of an organization; given twice, it stays one.

    What a PIN must not open ends her sign-ins at shared desks.
    """
    if role not in ROLES:
        raise AccountError(f"the role is one of {', '.join(ROLES)}")
    if (organization_id is None) == (location_id is None):
        raise AccountError("a role belongs to a location or to an organization")
    have: Collection[int] = s.scalars(
        select(Membership.id).where(
            Membership.staff_id == person.id,
            Membership.role == role,
            Membership.organization_id.is_(None)
            if organization_id is None
            else Membership.organization_id == organization_id,
            Membership.location_id.is_(None) if location_id is None else Membership.location_id == location_id,
        )
    ).all()
    if role not in DESK_ROLES:
        s.execute(delete(SignIn).where(SignIn.staff_id == person.id, SignIn.device_id.is_not(None)))
    if not have:
        s.add(Membership(staff_id=person.id, role=role, organization_id=organization_id, location_id=location_id))
