"""Taking in what she sends without letting any of it touch a disk, however large it is.

Werkzeug writes the larger parts of a form to temporary files; here they stay in memory. A part that
grows beyond what is allowed is read to its end and not kept, so that she gets a sentence and her text back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import IO, Any

from flask import Request, abort, request
from werkzeug.datastructures import FileStorage

from clinic.safety.reports import boxes, photos

MOST_BODY = 64 * 1024 * 1024  # read, not kept
MOST_FORM = 2 * 1024 * 1024  # of text: more than anybody types, so that too long a text comes back whole
MOST_PART = max(boxes.SIZES[-1] + boxes.HERS_MORE, photos.MOST_BYTES)
SMALL = 64 * 1024
AT_ONCE = 3  # of each size received at the same time by one process: the other threads stay free for everybody else


class Kept(BytesIO):
    """A file in memory that stops keeping when it has become too large."""

    is_cut = False

    def write(self, data: Any, /) -> int:
        if self.is_cut or self.tell() + len(data) > MOST_PART:
            self.is_cut = True
            self.seek(0)
            self.truncate()
            return len(data)
        return super().write(data)


class InMemory(Request):
    """A request whose files never become temporary files."""

    def _get_file_stream(self, *_about: Any, **_more: Any) -> IO[bytes]:
        return Kept()


_small, _large = BoundedSemaphore(AT_ONCE), BoundedSemaphore(AT_ONCE)


@contextmanager
def receiving() -> Iterator[None]:
    """Inside the block the form of this request may be as large as a note. Answers 413 or 503 where it can't be."""
    request.max_content_length = MOST_BODY
    request.max_form_memory_size = MOST_FORM
    length = request.content_length or 0
    if length > MOST_BODY:
        abort(413)
    places = _small if length <= SMALL else _large
    if not places.acquire(blocking=False):
        abort(503)
    try:
        yield
    finally:
        places.release()


def is_cut(file: FileStorage) -> bool:
    """Whether a file was too large to be kept."""
    return bool(getattr(file.stream, "is_cut", False))
