""" "If I have not checked in by two, call": runs here, not on her phone, until she ends it by her word.

Her code opens it; two words of her own (digits) end it. The second looks the same on the screen and
calls at once. Words are kept as hashes under her code, which is kept nowhere: whoever takes database
and keys learns neither.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from clinic.db import new_rid
from clinic.privacy import codes, sealing
from clinic.safety.alerts import signals, told
from clinic.safety.alerts.models import OPEN, Alert, CheckIn
from clinic.safety.alerts.told import Told

SHORTEST, FARTHEST = timedelta(minutes=5), timedelta(hours=12)
MOST_WRONG = 5
MOST_RUNNING = 2000

log = logging.getLogger(__name__)


class Unknown(Exception):
    """No check-in opens with this code."""


@dataclass(frozen=True, slots=True)
class WrongWord:
    """The word is neither of hers; `left` more tries before it can only run out. An answer: the try is counted."""

    left: int


class NotAnHour(Exception):
    """Too soon, or too far ahead."""


class Full(Exception):
    """More check-ins run than anybody could look after."""


@dataclass(frozen=True, slots=True)
class Running:
    """A check-in that has not fired, or the signal that it has become."""

    rid: bytes
    due_at: datetime
    alert_id: bytes | None
    blocked: bool


def start(s: Session, what: Told, due_at: datetime, word: str, forced_word: str | None, now: datetime) -> str:
    """Begin one that fires at `due_at`; the code that opens it. Raises NotAnHour, Full.

    Without a second word there is one that nobody knows, so that what is kept looks the same.
    """
    if not now + SHORTEST <= due_at <= now + FARTHEST:
        raise NotAnHour
    running = s.scalars(select(CheckIn.rid).where(CheckIn.alert_id.is_(None)).limit(MOST_RUNNING)).all()
    if len(running) >= MOST_RUNNING:
        raise Full
    code, rid = codes.new(), new_rid()
    body = {"told": asdict(what), "word": _hash(code, word), "forced": _hash(code, forced_word or secrets.token_hex(8))}
    s.execute(
        insert(CheckIn).values(
            rid=rid, code_hash=signals.hash_(code), due_at=due_at, wrong=0, body=_sealed(rid, body, due_at)
        )
    )
    return code


def find(s: Session, code: str) -> Running:
    """The check-in of a code. Raises Unknown."""
    row = s.execute(select(CheckIn).where(CheckIn.code_hash == signals.hash_(code))).scalar()
    if row is None:
        raise Unknown
    return Running(row.rid, row.due_at, row.alert_id, row.wrong >= MOST_WRONG)


def check_in(
    s: Session, code: str, word: str, due_at: datetime | None, now: datetime
) -> tuple[Running | None, WrongWord | None]:
    """She is there: put it off until `due_at`, or end it (None). The second word does the same, and calls.

    Returns the check-in as the page shows it, None when it has ended: the same for both words. Raises
    Unknown, NotAnHour.
    """
    row = s.execute(
        select(CheckIn).where(CheckIn.code_hash == signals.hash_(code), CheckIn.alert_id.is_(None)).with_for_update()
    ).scalar()
    if row is None:
        raise Unknown
    if due_at is not None and not now + SHORTEST <= due_at <= now + FARTHEST:
        raise NotAnHour
    try:
        body = json.loads(sealing.open_(told.CHECK_IN, row.rid, row.body))
    except sealing.Unreadable:
        return None, WrongWord(0)  # nobody can tell any more which word is hers: it calls at its hour
    right, forced = (compare_digest(body[name], _hash(code, word)) for name in ("word", "forced"))
    if row.wrong >= MOST_WRONG or not (right or forced):
        left = max(0, MOST_WRONG - row.wrong - 1)
        if row.wrong < MOST_WRONG:
            s.execute(update(CheckIn).where(CheckIn.rid == row.rid).values(wrong=row.wrong + 1))
        return None, WrongWord(left)
    if forced and _called_before(s, body) is None:  # once: the next time she is made to say it, it is known already
        body["called"] = _call(s, replace(Told(**body["told"]), checked_in=True, forced=True, quiet=True), now).hex()
    if due_at is None:
        s.execute(delete(CheckIn).where(CheckIn.rid == row.rid))
        return None, None
    s.execute(
        update(CheckIn)
        .where(CheckIn.rid == row.rid)
        .values(due_at=due_at, wrong=0, body=_sealed(row.rid, body, due_at))
    )
    return Running(row.rid, due_at, None, False), None


def fire(s: Session, run_out: Mapping[bytes, datetime], now: datetime) -> tuple[bytes, ...]:
    """Turn these check-ins into signals, unless she ended or put them off meanwhile: the keys of those to fire now.

    `run_out`: until when each was seen to run.
    """
    rows = s.execute(
        select(CheckIn).where(CheckIn.rid.in_(run_out), CheckIn.alert_id.is_(None)).with_for_update(skip_locked=True)
    ).scalars()
    fired = []
    for row in rows:
        if row.due_at != run_out[row.rid]:
            continue
        try:
            with s.begin_nested():
                fired.append(_fire(s, row, now))
        except Exception:  # this one is tried again in the next turn, the others are called for now
            log.exception("a check-in could not be turned into a signal")
    return tuple(fired)


def _fire(s: Session, row: CheckIn, now: datetime) -> bytes:
    """Turn one check-in into a signal; one that cannot be opened calls as well, with nothing told."""
    try:
        body = json.loads(sealing.open_(told.CHECK_IN, row.rid, row.body))
    except sealing.Unreadable:
        body = {"told": {}}
    # After the second word it is another signal, which her code opens as it opens any: the first, with
    # its hour and its words, would tell whoever holds her phone that she has called.
    alert_id = _call(s, replace(Told(**body["told"]), checked_in=True, forced=bool(body.get("called"))), now)
    s.execute(update(Alert).where(Alert.rid == alert_id).values(token_hash=row.code_hash))  # her code opens it
    s.execute(update(CheckIn).where(CheckIn.rid == row.rid).values(alert_id=alert_id))
    return alert_id


def _call(s: Session, what: Told, now: datetime) -> bytes:
    """A signal that goes out in the worker's next turn at the latest: its countdown has run for hours."""
    return signals.put(s, what, now, now)


def _called_before(s: Session, body: dict[str, Any]) -> bytes | None:
    """The signal that the second word has given, unless it was ended: nobody is called twice for one thing."""
    called = body.get("called")
    if not called:
        return None
    open_ = Alert.state.in_(("counting", *OPEN))
    return s.scalar(select(Alert.rid).where(Alert.rid == bytes.fromhex(called), open_))


def _hash(code: str, word: str) -> str:
    return blake2b(word.encode(), key=code.encode(), digest_size=32, person=b"keshki-checkin").hexdigest()


def _sealed(rid: bytes, body: dict[str, Any], due_at: datetime) -> bytes:
    day = told.forget_on(due_at + told.KEPT)
    return sealing.seal(day, told.CHECK_IN, rid, json.dumps(body, ensure_ascii=False))
