"""What a file is, told from its bytes alone: nothing is decoded here, and its name counts for nothing."""

MOST = 8  # photos in one message
MOST_BYTES = 12 * 1024 * 1024  # of all photos in one message
KINDS = ("jpeg", "png", "webp")
# Beginnings of what a photo has no use for: such a file is two things at once. Trailers that cameras
# write behind the picture (motion photos) are none of these.
_OTHER = (b"%pdf-", b"<script", b"<html", b"<!doctype", b"<?php", b"<svg ", b"<svg\n")
_ARCHIVE = b"PK\x05\x06"  # short: it only counts where an archive has it, at the end
_TAIL = 65557


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
    small = content.lower()
    return any(mark in small for mark in _OTHER) or _ARCHIVE in content[-_TAIL:]
