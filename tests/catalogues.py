"""`python -m tests.catalogues`: the three catalogues are complete, current and compile.

Prints each thing that is missing and exits 1. No Kazakh or Russian message may equal its English
source, but for the words that are the same in all languages.
"""

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("kk", "ru", "en")
SAME_EVERYWHERE = frozenset({"SMS", "Keshki", "Кешкі", "PIN", "%(number)s", "PrEP", "PEP", "JSON", "OpenAPI", "CSV"})
SEPARATORS = re.compile(r"(%\(\w+\)[sd]|\W)+")  # nothing but placeholders and punctuation


def wanted() -> Catalog:
    """Every message that code and templates use now."""
    with tempfile.NamedTemporaryFile(suffix=".pot") as found:
        command = [
            str(Path(sys.executable).parent / "pybabel"), "-q", "extract", "-F", "pyproject.toml",
            "-k", "lazy_gettext", "-k", "_l", "-k", "lazy_ngettext:1,2", "-o", found.name, ".",
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True)
        return read_po(io.BytesIO(Path(found.name).read_bytes()))


def stored(language: str) -> Catalog:
    with (ROOT / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language, domain="messages")


def first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def same_everywhere(text: str) -> bool:
    return text in SAME_EVERYWHERE or SEPARATORS.fullmatch(text) is not None


def complaints() -> Iterator[str]:
    """One line for each thing that is wrong."""
    code = [m for m in wanted() if m.id]
    keys = {(m.context, first(m)) for m in code}
    for language in LANGUAGES:
        catalogue = stored(language)
        write_mo(io.BytesIO(), catalogue)
        for message in code:
            held = catalogue.get(first(message), message.context)
            if held is None or not held.string or (not isinstance(held.string, str) and not all(held.string)):
                yield f"{language}: no translation of {first(message)!r}"
            elif held.fuzzy:
                yield f"{language}: fuzzy: {first(message)!r}"
            elif isinstance(message.id, str) is not isinstance(held.id, str):
                yield f"{language}: plural forms differ: {first(message)!r}"
        for message in catalogue:
            if not message.id:
                continue
            if (message.context, first(message)) not in keys:
                yield f"{language}: no longer used: {first(message)!r}"
            yield from (f"{language}: {first(message)!r}: {error}" for error in message.check(catalogue))
            if language != "en" and message.string == message.id and not same_everywhere(first(message)):
                yield f"{language}: same as the English: {first(message)!r}"


def main() -> int:
    found = list(complaints())
    print("\n".join(found) or "Catalogues: kk, ru, en complete.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
