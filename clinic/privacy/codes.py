"""Her secret code: 15 signs that read alike in Latin and Cyrillic, about 63 bits.

The database holds only a keyed hash, so that a copy of it can't be searched for codes.
"""

import secrets
from hashlib import blake2b

from clinic.privacy import keys

ALPHABET = "ABCEHKMPTXY23456789"
LENGTH = 15
_CYRILLIC = str.maketrans("АВСЕНКМРТХУ", "ABCEHKMPTXY")
_DROPPED = dict.fromkeys(map(ord, " \t\r\n-–—_.\u00a0\u202f\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069"))


def new() -> str:
    """A fresh code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normal(typed: str) -> str | None:
    """What she typed as a code: either script, any case, spaces and dashes ignored; None if it is none."""
    text = typed[:200].translate(_DROPPED).upper().translate(_CYRILLIC)
    return text if len(text) == LENGTH and set(text) <= set(ALPHABET) else None


def shown(code: str) -> str:
    """The code in groups of five, as it stands on her screen."""
    return " ".join(code[i : i + 5] for i in range(0, LENGTH, 5))


def hash_(code: str) -> bytes:
    """What the database keeps of a normal code."""
    return blake2b(code.encode(), key=keys.ring().lasting("code"), digest_size=32).digest()
