"""No form of hers is written to the disk of her phone: what browsers do with a form, and what keeps them from it.

A browser keeps the body of each POST, and what stands in the fields, in the files of its open tabs, in clear,
so that a tab can be opened again. It leaves out fields that ask for no completion, and, in Chromium, the whole
body of a form that holds a password: so each form holds a filled password field that has no name and is never
sent. With a script, of an answer to a POST the address alone is kept as well (keshki.js); that alone would come
too late where the browser writes its tabs down in between.
"""

import re
from typing import Any

from jinja2.ext import Extension

FORM = re.compile(r"<form\b(?:[^>\"]|\"[^\"]*\")*>")
SHIELD = '<input type="password" value="-" autocomplete="one-time-code" hidden>'
STAFF = ("desk/", "staff/")


class Unwritten(Extension):
    """Completes every form of the public pages as a template is read, so that none can be forgotten."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """The template with its forms completed."""
        return source if name is not None and name.startswith(STAFF) else FORM.sub(_complete, source)


def _complete(found: re.Match[str]) -> str:
    tag = found[0]
    if 'method="post"' not in tag and "'post'" not in tag:
        return tag
    off = "" if "autocomplete=" in tag else ' autocomplete="off"'
    return f"{tag[:-1]}{off}>{SHIELD}"


def init(app: Any) -> None:
    """Let every template be read so."""
    app.jinja_env.add_extension(Unwritten)
