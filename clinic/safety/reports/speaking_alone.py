"""Our words on a machine that has no site: the organization's tools speak a language without settings or a database."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_babel import Babel

from clinic.catalogues import compile_stale
from clinic.config import ROOT
from clinic.wording import speaking


@contextmanager
def speaking_alone(language: str) -> Iterator[None]:
    """Inside the block `gettext` speaks `language`."""
    folder = ROOT / "translations"
    compile_stale(folder)
    app = Flask("clinic")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(folder)
    Babel(app)
    with app.app_context(), speaking(language):
        yield
