"""What is typed at the desk: a number and the first letter of the noun, "27 т", in any order and script."""

import re
import unicodedata
from hashlib import blake2b

from clinic.privacy import keys

_NUMBER_LETTER = re.compile(r"(?P<number>[0-9]{1,5})[\s.,:;/-]*(?P<letter>[^\W\d_])[^\d]*")
_LETTER_NUMBER = re.compile(r"(?P<letter>[^\W\d_])[^\d]*?[\s.,:;/-]*(?P<number>[0-9]{1,5})")


def parse(text: str) -> tuple[int, str] | None:
    """(27, "т") of "27 т", "27т", "Тюльпан 27"; None when number or letter is missing."""
    text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf").strip()
    if len(text) > 60:
        return None
    found = _NUMBER_LETTER.fullmatch(text) or _LETTER_NUMBER.fullmatch(text)
    if found is None or int(found["number"]) == 0:
        return None
    return int(found["number"]), found["letter"].lower()


def token_of(rid: bytes) -> str:
    """What stands for a visit in the form: the same all day, and nothing that leads back to it."""
    return blake2b(rid, key=keys.ring().lasting("first time"), digest_size=24).hexdigest()
