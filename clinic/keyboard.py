"""What was meant where the keyboard was switched to another script than the hand or the scanner thought.

The number row of the Kazakh layout of Windows and Android gives letters and points; a scanner types by place.
"""

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_ROW = dict(zip('"әіңғ,.үұқ', "1234567890", strict=True))
_ROW_LETTERS = {digit: sign for sign, digit in _ROW.items() if sign.isalpha()}
_TO_CYRILLIC = dict(zip(_LATIN, _CYRILLIC, strict=True))
_TO_LATIN = {sign.upper(): key.upper() for key, sign in _TO_CYRILLIC.items()} | {"ө": "-"}
_PREFIX = {sign: key for key, sign in _TO_CYRILLIC.items()}


def cyrillic(sign: str) -> str:
    """The Russian or Kazakh letter on the key that gave a Latin sign or a digit; "" where there is none."""
    return _TO_CYRILLIC.get(sign.lower()) or _ROW_LETTERS.get(sign, "")


def digits(text: str) -> str | None:
    """The number that was typed on the Kazakh number row; None for anything else."""
    found = "".join(_ROW.get(sign, "x") for sign in text.lower())
    return found if found.isdigit() else None


def typed_in_latin(text: str) -> str:
    """What a scanner meant that typed through a Cyrillic layout; Latin text comes back as it is.

    Codes of boxes are in capitals: small Cyrillic letters were typed by somebody, and stay.
    """
    if text.startswith("ъ"):  # "]C1": which kind of code it is
        text = "]" + _PREFIX.get(text[1:2], text[1:2]) + text[2:]
    kazakh = any(sign in _ROW and sign.isalpha() for sign in text)
    row = _ROW if kazakh else {}
    return "".join(row.get(sign) or _TO_LATIN.get(sign, sign) for sign in text)
