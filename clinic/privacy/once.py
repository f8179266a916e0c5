"""Once-only acts: the answer is committed with the act, sealed with the token, and replayed.

Only who holds the token can read the answer again: the database has its hash, and a box under a key
made from it and from the key of the day on which the answer expires. What was asked is kept as a hash
under the same key, so that nobody can try out numbers against an old copy.

An act is remembered at least for as long as its form may be sent again, and where it made something that
stands (a visit, an order, a seat), for as long as that stands: a form that has done its deed says so.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, cast

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import Prepared
from clinic.privacy import keys, tokens
from clinic.privacy.models import Once

_ONCE = cast(Table, Once.__table__)
_MINE = (_ONCE.c.scope == bindparam("of_scope")) & (_ONCE.c.token_hash == bindparam("of_token"))
_FIND = select(_ONCE.c.body_hash, _ONCE.c.answer, _ONCE.c.expires_at).where(_MINE)
_DELETE = delete(_ONCE).where(_MINE)
_KEEP = Prepared(
    update(_ONCE)
    .where(_MINE)
    .values(
        body_hash=bindparam("new_body", type_=_ONCE.c.body_hash.type),
        answer=bindparam("new_answer", type_=_ONCE.c.answer.type),
        expires_at=bindparam("new_end", type_=_ONCE.c.expires_at.type),
    )
)
_ROW = ("scope", "token_hash", "body_hash", "answer", "expires_at")
_CLAIM_SQLITE = Prepared(sqlite_insert(_ONCE).on_conflict_do_nothing().returning(_ONCE.c.scope), _ROW)
_CLAIM_POSTGRES = Prepared(postgres_insert(_ONCE).on_conflict_do_nothing().returning(_ONCE.c.scope), _ROW)

FORM_KEPT = 2 * tokens.LIFETIME + timedelta(minutes=10)  # longer than any clock lets a form be sent again
DESK_KEPT = timedelta(hours=12)  # as long as the longest sign-in: the forms of a desk end with it
API_KEPT = timedelta(hours=24)
_LAST_MINUTE = 23 * 60 + 59


class Reused(Exception):
    """The same token came with other content."""


class Busy(Exception):
    """The same act is still being done by another request."""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer of an act, and whether it was given before."""

    answer: dict[str, Any]
    replayed: bool


def run(
    s: Session,
    scope: str,
    token: str,
    body: bytes,
    kept: timedelta,
    now: datetime,
    make: Callable[[], dict[str, Any]],
    stands: Callable[[], date] | None = None,
) -> Done:
    """Do `make()` once per (scope, token) in the transaction of `s`, and keep its JSON answer for `kept`.

    `stands()`, asked after `make`, is the last day of what it made: the answer is kept to the end of it, too.
    `body` is what was asked; the same token with another body raises Reused. Raises Busy when another
    transaction has been doing the same act for as long as a writer waits. What `make` raises rolls all back.
    """
    token_hash = _token_hash(token)
    expires_at = max(now, clock.at(keys.ring().day, 0)) + kept  # its day has a key, wherever the clock was
    key = {"of_scope": scope, "of_token": token_hash}
    row = {
        "scope": scope,
        "token_hash": token_hash,
        "body_hash": b"",
        "answer": b"",
        "expires_at": expires_at,
    }
    if not _claim(s, row):
        earlier = s.execute(_FIND, key).one()
        if earlier.expires_at > now:
            return Done(_known(earlier, token, body), True)
        s.execute(_DELETE, key)
        _claim(s, row)
    answer = make()
    if stands is not None:
        expires_at = max(expires_at, clock.at(stands(), _LAST_MINUTE))
    secret = _secret(token, expires_at)
    kept_now = {"new_body": _body_hash(secret, body), "new_answer": _seal(secret, answer), "new_end": expires_at}
    _KEEP.run(s, {**key, **kept_now})
    return Done(answer, False)


def before(s: Session, scope: str, token: str, body: bytes, now: datetime) -> dict[str, Any] | None:
    """The answer of this very act, where it was done before and is remembered; reads only.

    Raises Reused for the same token with another body.
    """
    row = s.execute(_FIND, {"of_scope": scope, "of_token": _token_hash(token)}).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    return _known(row, token, body)


def forget(s: Session, now: datetime) -> int:
    """Delete the answers whose time is over; how many there were."""
    return s.execute(delete(Once).where(Once.expires_at <= now)).rowcount  # type: ignore[attr-defined,no-any-return]


def _claim(s: Session, row: dict[str, Any]) -> bool:
    """Take the key of this act; waits for a transaction that holds it. False when it was done before."""
    claim = _CLAIM_POSTGRES if s.get_bind().dialect.name == "postgresql" else _CLAIM_SQLITE
    try:
        return claim.run(s, row).first() is not None
    except OperationalError as error:
        raise Busy from error


def _token_hash(token: str) -> bytes:
    return blake2b(token.encode(), key=keys.ring().lasting("once token"), digest_size=32).digest()


def _known(row: Any, token: str, body: bytes) -> dict[str, Any]:
    """The answer of a row, for who asks the same again. Raises Reused."""
    try:
        secret = _secret(token, row.expires_at)
        if compare_digest(row.body_hash, _body_hash(secret, body)):
            return _open(secret, row.answer)
    except (CryptoError, keys.Unreadable) as error:  # it was done, and what came of it can't be told any more
        raise Reused from error
    raise Reused


def _secret(token: str, expires_at: datetime) -> bytes:
    """What seals an act: made from its token, and gone with the key of the day on which it expires."""
    day: date = clock.local(expires_at).date()
    return blake2b(token.encode(), key=keys.ring().of_day(day), digest_size=32, person=b"keshki-once").digest()


def _body_hash(secret: bytes, body: bytes) -> bytes:
    return blake2b(body, key=secret, digest_size=32, person=b"once-body").digest()


def _seal(secret: bytes, answer: dict[str, Any]) -> bytes:
    return bytes(Aead(secret).encrypt(json.dumps(answer).encode()))


def _open(secret: bytes, box: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(Aead(secret).decrypt(box))
    return answer
