"""Data that is true: who looked at a place's entry last, and one-time links on which the place looks at it itself.

The link is forwarded by messenger; opening it changes nothing (a preview does), an answer uses it up. What
was answered waits for a coordinator: a link proves only that somebody had it.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.directory import catalogue
from clinic.directory.models import EntryCheck, Location

STALE = timedelta(days=61)  # what nobody confirmed for two months says so
LINK_DAYS = 7
KEPT_DAYS = 30  # an answer that was dealt with
MOST_SIGNS = 500


class LinkOver(Exception):
    """There is no such link, or it was used, or its days are over."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a place said of its entry, and has not been dealt with."""

    location_id: int
    on: date
    all_right: bool
    says: str
    number: str  # names the answer on a page; the link can't be made from it


def stale(checked_on: date | None, today: date) -> bool:
    """Whether nobody has confirmed an entry for two months."""
    return checked_on is None or today - checked_on > STALE


def initials(name: str) -> str:
    """Who checked, as the public may read it: "A. K."."""
    return " ".join(f"{word[0].upper()}." for word in name.split()[:3]) or "–"


def note_checked(s: Session, location_id: int, name: str, actor: str, now: datetime) -> None:
    """Somebody has asked the place today, by telephone. `s` writes."""
    s.execute(
        update(Location)
        .where(Location.id == location_id)
        .values(checked_on=clock.local(now).date(), checked_by=initials(name))
    )
    catalogue.changed(s)
    audit.record(s, now, actor, "entry.checked", "phone", location_id)


def ask(s: Session, location_id: int, actor: str, now: datetime) -> str:
    """A one-time link for a place; its secret part. An earlier one that nobody used is over. `s` writes."""
    s.execute(delete(EntryCheck).where(EntryCheck.location_id == location_id, EntryCheck.answered_on.is_(None)))
    token = secrets.token_urlsafe(24)
    s.add(
        EntryCheck(
            token_hash=_hash(token),
            location_id=location_id,
            asked_by=actor,
            expires_at=now + timedelta(days=LINK_DAYS),
        )
    )
    audit.record(s, now, actor, "entry.link", "", location_id)
    return token


def location_of(s: Session, token: str, now: datetime) -> int:
    """The location that a link is about; changes nothing. Raises LinkOver."""
    found = s.scalar(
        select(EntryCheck.location_id).where(
            EntryCheck.token_hash == _hash(token), EntryCheck.answered_on.is_(None), EntryCheck.expires_at > now
        )
    )
    if found is None:
        raise LinkOver
    return found


def answer(s: Session, token: str, all_right: bool, says: str, now: datetime) -> None:
    """Keep what the place says, once. `s` writes. Raises LinkOver."""
    done = s.execute(
        update(EntryCheck)
        .where(EntryCheck.token_hash == _hash(token), EntryCheck.answered_on.is_(None), EntryCheck.expires_at > now)
        .values(answered_on=clock.local(now).date(), all_right=all_right, says=says)
        .returning(EntryCheck.location_id)
    ).first()
    if done is None:
        raise LinkOver


def answers(s: Session, location_ids: Collection[int]) -> dict[int, list[Answer]]:
    """What places have said and nobody has dealt with, by location."""
    rows = s.scalars(
        select(EntryCheck)
        .where(
            EntryCheck.location_id.in_(location_ids),
            EntryCheck.answered_on.is_not(None),
            EntryCheck.settled_on.is_(None),
        )
        .order_by(EntryCheck.answered_on, EntryCheck.token_hash)
    )
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in rows:
        if row.answered_on is not None:
            said = Answer(row.location_id, row.answered_on, bool(row.all_right), row.says, row.token_hash.hex()[:16])
            found[row.location_id].append(said)
    return found


def settle(s: Session, location_id: int, number: str, actor: str, now: datetime) -> None:
    """A coordinator has dealt with an answer; twice changes nothing. `s` writes."""
    rows = s.scalars(
        select(EntryCheck.token_hash).where(
            EntryCheck.location_id == location_id,
            EntryCheck.answered_on.is_not(None),
            EntryCheck.settled_on.is_(None),
        )
    )
    for token_hash in rows:
        if token_hash.hex()[:16] == number:
            s.execute(
                update(EntryCheck).where(EntryCheck.token_hash == token_hash).values(settled_on=clock.local(now).date())
            )
            audit.record(s, now, actor, "entry.settled", "", location_id)


def forget(s: Session, now: datetime) -> int:
    """Delete links that nobody used in time and answers dealt with a month ago; how many. `s` writes."""
    old = clock.local(now).date() - timedelta(days=KEPT_DAYS)
    gone = s.execute(
        delete(EntryCheck)
        .where(
            or_(
                (EntryCheck.expires_at <= now) & EntryCheck.answered_on.is_(None),
                EntryCheck.settled_on <= old,
            )
        )
        .returning(EntryCheck.location_id)
    )
    return len(gone.all())


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()  # 192 random bits: nobody can guess its way back
