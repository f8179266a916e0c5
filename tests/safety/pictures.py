"""Photos that say when and where they were taken: real ones, made by Pillow, in each format that a note takes."""

import io
import struct
from zlib import crc32

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

SECRET = b"planted-inside"
MADE = b"2026:11:24 19:40:00"
XMP = b'<?xpacket begin=""?><x:xmpmeta>planted-inside 43.24,76.95</x:xmpmeta>'


def exif(side: int) -> Image.Exif:
    """Camera, moment, position, and which side is up."""
    found = Image.Exif()
    found[0x010F] = SECRET.decode()
    found[0x9003] = found[0x0132] = MADE.decode()
    found.get_ifd(0x8825).update({1: "N", 2: (43.0, 14.0, 24.0), 3: "E", 4: (76.0, 57.0, 0.0), 29: "2026:11:24"})
    if side != 1:
        found[0x0112] = side
    return found


def drawn(mode: str = "RGB") -> Image.Image:
    """Something that is not the same turned round."""
    picture = Image.new(mode, (63, 31), 90 if mode == "L" else (90, 20, 160, 255)[: len(mode)])
    picture.paste(Image.new(mode, (20, 9), 200 if mode == "L" else (240, 200, 0, 120)[: len(mode)]), (3, 2))
    return picture


def jpeg(side: int = 1, **options: object) -> bytes:
    """A JPEG with EXIF, XMP, IPTC, a comment, and a film with a position behind it."""
    out = io.BytesIO()
    mode = str(options.pop("mode", "RGB"))
    options = {"exif": exif(side), "comment": SECRET, "xmp": XMP, "icc_profile": colours(), **options}
    drawn(mode).save(out, "JPEG", quality=90, **options)
    content = out.getvalue()
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + SECRET
    content = content[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + content[2:]
    return content + b"\0\0\0\x18ftypmp42" + SECRET + MADE


def png(side: int = 1, mode: str = "RGBA") -> bytes:
    """A PNG with text, EXIF, the moment of its last change, and something behind its end."""
    out, info = io.BytesIO(), PngInfo()
    info.add_text("Location", SECRET.decode())
    info.add_text("Zipped", SECRET.decode() * 9, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    drawn(mode).save(out, "PNG", pnginfo=info, exif=exif(side), icc_profile=None if mode == "L" else colours())
    content, time = out.getvalue(), b"tIME" + struct.pack(">HBBBBB", 2026, 11, 24, 19, 40, 0)
    chunk = struct.pack(">I", 7) + time + struct.pack(">I", crc32(time))
    return content[:33] + chunk + content[33:] + SECRET


def webp(side: int = 1, mode: str = "RGB", lossless: bool = False) -> bytes:
    """A WebP with EXIF and XMP."""
    out = io.BytesIO()
    drawn(mode).save(out, "WEBP", lossless=lossless, exif=exif(side), xmp=XMP, icc_profile=colours())
    return out.getvalue()


def colours() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


EVERY = [
    *(("jpeg", jpeg(side)) for side in (1, 3, 6, 8)),
    ("jpeg", jpeg(6, progressive=True)),
    ("jpeg", jpeg(1, mode="L", icc_profile=None)),
    ("jpeg", jpeg(6, mode="CMYK", icc_profile=None)),
    ("jpeg", jpeg(1, restart_marker_blocks=1)),
    ("png", png()), ("png", png(6)), ("png", png(8, "L")),
    ("webp", webp()), ("webp", webp(6)), ("webp", webp(3, "RGBA")), ("webp", webp(6, lossless=True)),
]  # fmt: skip
NAMES = [f"{kind} {n}" for n, (kind, _content) in enumerate(EVERY)]
