"""What a file is, told from its bytes alone: nothing is decoded here, and its name counts for nothing."""

import re

MOST = 8  # photos in one message
MOST_BYTES = 12 * 1024 * 1024  # of all photos in one message
KINDS = ("jpeg", "png", "webp")
# Beginnings of what a photo has no use for: such a file is two things at once. Trailers that cameras
# write behind the picture (motion photos) are none of these.
_OTHER = re.compile(rb"%PDF-|<script|<html|<!doctype|<\?php|<svg\s|PK\x05\x06.{18}", re.IGNORECASE | re.DOTALL)


def kind(content: bytes) -> str | None:
    """ "jpeg", "png" or "webp"; None for everything else."""
    if content[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR":
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return None


def is_two_things(content: bytes) -> bool:
    """Whether a photo is a document, a page or an archive as well."""
    found = _OTHER.search(content)
    # the mark of an archive is short: it only counts where an archive would have it, at the end
    while found is not None and found[0].startswith(b"PK") and found.start() < len(content) - 65557:
        found = _OTHER.search(content, found.end())
    return found is not None
