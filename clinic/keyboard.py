"""What was meant where the keyboard was switched to another script than the hand or the scanner thought.

The number row of the Kazakh layout of Windows and Android gives letters and points; a scanner types by place.
"""

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_ROW = dict(zip('"әіңғ,.үұқ', "1234567890", strict=True))
_ROW_LETTERS = {digit: sign for sign, digit in _ROW.items() if sign.isalpha()}
_TO_CYRILLIC = dict(zip(_LATIN, _CYRILLIC, strict=True))
_TO_LATIN = {
    **{sign: key for key, sign in _TO_CYRILLIC.items()},
    **{sign.upper(): key.upper() for key, sign in _TO_CYRILLIC.items()},
    "ө": "-",
    "һ": "=",
}


def cyrillic(sign: str) -> str:
    """The Russian or Kazakh letter on the key that gave a Latin sign or a digit; "" where there is none."""
    return _TO_CYRILLIC.get(sign.lower()) or _ROW_LETTERS.get(sign, "")


def digits(text: str) -> str | None:
    """The number that was typed on the Kazakh number row; None for anything else."""
    found = "".join(_ROW.get(sign, "x") for sign in text.lower())
    return found if found.isdigit() else None


def typed_in_latin(text: str) -> str:
    """What a scanner meant that typed Latin signs through a Cyrillic layout; Latin text comes back as it is."""
    kazakh = any(sign in _ROW and sign.isalpha() for sign in text.lower())
    row = {**_ROW, **{sign.upper(): digit for sign, digit in _ROW.items()}} if kazakh else {}
    if not kazakh and not any(sign in _TO_LATIN for sign in text):
        return text
    return "".join(row.get(sign) or _TO_LATIN.get(sign, sign) for sign in text)
