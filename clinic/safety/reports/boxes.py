"""Boxes: what she wrote, sealed so that only the organization opens it; and its answers, which only she opens.

Both are libsodium's crypto_box (X25519, XSalsa20-Poly1305). Hers comes from a key pair that is made for
it and thrown away, so that nobody can tell who sealed it; an answer comes from the organization's own key,
so that nobody else can have written it. Every content is padded to one of a few sizes.

    hers    \\x01 · id of the key (4) · one-time public key (32) · nonce (24) · ciphertext
    answer  \\x02 · id of the key (4) · nonce (24) · ciphertext

Her code yields her own key pair and a token by which the server finds the conversation: it keeps a hash of
that token and nothing else. `static/note.js` does the same in the browser.
"""

import hashlib
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey

KIB, MIB = 1024, 1024 * 1024
SIZES = (4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 2 * MIB, 4 * MIB, 8 * MIB, 13 * MIB)
HERS, ANSWER = b"\x01", b"\x02"
_ID, _KEY, _NONCE, _MAC = 4, 32, 24, 16
HERS_MORE = 1 + _ID + _KEY + _NONCE + _MAC
ANSWER_MORE = 1 + _ID + _NONCE + _MAC
_SALT, _ROUNDS = b"keshki note 1", 100_000


class NotABox(Exception):
    """These bytes have not the form or the length of a box."""


class WrongKey(Exception):
    """No key at hand opens this box, or it was changed on its way."""


class TooLarge(Exception):
    """More than the largest box holds."""


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """What a code yields: a key pair of hers, and the token that finds her conversation."""

    secret: bytes
    public: bytes
    lookup: bytes


def keys_of(code: str) -> CodeKeys:
    """The keys of a normal code."""
    raw = hashlib.pbkdf2_hmac("sha512", code.encode(), _SALT, _ROUNDS, 64)
    return CodeKeys(raw[:32], bytes(PrivateKey(raw[:32]).public_key), raw[32:])


def key_id(public: bytes) -> bytes:
    """The short name of a public key, which stands on a box in clear."""
    return hashlib.sha256(public).digest()[:_ID]


def padded(plain: bytes) -> bytes:
    """Filled up to the next of SIZES. Raises TooLarge."""
    for size in SIZES:
        if len(plain) < size:
            return plain + b"\x80" + b"\0" * (size - len(plain) - 1)
    raise TooLarge(len(plain))


def seal(public: bytes, plain: bytes) -> bytes:
    """A box of hers for the organization's key. Raises TooLarge."""
    one_time = PrivateKey.generate()
    sealed = Box(one_time, PublicKey(public)).encrypt(padded(plain))
    return HERS + key_id(public) + bytes(one_time.public_key) + bytes(sealed)


def size_class(box: bytes) -> int:
    """Which of SIZES a box of hers holds. Raises NotABox."""
    if box[:1] != HERS or len(box) - HERS_MORE not in SIZES:
        raise NotABox
    return SIZES.index(len(box) - HERS_MORE)


def answer_size_class(box: bytes) -> int:
    """Which of SIZES an answer holds. Raises NotABox."""
    if box[:1] != ANSWER or len(box) - ANSWER_MORE not in SIZES:
        raise NotABox
    return SIZES.index(len(box) - ANSWER_MORE)


def named_key(box: bytes) -> bytes:
    """The id of the organization's key on a box."""
    return box[1 : 1 + _ID]


def open_hers(secret: bytes, box: bytes) -> bytes:
    """What she wrote, with the organization's secret key. Raises NotABox or WrongKey."""
    size_class(box)
    start = 1 + _ID
    return _opened(secret, box[start : start + _KEY], box[start + _KEY :])


def answer(secret: bytes, her_public: bytes, plain: bytes) -> bytes:
    """An answer of the organization to her. Raises TooLarge, and WrongKey where her key is none."""
    try:
        sealed = Box(PrivateKey(secret), PublicKey(her_public)).encrypt(padded(plain))
    except CryptoError as error:
        raise WrongKey from error
    return ANSWER + key_id(bytes(PrivateKey(secret).public_key)) + bytes(sealed)


def open_answer(her_secret: bytes, public: bytes, box: bytes) -> bytes:
    """An answer, with her key, that was surely sealed by the owner of `public`. Raises NotABox or WrongKey."""
    answer_size_class(box)
    return _opened(her_secret, public, box[1 + _ID :])


def _opened(secret: bytes, public: bytes, sealed: bytes) -> bytes:
    try:
        plain = bytes(Box(PrivateKey(secret), PublicKey(public)).decrypt(sealed))
    except CryptoError as error:  # a public key that is none is one of these, too
        raise WrongKey from error
    end = plain.rfind(b"\x80")
    if end < 0:
        raise NotABox
    return plain[:end]
