"""Sealing: texts (and boxes that others open) under the key of the day on which they are to be forgotten.

A box is version, forget day, nonce and ciphertext (XChaCha20-Poly1305, libsodium); table, column and
row are bound to it, so that a box copied to another row does not open.
"""

from datetime import date, timedelta

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from clinic.privacy import keys
from clinic.privacy.keys import Gone

__all__ = ["Gone", "forget_day", "open_", "open_bytes", "reseal", "seal", "seal_bytes"]

VERSION = b"\x01"
EPOCH = date(2020, 1, 1)
STEP = 32  # boxes of one column have few lengths, so that a length tells little


class Damaged(Exception):
    """A box that was sealed for another row, or changed."""


def seal(forget_on: date, context: str, row: bytes, text: str) -> bytes:
    """Seal `text` until the end of `forget_on`; `context` is "table.column", `row` the row's key.

    Raises Gone when that day has already passed.
    """
    return seal_bytes(forget_on, context, row, text.encode())


def seal_bytes(forget_on: date, context: str, row: bytes, plain: bytes) -> bytes:
    """Seal bytes as `seal` does a text."""
    day = (forget_on - EPOCH).days.to_bytes(2, "big")
    padded = plain + b"\x80" + b"\0" * (-(len(plain) + 1) % STEP)
    box = Aead(keys.ring().of_day(forget_on)).encrypt(padded, _bound(context, row, day))
    return VERSION + day + bytes(box)


def open_(context: str, row: bytes, box: bytes) -> str:
    """The text of a box. Raises Gone when its day has passed, Damaged when it is not of this row."""
    return open_bytes(context, row, box).decode()


def open_bytes(context: str, row: bytes, box: bytes) -> bytes:
    """What `seal_bytes` has sealed. Raises Gone and Damaged."""
    key = keys.ring().of_day(forget_day(box))
    try:
        padded = Aead(key).decrypt(box[3:], _bound(context, row, box[1:3]))
    except CryptoError as error:
        raise Damaged(context) from error
    return padded[: padded.rindex(b"\x80")]


def forget_day(box: bytes) -> date:
    """The last day on which a box can be opened."""
    if box[:1] != VERSION:
        raise Damaged("unknown version")
    return EPOCH + timedelta(days=int.from_bytes(box[1:3], "big"))


def reseal(forget_on: date, context: str, row: bytes, box: bytes) -> bytes:
    """The same text, to be forgotten on another day."""
    return seal(forget_on, context, row, open_(context, row, box))


def _bound(context: str, row: bytes, day: bytes) -> bytes:
    return context.encode() + b"\0" + row + VERSION + day
