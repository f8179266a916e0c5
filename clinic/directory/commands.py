"""flask locations: bring places in from a CSV file, and take them out into one."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import flask_babel
from flask.cli import AppGroup

from clinic.db import LANGUAGES, reading, writing
from clinic.directory import importing, seeding
from clinic.directory.tables import TableRefused

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

cli = AppGroup("locations", help="The places, from and to CSV files.")
_language = click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of the messages.")


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_language
def import_(file: Path, language: str) -> None:
    """Add and change the places of FILE, by their key: all of them, or none if there is a mistake.

    UTF-8, UTF-16 or Windows-1251; comma, semicolon or tab; as Excel saves it.
    """
    with flask_babel.force_locale(language):
        try:
            with writing() as s, click.progressbar(length=1, label=file.name, file=sys.stderr) as bar:

                def progress(done: int, of: int) -> None:
                    bar.length = of
                    bar.update(done - bar.pos)

                report = importing.import_locations(s, file.read_bytes(), progress)
        except TableRefused as refused:
            for mistake in refused.mistakes:
                where = _("Row %(row)s, column %(column)s", row=mistake.row, column=mistake.column or "–")
                click.echo(f"{where}: {mistake.message}" if mistake.row else mistake.message, err=True)
            click.echo(_("Nothing was imported."), err=True)
            sys.exit(1)
        click.echo(
            _(
                "Added: %(added)s. Changed: %(changed)s. As before: %(unchanged)s.",
                added=report.added,
                changed=report.changed,
                unchanged=report.unchanged,
            )
        )
        if report.hours_changed:
            click.echo(_("New hours, look at the appointments of: %(keys)s", keys=", ".join(report.hours_changed)))


@cli.command("seed")
def seed() -> None:
    """Load the services, the gazetteer and the places with a published source; again, if they have changed."""
    with writing() as s:
        seeding.load_real(s)


@cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_language
def export(file: Path, language: str) -> None:
    """Write all places into FILE (CSV, UTF-8 with a mark that Excel needs). It holds hidden addresses too."""
    with flask_babel.force_locale(language):
        with reading() as s:
            data = importing.export_locations(s)
        file.write_bytes(data)
        file.chmod(0o600)
        click.echo(_("Written: %(file)s", file=str(file)))
