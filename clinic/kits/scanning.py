"""What a hand scanner types for a box: a GS1 element string with GTIN (01), last day (17) and lot (10).

Scanners send the same code in several ways: with parentheses, with the separator FNC1 as the control sign
GS or as a picture of it, with the symbology in front (]C1, ]d2). Lengths of identifiers: GS1 General
Specifications, section 3 (application identifiers).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from clinic import keyboard
from clinic.kits import stock
from clinic.kits.refusals import BadLotNumber

LONGEST = 200
GS = "\x1d"
_FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
_VARIABLE = {"10": 20, "21": 20, "22": 20, "30": 8, "37": 8, "240": 30, "241": 30, "242": 6, "243": 20, "250": 30,
             "251": 30, "254": 20, "400": 30, **{str(n): 20 for n in range(710, 717)}}  # fmt: skip
_MARKED = re.compile(r"\(GS\)|<GS>|\{GS\}|\[GS\]|␝|\\x1d|\\u001d|[\x1c-\x1f]", re.IGNORECASE)
_SYMBOLOGY = re.compile(r"^\]?(?:C1|d2|Q3|e0)(?=[\x1d(\d])")


@dataclass(frozen=True, slots=True)
class Scan:
    """A box: GTIN of 14 digits, lot number, the last day on which it may be given, how many are in it (0: not said).

    `other_keyboard`: it was typed through a Cyrillic layout; nothing in the code proves that the lot is right.
    """

    gtin: str
    lot: str
    expires_on: date
    quantity: int = 0
    other_keyboard: bool = False


class ScanUnreadable(ValueError):
    """The text is no such code; `message` is a sentence for whoever pasted it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.message: Any = _MESSAGES[kind]


_MESSAGES: dict[str, Any] = {
    "empty": _l("Nothing was scanned."),
    "unknown": _l("This is not the code of a box. Scan the square code, or type the lot and the date."),
    "cut": _l("The code was cut off. Scan it again, or type the lot and the date."),
    "check": _l("A digit of the code is wrong. Scan it again, or type the lot and the date."),
    "date": _l("The date in the code does not exist. Type the lot and the date from the box."),
    "lot": _l("The lot in the code cannot be read. Type the lot and the date from the box."),
    "missing": _l("The code holds no lot or no date. Type them from the box."),
}


def scan(text: str) -> Scan:
    """The box that a scanner's text means. Raises ScanUnreadable."""
    meant = keyboard.typed_in_latin(text.strip())
    plain = _MARKED.sub(GS, meant)
    if not plain.strip(GS):
        raise ScanUnreadable("empty")
    if len(plain) > LONGEST:
        raise ScanUnreadable("unknown")
    plain = _SYMBOLOGY.sub("", plain.lstrip(GS)).lstrip(GS)
    found = _bracketed(plain) if plain.startswith("(") else _run_together(plain)
    if "01" not in found:
        raise ScanUnreadable("missing" if found else "unknown")
    if not _checks(found["01"]):
        raise ScanUnreadable("check")
    if "17" not in found or "10" not in found:
        raise ScanUnreadable("missing")
    try:
        lot = stock.lot_number_of(found["10"])
    except BadLotNumber as error:
        raise ScanUnreadable("lot") from error
    many = found.get("30") or found.get("37") or "0"
    quantity = int(many) if many.isascii() and many.isdigit() else 0
    return Scan(found["01"], lot, _day(found["17"]), quantity, meant != text.strip())


def _bracketed(text: str) -> dict[str, str]:
    """Identifiers in parentheses: what stands between two of them is the value."""
    if re.search(r"\(\d{0,4}$", text):
        raise ScanUnreadable("cut")
    found: dict[str, str] = {}
    parts = re.split(r"\((\d{2,4})\)", text)
    if parts[0].strip(f" {GS}"):
        raise ScanUnreadable("unknown")
    for identifier, raw in zip(parts[1::2], parts[2::2], strict=True):
        value = raw.replace(" ", "").strip(GS)
        length = _FIXED.get(identifier)
        if length is not None and (len(value) != length or not value.isdigit()):
            raise ScanUnreadable("cut" if len(value) < length else "unknown")
        if not value:
            raise ScanUnreadable("cut")
        found[identifier] = value
    return found


def _run_together(text: str) -> dict[str, str]:
    """Identifiers without parentheses: those of fixed length follow one another, others end with GS."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if text[at] == GS:
            at += 1
            continue
        identifier = next((text[at : at + n] for n in (2, 3) if text[at : at + n] in _FIXED | _VARIABLE), None)
        if identifier is None:
            raise ScanUnreadable("cut" if found and len(text) - at < 3 else "unknown")
        at += len(identifier)
        length = _FIXED.get(identifier)
        if length is not None:
            value = text[at : at + length]
            if len(value) < length or GS in value:
                raise ScanUnreadable("cut")
            if not (value.isascii() and value.isdigit()):
                raise ScanUnreadable("unknown")
        else:
            value = text[at:].split(GS, 1)[0]
            if not value:
                raise ScanUnreadable("cut")
            if len(value) > _VARIABLE[identifier]:
                raise ScanUnreadable("unknown")
        found[identifier] = value
        at += len(value)
    return found


def _checks(gtin: str) -> bool:
    """The check digit of GS1: weights 3 and 1 from the right, the sum a multiple of ten."""
    digits = [int(sign) for sign in gtin]
    return sum(digit * (3 if n % 2 == 0 else 1) for n, digit in enumerate(digits[:-1])) % 10 == -digits[-1] % 10


def _day(yymmdd: str) -> date:
    """YYMMDD; a day 00 is the last of the month. Kits last few years, so that the century is this one."""
    year, month, day = 2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    try:
        return date(year, month, day or monthrange(year, month)[1])
    except ValueError as error:
        raise ScanUnreadable("date") from error
