"""What the proxy shows when the site itself does not answer: one file, in three languages, with the numbers."""

import os
from pathlib import Path

import click
from flask import Flask, current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from clinic.db import LANGUAGES
from clinic.safety import help_numbers

NUMBERS = ("112", "103", "102")


def page() -> str:
    """The whole page: no link into the site, no style sheet, nothing that would have to be fetched."""
    parts = []
    for language in LANGUAGES:
        with force_locale(language):
            parts.append(
                {
                    "language": language,
                    "title": _("This page does not open right now"),
                    "sentence": _("What was sent before stays. Please try again in a few minutes."),
                    "numbers": [(line.number, line.dial, line.name) for line in help_numbers.named(NUMBERS)],
                }
            )
    return current_app.jinja_env.get_template("site/away.html").render(parts=parts)  # there is no request


def write(path: Path) -> None:
    """Put the page where the proxy finds it, readable for everybody; whoever reads meanwhile gets the old one whole."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(page(), encoding="utf-8")
    draft.chmod(0o644)
    os.replace(draft, path)


def init(app: Flask) -> None:
    """`flask away-page FILE`."""

    @app.cli.command("away-page")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    def away_page(file: Path) -> None:
        """Write the page that the proxy shows while the site does not answer."""
        if not file.parent.is_dir():
            raise click.ClickException(f"Make the folder {file.parent} first.")
        write(file)
        click.echo(f"{file} is written: the proxy shows it while the site does not answer.")
