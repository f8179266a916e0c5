"""Notes for tests: the organization's machine, her page, what was planted."""

import io
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import Flask
from flask.testing import FlaskClient
from nacl.signing import SigningKey
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, stream_encode_multipart

from clinic import clock
from clinic.config import EXTENSION, Settings
from clinic.db import Text3, reading, writing
from clinic.privacy import keys
from clinic.safety.reports import boxes, conversations, demo, exchange, key_list, post, secret_keys
from clinic.safety.reports.content import REPORT, Content, pack
from clinic.safety.reports.key_list import KeyList
from clinic.safety.reports.vault import Letter, Vault
from tests.conftest import EVENING, Maker
from tests.desk.conftest import Desk, furnish
from tests.site.conftest import hidden

PAIR = boxes.keys_of("ABCEHKMPTXY2345")
PLANTED = "Planted-рассказ-7731"
SCAN = b"\xff\xd8\xff\xda\0\x08\1\1\0\0\x3f\0"  # a JPEG up to its picture, which ends with the file
JPEG = SCAN + b"planted-in-the-photo" + b"\0" * 2000


def png(inside: bytes) -> bytes:
    """A PNG of these bytes, which nobody decodes."""
    parts = ((b"IHDR", b"\0" * 13), (b"IDAT", inside), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + name + body + crc32(name + body).to_bytes(4, "big") for name, body in parts
    )


@dataclass
class Office:
    """The organization: an archive, and the demo's secret keys."""

    app: Flask
    vault: Vault

    @property
    def settings(self) -> Settings:
        found: Settings = self.app.extensions[EXTENSION]
        return found

    @property
    def secrets(self) -> dict[bytes, bytes]:
        return secret_keys.box_keys(self.settings.keys / demo.FOLDER, demo.PASSPHRASE)

    def fetch(self, now: Any) -> list[Letter]:
        """Export on the server, open here: every letter in the archive."""
        with reading() as s:
            carried = io.BytesIO(b"".join(post.outgoing(s, now)))
        self.vault.take_in(exchange.read(exchange.NOTES, carried))
        return [one for one in self.vault.letters(self.secrets) if isinstance(one, Letter)]

    def send(self, now: Any) -> post.Taken:
        """Carry answers and receipts to the server."""
        carried = io.BytesIO(b"".join(exchange.written(exchange.ANSWERS, self.vault.outgoing(self.secrets))))
        self.vault.was_carried()
        with writing() as s:
            return post.take(s, exchange.read(exchange.ANSWERS, carried), now)


def office(app: Flask, folder: Path) -> Office:
    return Office(app, Vault(folder))


def page(she: FlaskClient) -> dict[str, Any]:
    """The fields of a page of hers opened now."""
    return {"token": hidden(she.get("/ru/note"), "token")[0], "act": "send"}


def post_form(she: FlaskClient, fields: dict[str, Any]) -> TestResponse:
    """Send a form with files. The client's own way would write large ones to temporary files."""
    stream, _length, boundary = stream_encode_multipart(fields, use_tempfile=False)
    with stream:
        body = stream.read()
    return she.post("/ru/note", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def write(she: FlaskClient, **fields: Any) -> TestResponse:
    """Write a note as a browser without a script does."""
    return post_form(she, {**page(she), **fields})


def file(content: bytes, name: str = "a.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(content), name)


def code_of(answer: TestResponse) -> str:
    found = re.search(r"data-note-code>([^<]+)<", answer.text)
    assert found, answer.text
    return found[1]


def opened(she: FlaskClient, code: str, **fields: Any) -> TestResponse:
    return post_form(she, {"code": code, "act": "open", **fields})


def a_reading_desk(make_app: Maker) -> Desk:
    """A desk whose organization reads notes: PAIR opens them."""
    signing = SigningKey.generate()
    environ = make_app.environ(extra={"KESHKI_REPORT_KEY": bytes(signing.verify_key).hex()})
    until = EVENING.date() + timedelta(days=400)
    listed = KeyList("org", Text3("Ұйым", "Организация", "Org"), until, (PAIR.public,))
    Path(environ["KESHKI_KEYS"], key_list.FILE).write_text(key_list.signed(signing, listed))
    app = make_app.on(environ)
    keys.ring().advance(EVENING.date(), leap_days=100)
    return furnish(app)


def notes(n: int) -> None:
    """So many notes for PAIR."""
    with writing() as s:
        for _ in range(n):
            box = boxes.seal(PAIR.public, pack(Content(REPORT, {"text": PLANTED})))
            conversations.begin(s, os.urandom(32), box, clock.now())
