"""The token of a public form: signed, good for two hours, in need of no cookie.

It is the form's once-only key as well: 16 random bytes, the minute it was made, a keyed hash of both and of
the form's name, so that a token of one form is none of another.
"""

import base64
import binascii
import secrets
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest

from clinic import clock
from clinic.privacy import keys

LIFETIME = timedelta(hours=2)
_SIZE = 16 + 4 + 16


class TokenForged(Exception):
    """Not a token of ours."""


class TokenExpired(Exception):
    """The page was open for too long; nothing is lost."""


def new(form: str) -> str:
    """A fresh token for one form of this name."""
    minute = int(clock.now().timestamp()) // 60
    body = secrets.token_bytes(16) + minute.to_bytes(4, "big")
    return base64.urlsafe_b64encode(body + _mac(form, body)).decode()


def check(form: str, token: str, now: datetime, lifetime: timedelta = LIFETIME) -> None:
    """Raises TokenForged, also for a token of another form, or TokenExpired.

    A clock that was set back makes no form old.
    """
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise TokenForged from error
    if len(raw) != _SIZE or not compare_digest(_mac(form, raw[:20]), raw[20:]):
        raise TokenForged
    made = int.from_bytes(raw[16:20], "big") * 60
    if abs(now.timestamp() - made) > lifetime.total_seconds():
        raise TokenExpired


def _mac(form: str, body: bytes) -> bytes:
    return blake2b(form.encode() + b"\0" + body, key=keys.ring().lasting("form token"), digest_size=16).digest()
