"""The organization's public keys, in a list that it signs on a machine of its own.

The operator gets two things: the list (`report-keys.txt`, in the folder of KESHKI_KEYS) and the key that
verifies it (KESHKI_REPORT_KEY). Whoever changes the list on the server cannot sign it again, and the site
does not start with it.

    first line   the signature of all that follows, in hex
    the rest     JSON: organization, name, until, keys (the newest first)
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from flask import Flask, current_app
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from clinic import clock
from clinic.config import ConfigError, Settings
from clinic.db import Text3
from clinic.safety.reports import boxes

FILE = "report-keys.txt"
EXTENSION = "keshki.reports"
FINGERPRINT = 20  # hex digits: 80 bits


class Unsigned(Exception):
    """The list does not bear the organization's signature, or cannot be read."""


@dataclass(frozen=True, slots=True)
class KeyList:
    """Who reads what she writes, and with which keys; new boxes are sealed for the first of them."""

    organization: str  # its slug in the directory: its coordinators see that boxes wait
    name: Text3
    until: date
    keys: tuple[bytes, ...]

    @property
    def in_use(self) -> bytes:
        return self.keys[0]

    def named(self, key_id: bytes) -> bytes | None:
        """The key of this id, in use or retired."""
        return next((key for key in self.keys if boxes.key_id(key) == key_id), None)


def signed(signing: SigningKey, found: KeyList) -> str:
    """The list as a file."""
    body = json.dumps(
        {
            "organization": found.organization,
            "name": {"kk": found.name.kk, "ru": found.name.ru, "en": found.name.en},
            "until": found.until.isoformat(),
            "keys": [key.hex() for key in found.keys],
        },
        ensure_ascii=False,
        indent=1,
    )
    return f"{signing.sign(body.encode()).signature.hex()}\n{body}\n"


def read(text: str, verify: bytes) -> KeyList:
    """The list in a file, if the owner of `verify` signed it. Raises Unsigned."""
    signature, _, body = text.partition("\n")
    try:
        VerifyKey(verify).verify(body.rstrip("\n").encode(), bytes.fromhex(signature.strip()))
        held = json.loads(body)
        keys = tuple(bytes.fromhex(key) for key in held["keys"])
        found = KeyList(held["organization"], Text3(**held["name"]), date.fromisoformat(held["until"]), keys)
    except (BadSignatureError, ValueError, KeyError, TypeError) as error:
        raise Unsigned from error
    if not keys or any(len(key) != 32 for key in keys):
        raise Unsigned
    return found


def shown(key: bytes) -> str:
    """A fingerprint to compare by eye with the one on the organization's paper; too long to be imitated."""
    digits = hashlib.sha256(key).hexdigest()[:FINGERPRINT]
    return " ".join(digits[i : i + 4] for i in range(0, FINGERPRINT, 4))


def init(app: Flask, settings: Settings) -> None:
    """Read the list. Raises ConfigError, one sentence, when it is missing or not the organization's own."""
    app.extensions[EXTENSION] = _load(settings)


def _load(settings: Settings) -> KeyList | None:
    if settings.report_key is None:
        return None
    path = settings.keys / FILE
    try:
        return read(path.read_text(encoding="utf-8"), bytes.fromhex(settings.report_key))
    except OSError as error:
        raise ConfigError(f"Put the organization's signed list at {path}, or unset KESHKI_REPORT_KEY.") from error
    except Unsigned as error:
        raise ConfigError(
            f"Get {path} anew from the organization: it is not signed by the owner of KESHKI_REPORT_KEY."
        ) from error


def installed() -> KeyList | None:
    """The list that was put here, also when it has run out; None where nobody reads notes."""
    found: KeyList | None = current_app.extensions.get(EXTENSION)
    return found


def current() -> KeyList | None:
    """The list in force; None where nobody reads notes, or no longer."""
    found = installed()
    return found if found is not None and clock.today() <= found.until else None
