"""Shared desks: a browser that a coordinator has enrolled at a place, where people sit down with name and PIN.

A PIN opens no more than the desk of that place: whoever rules or is on duty there signs in by herself.
"""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.db import writing
from clinic.directory.catalogue import LocationInfo
from clinic.staff import accounts
from clinic.staff.models import DESK_ROLES, Device, Membership, PinTries, Staff

GOOD_FOR = timedelta(days=180)
WRONG_PINS = 3


class DeskRefused(Exception):
    """Name and PIN do not open this desk, or were tried too often: then only the full sign-in does."""


@dataclass(frozen=True, slots=True)
class Desk:
    """An enrolled browser."""

    id: int
    location_id: int
    name: str
    added_on: date
    ends_on: date


def enrol(s: Session, location_id: int, name: str, today: date) -> str:
    """Make this browser a shared desk of a place; returns the token for its cookie."""
    token = secrets.token_urlsafe(32)
    s.add(Device(token_hash=_hash(token), location_id=location_id, name=name, added_on=today, ends_on=today + GOOD_FOR))
    s.flush()
    return token


def of_token(s: Session, token: str, today: date) -> Desk | None:
    """The desk that a browser is, None when it is none (any more)."""
    row = s.scalars(select(Device).where(Device.token_hash == _hash(token), Device.ends_on >= today)).one_or_none()
    return None if row is None else _desk(row)


def at(s: Session, location_ids: list[int], today: date) -> list[Desk]:
    """The desks of some places, by place and name."""
    rows = s.scalars(
        select(Device)
        .where(Device.location_id.in_(location_ids), Device.ends_on >= today)
        .order_by(Device.location_id, Device.name, Device.id)
    )
    return [_desk(row) for row in rows]


def end(s: Session, device_id: int, location_ids: list[int]) -> Desk | None:
    """Let a browser be no desk any more; whoever sits there is out at the next click. None: no such desk there."""
    row = s.scalars(select(Device).where(Device.id == device_id, Device.location_id.in_(location_ids))).one_or_none()
    if row is None:
        return None
    s.execute(delete(Device).where(Device.id == device_id))
    return _desk(row)


def forget(s: Session, today: date) -> int:
    """Delete the desks whose time is over; how many there were."""
    return len(s.execute(delete(Device).where(Device.ends_on < today).returning(Device.id)).all())


def people_at(s: Session, place: LocationInfo) -> list[tuple[int, str]]:
    """Who may sit down there with a PIN: number and name, by name."""
    rows = s.execute(
        select(Staff.id, Staff.name, Membership.role)
        .join(Membership, Membership.staff_id == Staff.id)
        .where(
            or_(Membership.location_id == place.id, Membership.organization_id == place.organization_id),
            Staff.pin.is_not(None),
            Staff.off_at.is_(None),
        )
    )
    roles: dict[tuple[int, str], set[str]] = {}
    for id_, name, role in rows:
        roles.setdefault((id_, name), set()).add(role)
    return sorted((who for who, held in roles.items() if held <= set(DESK_ROLES)), key=lambda who: who[1].casefold())


def sit_down(desk: Desk, place: LocationInfo, staff_id: int, pin: str) -> None:
    """Check a name and its PIN. Raises DeskRefused; the try is counted before the slow comparison."""
    with writing() as s:
        known = staff_id in {who for who, _ in people_at(s, place)}
        stored = s.scalar(select(Staff.pin).where(Staff.id == staff_id)) if known else None
        tries = _count(s, desk.id, staff_id) if known else 0
    if not accounts.matches(stored, pin) or tries > WRONG_PINS:
        raise DeskRefused
    with writing() as s:
        s.execute(delete(PinTries).where(PinTries.device_id == desk.id, PinTries.staff_id == staff_id))


def forgive(s: Session, staff_id: int) -> None:
    """A full sign-in shows that it was she: her PIN works again at every desk."""
    s.execute(delete(PinTries).where(PinTries.staff_id == staff_id))


def _count(s: Session, device_id: int, staff_id: int) -> int:
    insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(PinTries).values(device_id=device_id, staff_id=staff_id, n=0)
    s.execute(row.on_conflict_do_nothing())
    mine = (PinTries.device_id == device_id) & (PinTries.staff_id == staff_id)
    return int(s.scalar(update(PinTries).where(mine).values(n=PinTries.n + 1).returning(PinTries.n)) or 0)


def _desk(row: Device) -> Desk:
    return Desk(row.id, row.location_id, row.name, row.added_on, row.ends_on)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()  # 256 random bits: nobody can guess their way back
