"""Whether letters were once read in a wrong table and saved so: "Р¦РµРЅС‚СЂ" for "Центр", "гЕОФТ" for "Центр".

Two kinds. UTF-8 that was opened as Windows-1251 or 1252 gives pairs of strange letters; each word turns back by
itself. A text in KOI8-R or ISO 8859-5 that was opened as Windows-1251 gives Russian letters, only others: there the
letters that Russian and Kazakh use most are rare, and become frequent again in the right table.
"""

import re

_WORD = re.compile(r"[^\s.,;:!?()\"'/\\-]{2,}")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_OFTEN = frozenset("аоеиінтрслдықм")
_SELDOM = 0.5  # share of the frequent letters in a text that is none; a real one has about 0.7
_ENOUGH = 15  # letters, below which nothing can be said
_OTHER_TABLES = ("koi8-r", "iso8859-5", "cp866", "mac-cyrillic")


def twice_encoded(text: str) -> bool:
    """Whether a word of the text is UTF-8 that was read as Windows-1251 or 1252."""
    return any(_turned_back(word) for word in _WORD.findall(text))


def wrong_table(text: str) -> bool:
    """Whether a whole text makes sense only in another table of Cyrillic letters."""
    letters = "".join(_CYRILLIC.findall(text))
    if len(letters) < _ENOUGH or _share(letters) >= _SELDOM:
        return False
    raw = letters.encode("cp1251", "ignore")
    return any(_share(raw.decode(table, "ignore")) > max(_share(letters) + 0.15, _SELDOM) for table in _OTHER_TABLES)


def cyrillic(text: str) -> bool:
    """Whether a text holds a Cyrillic letter."""
    return bool(_CYRILLIC.search(text))


def _turned_back(word: str) -> bool:
    for table in ("cp1251", "cp1252", "latin-1"):
        try:
            meant = word.encode(table).decode("utf-8")
        except UnicodeError:
            continue
        if meant != word and _CYRILLIC.search(meant):
            return True
    return False


def _share(letters: str) -> float:
    """How many of the Cyrillic letters are those that are used most."""
    found = _CYRILLIC.findall(letters.lower())
    return sum(letter in _OFTEN for letter in found) / len(found) if found else 0.0
