"""The two files that are carried between the server and the organization's machine.

A line that names the file, then for each thing a line of JSON that says what it is and how long its bytes
are, and these bytes. Both ways it holds sealed boxes only.
"""

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from clinic.safety.reports import boxes

NOTES, ANSWERS = b"KESHKI NOTES 1\n", b"KESHKI ANSWERS 1\n"
_MOST = boxes.SIZES[-1] + boxes.HERS_MORE
Thing = tuple[dict[str, Any], bytes]


class NotAnExchange(Exception):
    """This is not such a file, or it was cut off or changed."""


def written(title: bytes, things: Iterable[Thing]) -> Iterator[bytes]:
    """The file in pieces."""
    yield title
    for head, body in things:
        yield json.dumps({**head, "bytes": len(body)}).encode() + b"\n" + body
    yield b'{"end": true, "bytes": 0}\n'


def read(title: bytes, file: IO[bytes]) -> Iterator[Thing]:
    """The things in a file, one after another. Raises NotAnExchange, at the latest at its end."""
    if file.readline(64) != title:
        raise NotAnExchange
    while True:
        try:
            head = json.loads(file.readline(2000))
            size = int(head.pop("bytes"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotAnExchange from error
        if head.get("end"):
            return
        if not 0 <= size <= _MOST:
            raise NotAnExchange
        body = file.read(size)
        if len(body) != size:
            raise NotAnExchange
        yield head, body
