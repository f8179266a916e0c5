"""How names are compared: a *key* in Latin letters in which the ways to write a name meet; and other keyboards.

Latin by anyascii, then folded so that the many ways to write a Kazakh name in Latin letters meet
(Qaraghandy, Karagandy, Karaganda).
"""

import re
import unicodedata

from anyascii import anyascii

_FOLDS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"['`]", ""),
        (r"[^a-z0-9]+", " "),
        (r"\br n\b", "raion"),  # the short form р-н
        (r"shch|sch", "sh"),
        (r"dzh|zh|dj|j", "zh"),  # Dzhambul, Zhambyl, Jambyl
        (r"tch|ch", "sh"),  # Chimkent, Shymkent
        (r"gh", "g"),
        (r"kh", "h"),
        (r"c(?=[eiy])|ts|tz", "s"),
        (r"q|ck|c", "k"),
        (r"x", "ks"),
        (r"w", "u"),
        (r"y", "i"),
        (r"\bie", "e"),  # Yesil, Esil
        (r"([a-z])\1+", r"\1"),
    )
)
# What anyascii would write otherwise than people do.
_LETTERS = {ord("ң"): "н", ord("ş"): "sh", ord("ç"): "ch", ord("ñ"): "n"}

_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = str.maketrans(
    _QWERTY + _QWERTY[:10].upper() + "ASDFGHJKLZXCVBNM", _RUSSIAN + "ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ"
)
_TO_LATIN = str.maketrans(_RUSSIAN, _QWERTY)


def key_of(text: str) -> str:
    """A name as it is compared: Latin, lower case, only letters, digits and single spaces."""
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " if c not in "'’ʼ`" else "" for c in text)
    key = anyascii(unicodedata.normalize("NFKC", kept).casefold().translate(_LETTERS)).lower()
    for pattern, to in _FOLDS:
        key = pattern.sub(to, key)
    return " ".join(key.split())


def keys_of(words: str) -> frozenset[str]:
    """The keys of all words of a text."""
    return frozenset(key for word in words.split() for key in key_of(word).split())


def other_keyboard(text: str) -> str:
    """What the same keys would have written on the other keyboard ("fkvfns" is "алматы"); "" if letters are mixed."""
    letters = [c for c in text.casefold() if c.isalpha()]
    if letters and all(c in _QWERTY for c in letters):
        return text.translate(_TO_RUSSIAN)
    if letters and all(c in _RUSSIAN for c in letters):
        return text.casefold().translate(_TO_LATIN)
    return ""
