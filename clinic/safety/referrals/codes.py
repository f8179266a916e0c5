"""Making a referral and redeeming it, once.

The database holds a hash of the code and a box that opens with the code and the key of its last day:
not even the running server can tell who sent somebody where, until somebody says the code.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, cast

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.privacy import codes, keys
from clinic.safety.referrals.models import Referral

KINDS = ("medical", "shelter", "lawyer", "talk", "papers")
DAYS = (3, 7, 14, 30)
SIZE = 96  # every box is of one length

_REFERRAL = cast(Table, Referral.__table__)


class CodeUnknown(Exception):
    """No referral to these organizations opens with this code: it never did, is used up, or too old."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the receiving organization learns: for what, and by whom; nothing of her."""

    kind: str
    from_id: int


def make(s: Session, from_id: int, to_id: int, kind: str, days: int, actor: str, now: datetime) -> tuple[str, date]:
    """A code for her to carry, and the last day on which it works. `s` writes."""
    code, last = codes.new(), clock.local(now).date() + timedelta(days=days)
    text = json.dumps({"kind": kind, "from": from_id, "to": to_id}).encode().ljust(SIZE)
    s.execute(
        _REFERRAL.insert(),
        {"code_hash": _hash(code), "box": bytes(Aead(_secret(code, last)).encrypt(text)), "forget_on": last},
    )
    audit.record(s, now, actor, "referral made", "")
    return code, last


def redeem(s: Session, typed: str, to_ids: Collection[int], actor: str, now: datetime) -> Sent:
    """Use a code up at one of the organizations `to_ids`. `s` writes. Raises CodeUnknown, and then nothing changes."""
    code = codes.normal(typed)
    if code is None:
        raise CodeUnknown
    mine = _REFERRAL.c.code_hash == _hash(code)
    row = s.execute(select(_REFERRAL.c.box, _REFERRAL.c.forget_on).where(mine)).one_or_none()
    if row is None or row.forget_on < clock.local(now).date():
        raise CodeUnknown
    try:
        held: dict[str, Any] = json.loads(Aead(_secret(code, row.forget_on)).decrypt(row.box))
    except (CryptoError, keys.Unreadable) as error:
        raise CodeUnknown from error
    if held["to"] not in to_ids:
        raise CodeUnknown
    if s.execute(delete(_REFERRAL).where(mine)).rowcount != 1:  # type: ignore[attr-defined]
        raise CodeUnknown  # another desk was faster
    audit.record(s, now, actor, "referral redeemed", "")
    return Sent(held["kind"], held["from"])


def forget(s: Session, now: datetime) -> int:
    """Delete what is too old; how many there were."""
    today = clock.local(now).date()
    return int(s.execute(delete(_REFERRAL).where(_REFERRAL.c.forget_on < today)).rowcount)  # type: ignore[attr-defined]


def _hash(code: str) -> bytes:
    return blake2b(code.encode(), key=keys.ring().lasting("referral"), digest_size=32).digest()


def _secret(code: str, last: date) -> bytes:
    return blake2b(code.encode(), key=keys.ring().of_day(last), digest_size=32, person=b"keshki-referral").digest()
