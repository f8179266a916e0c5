"""A photo without what its camera wrote beside the picture: place, time, device, thumbnail, a film behind it.

The file is cut along its own segments; the picture itself is copied byte for byte and never decoded. What is not
known to be part of the picture goes. Only which side is up is kept. `static/seal.js` does the same in her browser.
"""

from collections.abc import Iterator
from zlib import crc32

_PNG = b"\x89PNG\r\n\x1a\n"
# What a picture is made of, and its colours
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD pHYs acTL fcTL fdAT".split()
)
_WEBP_KEPT = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 8, 4
_EXIF = b"Exif\0\0"
_ADOBE, _COLOURS = b"Adobe", b"ICC_PROFILE\0"
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_APP, _COMMENT = range(0xE0, 0xF0), 0xFE
_JFIF = b"JFIF\0"
_SIDE_UP = 0x0112


class Broken(Exception):
    """The file can not be followed along its segments, so nobody knows what is in it."""


def bare(kind: str, content: bytes) -> bytes:
    """The picture alone, of "jpeg", "png" or "webp". Raises Broken."""
    try:
        return {"jpeg": _jpeg, "png": _png, "webp": _webp}[kind](content)
    except (IndexError, ValueError) as cut:
        raise Broken from cut


def _jpeg(content: bytes) -> bytes:
    out, side, at, seen = [], 1, 2, False
    while True:
        if at >= len(content):
            break
        if content[at] != 0xFF:
            raise Broken
        while content[at] == 0xFF:
            at += 1
        marker = content[at]
        at += 1
        if marker == _EOI:
            out.append(b"\xff\xd9")
            break
        if marker == 0 or marker == 1 or 0xD0 <= marker <= _SOI:
            raise Broken
        length = int.from_bytes(content[at : at + 2], "big")
        body = content[at + 2 : at + length]
        if length < 2 or len(body) != length - 2:
            raise Broken
        at += length
        if marker == _APP1 and body.startswith(_EXIF) and side == 1:
            side = _side_up(body[len(_EXIF) :])
        out.append(_kept(marker, body))
        if marker == _SOS:
            seen, end = True, _scan_end(content, at)
            out.append(content[at:end])
            at = end
    if not seen:
        raise Broken
    head = b"" if side == 1 else _segment(_APP1, _EXIF + _only(side))
    first = [out.pop(0)] if out[0].startswith(b"\xff\xe0") else []
    return b"".join([b"\xff\xd8", *first, head, *out])


def _kept(marker: int, body: bytes) -> bytes:
    """A segment as it goes on; nothing where it is no part of the picture."""
    if marker == 0xE0:  # without the small picture inside
        return _segment(marker, body[:12] + b"\0\0") if body.startswith(_JFIF) and len(body) >= 14 else b""
    if (marker == 0xE2 and body.startswith(_COLOURS)) or (marker == 0xEE and body.startswith(_ADOBE)):
        return _segment(marker, body)
    return b"" if marker in _APP or marker >= 0xF0 else _segment(marker, body)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _scan_end(content: bytes, at: int) -> int:
    """Where the picture's own bytes end: at the next marker that is neither stuffing nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        following = content[at + 1]
        if following == 0 or 0xD0 <= following <= 0xD7:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at


def _png(content: bytes) -> bytes:
    out, side, at, seen = [_PNG], 1, len(_PNG), False
    while True:
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        chunk = content[at : at + 12 + length]
        if len(chunk) != 12 + length:
            raise Broken
        at += len(chunk)
        if name == b"eXIf":
            side = _side_up(chunk[8:-4])
        seen = seen or name == b"IDAT"
        if name in _PNG_KEPT:
            out.append(chunk)
        if name == b"IEND":
            break
    if not seen:
        raise Broken
    if side != 1:
        body = b"eXIf" + _only(side)
        out.insert(2, (len(body) - 4).to_bytes(4, "big") + body + crc32(body).to_bytes(4, "big"))
    return b"".join(out)


def _webp(content: bytes) -> bytes:
    out, side = [], 1
    for name, body in _riff(content):
        if name == b"EXIF":
            side = _side_up(body.removeprefix(_EXIF))
        if name in _WEBP_KEPT:
            out.append([name, body])
    if not any(name in (b"VP8 ", b"VP8L", b"ANMF") for name, _body in out):
        raise Broken
    if out[0][0] == b"VP8X":
        flags = out[0][1][0] & ~(_HAS_EXIF | _HAS_XMP)
        if side != 1:
            flags |= _HAS_EXIF
            out.append([b"EXIF", _only(side)])
        out[0][1] = bytes((flags,)) + out[0][1][1:]
    chunks = b"".join(n + len(b).to_bytes(4, "little") + b + b"\0" * (len(b) % 2) for n, b in out)
    return b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks


def _riff(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(content[4:8], "little")
    if end > len(content) + 1:  # the last padding may be missing
        raise Broken
    while at + 8 <= end:
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + length]
        if len(body) != length:
            raise Broken
        yield content[at : at + 4], body
        at += 8 + length + length % 2


def _side_up(tiff: bytes) -> int:
    """Which side is up, 1 to 8, as the camera wrote it; 1 where it did not."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if order == "little" else "big")

    first = number(4, 4)
    for entry in range(first + 2, first + 2 + 12 * min(number(first, 2), 1000), 12):
        if number(entry, 2) == _SIDE_UP and number(entry + 2, 2) == 3:
            side = number(entry + 8, 2)
            return side if 1 <= side <= 8 else 1
    return 1


def _only(side: int) -> bytes:
    """The least that says which side is up."""
    return b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes((side,)) + b"\0" * 7
