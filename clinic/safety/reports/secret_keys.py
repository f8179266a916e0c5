"""The organization's secret keys, on its own machine: each in a file that a passphrase opens.

signing.key      signs the list of public keys; used once or twice a year, kept apart
box-<id>.key     opens what was sealed for it
"""

import json
from dataclasses import dataclass
from pathlib import Path

from nacl import pwhash, utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from clinic.safety.reports import boxes

SIGNING = "signing.key"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work it is to try a passphrase (argon2id)."""

    operations: int
    memory: int


STRONG = Effort(pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
WEAK = Effort(pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN)  # of the demo's made-up key


class WrongPassphrase(Exception):
    """The passphrase does not open this file, or the file was changed."""


def make_signing(folder: Path, passphrase: str, effort: Effort = STRONG) -> SigningKey:
    """A new signing key in `folder`. Raises FileExistsError."""
    key = SigningKey.generate()
    _write(folder / SIGNING, bytes(key), passphrase, effort)
    return key


def make_box(folder: Path, passphrase: str, effort: Effort = STRONG) -> bytes:
    """A new key to open notes with, in `folder`; its public half."""
    key = PrivateKey.generate()
    public = bytes(key.public_key)
    _write(folder / f"box-{boxes.key_id(public).hex()}.key", bytes(key), passphrase, effort)
    return public


def signing(folder: Path, passphrase: str) -> SigningKey:
    """The signing key. Raises OSError and WrongPassphrase."""
    return SigningKey(_read(folder / SIGNING, passphrase))


def box_keys(folder: Path, passphrase: str) -> dict[bytes, bytes]:
    """Every key that opens notes: its id, and the secret. Raises WrongPassphrase."""
    found = {}
    for path in sorted(folder.glob("box-*.key")):
        secret = _read(path, passphrase)
        found[boxes.key_id(bytes(PrivateKey(secret).public_key))] = secret
    return found


def _write(path: Path, secret: bytes, passphrase: str, effort: Effort) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    sealed = SecretBox(_stretched(passphrase, salt, effort)).encrypt(secret)
    held = {
        "operations": effort.operations,
        "memory": effort.memory,
        "salt": salt.hex(),
        "sealed": bytes(sealed).hex(),
    }
    with path.open("x") as file:
        path.chmod(0o600)
        json.dump(held, file)


def _read(path: Path, passphrase: str) -> bytes:
    held = json.loads(path.read_text())
    key = _stretched(passphrase, bytes.fromhex(held["salt"]), Effort(held["operations"], held["memory"]))
    try:
        return bytes(SecretBox(key).decrypt(bytes.fromhex(held["sealed"])))
    except CryptoError as error:
        raise WrongPassphrase(path.name) from error


def _stretched(passphrase: str, salt: bytes, effort: Effort) -> bytes:
    return pwhash.argon2id.kdf(SecretBox.KEY_SIZE, passphrase.encode(), salt, effort.operations, effort.memory)
