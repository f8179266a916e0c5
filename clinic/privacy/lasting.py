"""Sealing with the lasting key: for what staff need on every day, such as the secret of an app on a phone.

Nothing about a woman is sealed like this: hers is sealed until a day (`sealing`).
"""

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from clinic.privacy import keys


class Damaged(Exception):
    """A box that was sealed for something else, with other keys, or changed."""


def seal(purpose: str, row: int, secret: bytes) -> bytes:
    """Seal `secret` for one purpose ("table.column") and row."""
    return bytes(Aead(keys.ring().lasting(purpose)).encrypt(secret, str(row).encode()))


def open_(purpose: str, row: int, box: bytes) -> bytes:
    """What was sealed. Raises Damaged."""
    try:
        return bytes(Aead(keys.ring().lasting(purpose)).decrypt(box, str(row).encode()))
    except (CryptoError, ValueError) as error:
        raise Damaged(purpose) from error
