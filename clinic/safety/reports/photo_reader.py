"""Reads one photo of unknown origin and writes a clean copy: run as a program of its own, without secrets.

`python -I photo_reader.py` takes the file on its standard input and gives a JPEG without metadata on its
standard output. It is given no key, no environment, no room to write, little memory and little time. It
imports nothing of ours.
"""

import io
import resource
import sys

MOST_PIXELS = 60_000_000
MEMORY = 1024 * 1024 * 1024
SECONDS = 30
FORMATS = ("JPEG", "PNG", "WEBP")


def shut_in() -> None:
    """Take from this process what reading a picture does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clean(content: bytes) -> bytes:
    """The picture alone, the right way up. Raises whatever the decoder does."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(content), formats=FORMATS) as found:
        if found.width * found.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture = ImageOps.exif_transpose(found).convert("RGB")
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=92)
    return out.getvalue()


if __name__ == "__main__":
    shut_in()
    try:
        sys.stdout.buffer.write(clean(sys.stdin.buffer.read()))
    except Exception as error:  # whatever a hostile file makes a decoder do
        sys.exit(type(error).__name__)
