"""Once-only acts: the answer is committed with the act, sealed with the token, and replayed.

Only who holds the token can read the answer again: the database has its hash, and a box under a key
made from it and from the key of the day on which the answer expires. What was asked is kept as a hash
under the same key, so that nobody can try out numbers against an old copy.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, cast

from nacl.secret import Aead
from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import Prepared
from clinic.privacy import keys
from clinic.privacy.models import Once

_ONCE = cast(Table, Once.__table__)
_MINE = (_ONCE.c.scope == bindparam("of_scope")) & (_ONCE.c.token_hash == bindparam("of_token"))
_FIND = select(_ONCE.c.body_hash, _ONCE.c.answer, _ONCE.c.expires_at).where(_MINE)
_DELETE = delete(_ONCE).where(_MINE)
_KEEP = Prepared(update(_ONCE).where(_MINE).values(answer=bindparam("answer")))
_ROW = ("scope", "token_hash", "body_hash", "answer", "expires_at")
_CLAIM_SQLITE = Prepared(sqlite_insert(_ONCE).on_conflict_do_nothing().returning(_ONCE.c.scope), _ROW)
_CLAIM_POSTGRES = Prepared(postgres_insert(_ONCE).on_conflict_do_nothing().returning(_ONCE.c.scope), _ROW)

FORM_KEPT = timedelta(minutes=10)
API_KEPT = timedelta(hours=24)


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
) -> Done:
    """Do `make()` once per (scope, token) in the transaction of `s`, and keep its JSON answer for `kept`.

    `body` is what was asked; the same token with another body raises Reused. Raises Busy when another
    transaction has been doing the same act for as long as a writer waits. What `make` raises rolls all back.
    """
    token_hash = blake2b(token.encode(), key=keys.ring().lasting("once token"), digest_size=32).digest()
    expires_at = now + kept
    secret = _secret(token, expires_at)
    key = {"of_scope": scope, "of_token": token_hash}
    row = {
        "scope": scope,
        "token_hash": token_hash,
        "body_hash": _body_hash(secret, body),
        "answer": b"",
        "expires_at": expires_at,
    }
    if not _claim(s, row):
        before = s.execute(_FIND, key).one()
        if before.expires_at > now:
            known = _secret(token, before.expires_at)
            if not compare_digest(before.body_hash, _body_hash(known, body)):
                raise Reused
            return Done(_open(known, before.answer), True)
        s.execute(_DELETE, key)
        _claim(s, row)
    answer = make()
    _KEEP.run(s, {**key, "answer": _seal(secret, answer)})
    return Done(answer, False)


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
