"""The organization's archive, on its own machine: a folder of boxes that stay sealed there.

    boxes/<conversation>-<place>   what came from the server, as it came
    out/                           answers that wait to be carried to the server; sent/: those that were

Whatever is read is opened in memory. The folder may be copied and backed up: without a key it is shut.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clinic.safety.reports import boxes
from clinic.safety.reports.content import ANSWER, CANARY, Content, Unreadable, pack, unpack
from clinic.safety.reports.exchange import NotAnExchange, Thing

Secrets = Mapping[bytes, bytes]  # id of a key: its secret
NAME = 8  # hex digits by which people call a conversation


class Unknown(Exception):
    """There is no such conversation here, or several begin like that."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of hers, opened."""

    rid: bytes
    n: int
    week: date
    key_id: bytes
    content: Content

    @property
    def name(self) -> str:
        return self.rid.hex()[:NAME]


@dataclass(frozen=True, slots=True)
class Shut:
    """A box that cannot be opened: `why` is "key" (none of ours) or "content"."""

    path: Path
    key_id: str
    why: str


class Vault:
    """The folder."""

    def __init__(self, folder: Path) -> None:
        self._boxes, self._out, self._sent = folder / "boxes", folder / "out", folder / "sent"
        for path in (self._boxes, self._out, self._sent):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take_in(self, things: Iterable[Thing]) -> int:
        """Keep what an export brings; how many boxes were new. Raises NotAnExchange."""
        new = 0
        for head, box in things:
            try:
                rid, n, week = bytes.fromhex(head["rid"]), int(head["n"]), date.fromisoformat(head["week"])
            except (KeyError, ValueError, TypeError) as error:
                raise NotAnExchange from error
            path = self._boxes / f"{rid.hex()}-{n}"
            if not path.exists():
                path.write_bytes(week.isoformat().encode() + b"\n" + box)
                new += 1
        return new

    def letters(self, secrets: Secrets) -> Iterator[Letter | Shut]:
        """Everything that came, opened, by week and conversation; our own canaries as well."""
        for path in sorted(self._boxes.iterdir(), key=lambda path: (_week(path), path.name)):
            rid, _, n = path.name.partition("-")
            week, _, box = path.read_bytes().partition(b"\n")
            key_id = boxes.named_key(box)
            try:
                content = unpack(boxes.open_hers(secrets[key_id], box))
            except (KeyError, boxes.WrongKey, boxes.NotABox):
                yield Shut(path, key_id.hex(), "key")
            except Unreadable:
                yield Shut(path, key_id.hex(), "content")
            else:
                yield Letter(bytes.fromhex(rid), int(n), date.fromisoformat(week.decode()), key_id, content)

    def conversation(self, secrets: Secrets, name: str) -> tuple[Letter, ...]:
        """All letters of the conversation whose name begins so, the first one first. Raises Unknown."""
        found = [
            letter
            for letter in self.letters(secrets)
            if isinstance(letter, Letter)
            and letter.rid.hex().startswith(name.lower())
            and letter.content.kind != CANARY
        ]
        if not name or len({letter.rid for letter in found}) != 1:
            raise Unknown(name)
        return tuple(sorted(found, key=lambda letter: letter.n))

    def answer(self, secrets: Secrets, letters: Sequence[Letter], text: str) -> None:
        """Seal an answer to whoever wrote `letters`, with the key that opened the newest, and put it aside.

        Raises WrongKey where the note names no key, TooLarge.
        """
        letter, newest = letters[0], letters[-1]
        secret = secrets[newest.key_id]
        plain = pack(Content(ANSWER, {"text": text}))
        box = boxes.answer(secret, letter.content.reply_to, plain)
        number = len(list(self._out.iterdir())) + len(list(self._sent.iterdir()))
        path = self._out / f"{letter.rid.hex()}-{number:06}"
        path.write_bytes(box)

    def outgoing(self, secrets: Secrets) -> Iterator[Thing]:
        """What the server is to know: answers, what we have and could open, the canaries' words."""
        for path in sorted(self._out.iterdir(), key=lambda path: path.name.partition("-")[2]):
            yield {"kind": "answer", "rid": path.name.partition("-")[0]}, path.read_bytes()
        for letter in self.letters(secrets):
            if isinstance(letter, Letter):
                yield {"kind": "have", "rid": letter.rid.hex(), "n": letter.n}, b""
                month, word = letter.content.said.get("month", ""), letter.content.said.get("word", "")
                if letter.content.kind == CANARY and re.fullmatch(r"\d{4}-\d\d-01", month):
                    yield {"kind": "canary", "month": month, "word": word}, b""

    def was_carried(self) -> None:
        """The answers have been written out: they are not written a second time."""
        for path in self._out.iterdir():
            path.rename(self._sent / path.name)


def _week(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline(20)
