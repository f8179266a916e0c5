"""What a message holds: answers to the questions that monitors ask, her own words, photos, whole.

    length of the JSON (4 bytes) · JSON · the photos one after another

The words below are what the boxes say; what people read stands in `labels.py`.
"""

import json
import re
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
MOST_HEAD, MOST_PHOTOS, MOST_CHOSEN = 1024 * 1024, 20, 30  # of what is read from a box
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069]")

REPORT, MORE, CANARY, ANSWER = "report", "more", "canary", "answer"


class Unreadable(Exception):
    """A box that opened and holds nothing that we know."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it was sealed, and what kind of file it is."""

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
    """The message in an opened box, whoever wrote it: only texts, and none that plays with a terminal.

    Raises Unreadable.
    """
    end = 4 + int.from_bytes(plain[:4], "big")
    if end > MOST_HEAD:
        raise Unreadable
    try:
        head = json.loads(plain[4:end])
        kind, reply_to = _plain(head["kind"]), bytes.fromhex(head["reply_to"])
        said = {_plain(name): _plain_or_list(value) for name, value in head["said"].items()}
        sizes = [(_plain(name), int(size)) for name, size in head["photos"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable from error
    if len(reply_to) not in (0, 32) or len(sizes) > MOST_PHOTOS or any(size < 0 for _, size in sizes):
        raise Unreadable
    photos = []
    for name, size in sizes:
        photos.append(Photo(name, plain[end : end + size]))
        end += size
    if end != len(plain):
        raise Unreadable
    return Content(kind, said, reply_to, tuple(photos))


def _plain_or_list(value: Any) -> str | list[str]:
    return [_plain(one) for one in value[:MOST_CHOSEN]] if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return _UNSEEN.sub("", value.encode("utf-8", "replace").decode())
