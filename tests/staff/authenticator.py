"""A device in a few lines: makes a passkey and answers questions, also wrongly when a test wants it to."""

import json
from hashlib import sha256
from os import urandom
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


class Authenticator:
    """One device with one passkey, in a browser that says it is on `origin`."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = urandom(32)
        self.handle = b""

    def make(self, question: str, flags: int = PRESENT | VERIFIED) -> str:
        """The answer to a question for a new passkey."""
        asked = json.loads(question)
        self.handle = base64url_to_bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + encode_cbor(public)
        data = self._data(asked["rp"]["id"], flags | ATTESTED) + attested
        made = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._sent({"clientDataJSON": client, "attestationObject": made})

    def answer(self, question: str, flags: int = PRESENT | VERIFIED) -> str:
        """The answer to a question at the sign-in."""
        asked = json.loads(question)
        client = self._client("webauthn.get", asked["challenge"])
        data = self._data(asked["rpId"], flags)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._sent({**parts, "userHandle": self.handle})

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, host: str, flags: int) -> bytes:
        return sha256(host.encode()).digest() + bytes([flags]) + bytes(4)  # a counter that stays 0, as phones send it

    def _sent(self, response: dict[str, bytes]) -> str:
        packed: dict[str, Any] = {name: bytes_to_base64url(part) for name, part in response.items()}
        own = bytes_to_base64url(self.id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": packed})
