"""What a message holds: answers to the questions that monitors ask, her own words, photos, whole.

    length of the JSON (4 bytes) · JSON · the photos one after another

The words below are what the boxes say; what people read stands in `labels.py`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WHAT = ("stopped", "money", "beaten", "forced", "threatened", "exposed", "tested", "refused", "taken", "held", "other")
WHEN = ("days", "month", "year", "earlier", "ongoing")
WHO = ("police", "official", "client", "family", "manager", "medic", "landlord", "strangers", "other")
EVIDENCE = ("photos", "messages", "papers", "medical", "witnesses", "injuries", "none")
STATUS = ("citizen", "resident", "temporary", "none")
REGIONS = (
    "75",
    "71",
    "79",
    "10",
    "11",
    "15",
    "19",
    "23",
    "27",
    "31",
    "33",
    "35",
    "39",
    "43",
    "47",
    "55",
    "59",
    "61",
    "62",
    "63",
)  # fmt: skip  ISO 3166-2:KZ
MOST_TEXT = 20_000

REPORT, MORE, CANARY, ANSWER = "report", "more", "canary", "answer"


class Unreadable(Exception):
    """A box that opened and holds nothing that we know."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it came, and what kind of file it is."""

    kind: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """One message. `said` holds the answers by name ("what": [...], "text": "…"); `reply_to` is her public key."""

    kind: str
    said: dict[str, Any] = field(repr=False)
    reply_to: bytes = b""
    photos: Sequence[Photo] = ()


def pack(content: Content) -> bytes:
    """The bytes to be sealed."""
    head = {
        "kind": content.kind,
        "said": content.said,
        "reply_to": content.reply_to.hex(),
        "photos": [[photo.kind, len(photo.content)] for photo in content.photos],
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join([len(text).to_bytes(4, "big"), text, *(photo.content for photo in content.photos)])


def unpack(plain: bytes) -> Content:
    """The message in an opened box, whoever wrote it. Raises Unreadable."""
    end = 4 + int.from_bytes(plain[:4], "big")
    try:
        head = json.loads(plain[4:end])
        kind, said, reply_to = str(head["kind"]), head["said"], bytes.fromhex(head["reply_to"])
        sizes = [(str(name), int(size)) for name, size in head["photos"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable from error
    if not isinstance(said, dict) or len(reply_to) not in (0, 32) or any(size < 0 for _, size in sizes):
        raise Unreadable
    photos = []
    for name, size in sizes:
        photos.append(Photo(name, plain[end : end + size]))
        end += size
    if end != len(plain):
        raise Unreadable
    return Content(kind, said, reply_to, tuple(photos))
