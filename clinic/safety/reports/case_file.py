"""A conversation as a folder for a lawyer: what was said, and the photos without what cameras write into them."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinic.safety.reports import labels, photo_reader
from clinic.safety.reports.content import Photo
from clinic.safety.reports.vault import Letter
from clinic.wording import gettext as _
from clinic.wording import language_now

_WORDS: dict[str, Any] = {
    "what": labels.WHAT,
    "when": labels.WHEN,
    "who": labels.WHO,
    "evidence": labels.EVIDENCE,
    "status": labels.STATUS,
}


def said_lines(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Question and answer in words, in the order of the form; what nobody knows stands as it came."""
    lines = []
    for name, question in labels.QUESTIONS.items():
        value = said.get(name)
        if value:
            values = value if isinstance(value, list) else [value]
            lines.append((str(question), ", ".join(_word(name, one) for one in values)))
    return lines


def _word(name: str, value: Any) -> str:
    if name == "region" and value in labels.REGIONS:
        return labels.REGIONS[value][language_now()]
    return str(_WORDS.get(name, {}).get(value, value))


def text_of(letters: Sequence[Letter]) -> str:
    """The whole conversation as Markdown."""
    parts = [f"# {letters[0].name}\n"]
    for letter in letters:
        week = _("Week of %(day)s", day=letter.week.isoformat())
        parts.append(f"## {week}\n")
        parts += [f"**{question}**\n\n{answer}\n" for question, answer in said_lines(letter.content.said)]
        if letter.content.photos:
            parts.append(_("Photos: %(count)s", count=len(letter.content.photos)) + "\n")
    return "\n".join(parts)


def write(letters: Sequence[Letter], folder: Path, originals: bool) -> list[str]:
    """Make the folder; the names of photos that could not be read safely and are left out.

    `originals` adds the photos as they came (with what she kept inside) and their SHA-256. Raises FileExistsError.
    """
    folder.mkdir(parents=True, mode=0o700)
    (folder / "case.md").write_text(text_of(letters), encoding="utf-8")
    unread, sums = [], []
    for number, photo in enumerate((p for letter in letters for p in letter.content.photos), 1):
        copy = cleaned(photo)
        if copy is None:
            unread.append(f"photo-{number}")
        else:
            (folder / f"photo-{number}.jpg").write_bytes(copy)
        if originals:
            kind = photo.kind if photo.kind in ("jpeg", "png", "webp") else "bin"
            (folder / f"original-{number}.{kind}").write_bytes(photo.content)
            sums.append(f"{hashlib.sha256(photo.content).hexdigest()}  original-{number}.{kind}\n")
    if sums:
        (folder / "SHA256SUMS").write_text("".join(sums))
    return unread


def cleaned(photo: Photo) -> bytes | None:
    """A copy without metadata, made by a process that holds no secret; None when it is no picture."""
    try:
        done = subprocess.run(  # noqa: S603 - our own file, no shell
            [sys.executable, "-I", photo_reader.__file__],
            input=photo.content,
            capture_output=True,
            env={},
            cwd="/",
            timeout=2 * photo_reader.SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None
