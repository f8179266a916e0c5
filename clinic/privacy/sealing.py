"""Sealing: texts (and boxes that others open) under the key of the day on which they are to be forgotten.

A box is version, forget day, nonce and ciphertext (XChaCha20-Poly1305, libsodium); table, column and
row are bound to it, so that a box copied to another row does not open.
"""

import logging
from datetime import date, timedelta

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from clinic.privacy import keys
from clinic.privacy.keys import Gone, Unreadable

__all__ = ["Damaged", "Gone", "Unreadable", "forget_day", "open_", "open_bytes", "reseal", "seal", "seal_bytes"]

log = logging.getLogger(__name__)

VERSION = b"\x01"
EPOCH = date(2020, 1, 1)
STEP = 32  # boxes of one column have few lengths, so that a length tells little


_told: set[str] = set()  # columns of which this process has said that a box does not open


class Damaged(Unreadable):
    """A box that was sealed for another row, with other keys, or changed."""


def seal(forget_on: date, context: str, row: bytes, text: str) -> bytes:
    """Seal `text` until the end of `forget_on`; `context` is "table.column", `row` the row's key.

    Where the key of that day is gone already (the clock was ahead), the oldest day that still has one is taken.
    """
    return seal_bytes(forget_on, context, row, text.encode())


def seal_bytes(forget_on: date, context: str, row: bytes, plain: bytes) -> bytes:
    """Seal bytes as `seal` does a text."""
    forget_on = keys.ring().not_before(forget_on)
    day = (forget_on - EPOCH).days.to_bytes(2, "big")
    padded = plain + b"\x80" + b"\0" * (-(len(plain) + 1) % STEP)
    box = Aead(keys.ring().of_day(forget_on)).encrypt(padded, _bound(context, row, day))
    return VERSION + day + bytes(box)


def open_(context: str, row: bytes, box: bytes) -> str:
    """The text of a box. Raises Unreadable: Gone when its day has passed, Damaged when it is not of this row."""
    return open_bytes(context, row, box).decode()


def open_bytes(context: str, row: bytes, box: bytes) -> bytes:
    """What `seal_bytes` has sealed. Raises Gone and Damaged."""
    try:
        key = keys.ring().of_day(forget_day(box))
        padded = Aead(key).decrypt(box[3:], _bound(context, row, box[1:3]))
    except (CryptoError, ValueError, Damaged) as error:
        _tell(context)
        raise Damaged(context) from error
    return padded[: padded.rindex(b"\x80")]


def _tell(context: str) -> None:
    """Once for each column: a log of every box would be as long as the table, at each look."""
    if context not in _told:
        _told.add(context)
        log.error("%s: something sealed does not open; are these the keys of this database?", context)


def forget_day(box: bytes) -> date:
    """The last day on which a box can be opened. Raises Damaged."""
    if box[:1] != VERSION or len(box) < 3:
        raise Damaged("unknown version")
    return EPOCH + timedelta(days=int.from_bytes(box[1:3], "big"))


def reseal(forget_on: date, context: str, row: bytes, box: bytes) -> bytes:
    """The same text, to be forgotten on another day. Raises Gone and Damaged."""
    return seal(forget_on, context, row, open_(context, row, box))


def _bound(context: str, row: bytes, day: bytes) -> bytes:
    return context.encode() + b"\0" + row + VERSION + day
