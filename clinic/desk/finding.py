"""What is typed at the desk: a number and the first letter of the noun, "27 т", in any order and script."""

import re
import unicodedata
from hashlib import blake2b

from clinic import keyboard
from clinic.privacy import keys

_NUMBER_LETTER = re.compile(r"(?P<number>[0-9]{1,5})[\s.,:;/-]*(?P<letter>[^\W\d_])[^\d]*")
_LETTER_NUMBER = re.compile(r"(?P<letter>[^\W\d_])[^\d]*?[\s.,:;/-]*(?P<number>[0-9]{1,5})")


_BY_ROW = re.compile(r"(?P<number>[^\s]{1,5})(?:\s+(?P<word>[^\W\d_]+)|(?P<letter>[^\W\d_]))")
_ROW_AFTER = re.compile(r"(?P<word>[^\W\d_]+)\s+(?P<number>[^\s]{1,5})")
_KEY_AFTER = re.compile(r"(?P<number>[0-9]{1,5})(?:\s+(?P<digit>[0-9,.])|\s*(?P<sign>[;'\[\]`]))")


def parse(text: str) -> tuple[int, str] | None:
    """(27, "т") of "27 т", "27т", "Тюльпан 27"; None when number or letter is missing."""
    found = readings(text)
    return found[0] if found else None


def readings(text: str) -> tuple[tuple[int, str], ...]:
    """What may have been meant, the likeliest first: as it stands, then as the keys of another layout would give it."""
    text = text.strip().lstrip("№#")
    text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf").strip()
    if len(text) > 60:
        return ()
    found = _NUMBER_LETTER.fullmatch(text) or _LETTER_NUMBER.fullmatch(text)
    if found is not None:
        number, letter = found["number"], found["letter"].lower()
        other = keyboard.cyrillic(letter)
        meant = [(number, letter), *([(number, other)] if other else [])]
    elif (key := _KEY_AFTER.fullmatch(text)) is not None:
        other = keyboard.cyrillic(key["digit"] or key["sign"])
        meant = [(key["number"], other)] if other else []
    else:
        meant = _by_row(text.lower())
    return tuple((int(number), letter) for number, letter in meant if int(number))


def _by_row(text: str) -> list[tuple[str, str]]:
    """A number typed on the Kazakh number row, before or after its word."""
    for pattern in (_BY_ROW, _ROW_AFTER):
        found = pattern.fullmatch(text)
        number = keyboard.digits(found["number"]) if found else None
        if found and number:
            return [(number, (found.groupdict().get("word") or found["letter"])[0])]
    return []


def token_of(rid: bytes) -> str:
    """What stands for a visit in the form: the same all day, and nothing that leads back to it."""
    return blake2b(rid, key=keys.ring().lasting("first time"), digest_size=24).hexdigest()
