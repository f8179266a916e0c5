"""Invitations: an account that its owner makes herself, or a new password for one that has forgotten it.

The link holds a key that opens nothing; the eight digits beside it are told by voice. Opening the link
uses nothing up, so that a messenger's preview can't. Five tries, three days, once.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic.db import writing
from clinic.privacy import keys
from clinic.staff import accounts, people
from clinic.staff.models import Invitation, SignIn, Staff
from clinic.staff.people import Held

GOOD_FOR = timedelta(days=3)
TRIES = 5
DIGITS = 8
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


class InvitationRefused(Exception):
    """Link and code do not open an invitation: unknown, used, over, or tried too often. One answer for all."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What the inviter passes on: the key by messenger, the code by voice."""

    key: str
    code: str


@dataclass(frozen=True, slots=True)
class Pending:
    """An open invitation in the list of whoever may take it back; without roles: to a new password."""

    key: str
    name: str
    roles: tuple[Held, ...]
    ends_at: datetime


def invite(s: Session, by_id: int, name: str, language: str, roles: list[Held], now: datetime) -> Invited:
    """Make an invitation with roles at one place or organization. Raises NotYours."""
    if not roles or not _may_give(s, by_id, roles):
        raise people.NotYours
    return _make(
        s,
        now,
        by_id=by_id,
        name=name,
        language=language,
        roles=",".join(role.role for role in roles),
        organization_id=None if roles[0].location_id is not None else roles[0].organization_id,
        location_id=roles[0].location_id,
    )


def renew(s: Session, by_id: int, staff_id: int, now: datetime) -> Invited:
    """Make an invitation to a new password for an account that is theirs as a whole. Raises NotYours."""
    if by_id == staff_id:
        raise people.NotYours
    person = people.managed(s, by_id, staff_id)
    s.execute(delete(Invitation).where(Invitation.for_id == staff_id))
    language = s.get_one(Staff, staff_id).language
    return _make(s, now, by_id=by_id, name=person.name, language=language, roles="", for_id=staff_id)


def _make(s: Session, now: datetime, **row: Any) -> Invited:
    key, code = "".join(secrets.choice(_SIGNS) for _ in range(12)), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    s.add(Invitation(key=key, code_hash=_hash(key, code), ends_at=now + GOOD_FOR, **row))
    s.flush()
    return Invited(key, code)


def check(key: str, typed: str, now: datetime) -> None:
    """Whether the code opens the invitation; counts the try first. Raises InvitationRefused."""
    with writing() as s:
        stored = s.scalar(
            update(Invitation)
            .where(Invitation.key == key, Invitation.ends_at > now, Invitation.tries < TRIES)
            .values(tries=Invitation.tries + 1)
            .returning(Invitation.code_hash)
        )
    code = "".join(typed.split()).replace("-", "")
    if not compare_digest(stored or b"", _hash(key, code)):
        raise InvitationRefused


@dataclass(frozen=True, slots=True)
class Accepted:
    """Whose account it is; a new one goes in at once, a known one signs in with its second factor."""

    staff_id: int
    login: str
    is_new: bool


def accept(key: str, typed: str, login: str, password: str, pin: str, now: datetime) -> Accepted:
    """Make the account of an invitation whose code is right, or give it its new password.

    Raises InvitationRefused (also when whoever invited may do this no longer, and for the slower of two at
    once) and AccountError for a login that can't be had, or is not hers; the invitation is still there then.
    """
    check(key, typed, now)
    hashes = accounts.hashed(password), accounts.hashed(pin)  # slow: before the lock
    with writing() as s:
        row = s.scalars(select(Invitation).where(Invitation.key == key).with_for_update()).one_or_none()
        if row is None or s.get_one(Staff, row.by_id).off_at is not None:
            raise InvitationRefused
        person = _new(s, row, login, *hashes) if row.for_id is None else _known(s, row, login, *hashes)
        s.delete(row)
        s.flush()
        return Accepted(person.id, person.login, row.for_id is None)


def _new(s: Session, row: Invitation, login: str, password: str, pin: str) -> Staff:
    roles = _roles(s, row)
    if not _may_give(s, row.by_id, roles):
        raise InvitationRefused
    person = accounts.add_hashed(s, login, row.name, row.language, password, pin)
    for role in roles:
        accounts.give_role(s, person, role.role, row.organization_id, row.location_id)
    return person


def _known(s: Session, row: Invitation, login: str, password: str, pin: str) -> Staff:
    person = s.get_one(Staff, row.for_id)
    if person.login != accounts.normal_login(login):
        raise accounts.AccountError("this is another login")
    try:
        people.managed(s, row.by_id, person.id)
    except people.NotYours as error:
        raise InvitationRefused from error
    person.password, person.pin = password, pin
    s.execute(delete(SignIn).where(SignIn.staff_id == person.id))
    return person


def pending(s: Session, chief_id: int, now: datetime) -> list[Pending]:
    """The open invitations that this person might have sent herself, the next to end first."""
    mine = {one.id for one in people.seen_by(s, chief_id)}
    rows = s.scalars(select(Invitation).where(Invitation.ends_at > now).order_by(Invitation.ends_at, Invitation.key))
    found = []
    for row in rows:
        roles = _roles(s, row)
        if row.for_id in mine if row.for_id is not None else _may_give(s, chief_id, roles):
            found.append(Pending(row.key, row.name, roles, row.ends_at))
    return found


def _roles(s: Session, row: Invitation) -> tuple[Held, ...]:
    named = row.roles.split(",") if row.roles else ()
    return tuple(people.target(s, role, row.organization_id, row.location_id) for role in named)


def _may_give(s: Session, by_id: int, roles: Iterable[Held]) -> bool:
    chief = people.rules_over(s, by_id)
    return all(people.givable(chief, role) for role in roles)


def take_back(s: Session, chief_id: int, key: str, now: datetime) -> str:
    """Make an invitation void; returns its name. Raises NotYours."""
    found = next((one for one in pending(s, chief_id, now) if one.key == key), None)
    if found is None:
        raise people.NotYours
    s.execute(delete(Invitation).where(Invitation.key == key))
    return found.name


def forget(s: Session, now: datetime) -> int:
    """Delete the invitations whose time is over; how many there were."""
    return len(s.execute(delete(Invitation).where(Invitation.ends_at <= now).returning(Invitation.key)).all())


def _hash(key: str, code: str) -> bytes:
    secret = keys.ring().lasting("invitation")
    return blake2b(f"{key}:{code}".encode(), key=secret, digest_size=32).digest()
