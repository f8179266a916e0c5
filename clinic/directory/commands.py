"""flask locations: bring places in from a CSV file, and take them out into one."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
import flask_babel
from flask.cli import AppGroup
from sqlalchemy import delete

from clinic import audit, clock, wording
from clinic.db import LANGUAGES, Text3, reading, writing
from clinic.directory import catalogue, hours_week, importing, preview, seeding
from clinic.directory.models import Decree
from clinic.directory.tables import TableRefused

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

cli = AppGroup("locations", help="The places, from and to CSV files.")
_language = click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of the messages.")


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Write it. Without this it is only shown what would be written.")
@_language
def import_(file: Path, yes: bool, language: str) -> None:
    """Show what FILE says of places; with --yes add and change them, by their key: all, or none if there is a mistake.

    UTF-8, UTF-16 or Windows-1251; comma, semicolon or tab; as Excel saves it.
    """
    with flask_babel.force_locale(language):
        try:
            if not yes:
                with reading() as s:
                    _show(preview.look(s, file.read_bytes(), clock.today()))
                return
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


def _show(plan: preview.Plan) -> None:
    """What was understood of a file, row by row."""
    language = wording.language_now()
    said = {"new": _("new"), "changed": _("changed"), "same": _("as before")}
    for row in plan.rows:
        town = row.city[language] + (" " + _("(its middle)") if row.approximate else "")
        phone = row.phone or _("no number")
        click.echo(f"{row.row}  {row.key}: {said[row.state]}. {row.name[language]}, {town}. {phone}")
        week = [f"{wording.weekday_short(day)} {hours_week.span_words(spans) or '–'}" for day, spans in row.week]
        click.echo("    " + ("; ".join(week) or _("no hours")))
    for warning in plan.warnings:
        click.echo(warning)
    click.echo(
        _(
            "New: %(new)s. Changed: %(changed)s. As before: %(same)s. Nothing was written yet: "
            "say it again with --yes if hours, numbers and towns are right.",
            new=plan.count("new"),
            changed=plan.count("changed"),
            same=plan.count("same"),
        )
    )


@cli.command("seed")
def seed() -> None:
    """Load the services, the gazetteer and the places with a published source; again, if they have changed."""
    with writing() as s:
        seeding.load_real(s)


@cli.command("decree")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("kind", type=click.Choice(("off", "work", "forget")))
@click.option("--kk", default="", help="What the day off is called, in Kazakh.")
@click.option("--ru", default="", help="The same in Russian.")
@click.option("--en", default="", help="The same in English.")
@click.option("--source", default="", help="Where it was published.")
def decree(day: datetime, kind: str, kk: str, ru: str, en: str, source: str) -> None:
    """Make DAY a day off or a working day in the whole country, against the calendar; or take that back."""
    with writing() as s:
        s.execute(delete(Decree).where(Decree.day == day.date()))
        if kind != "forget":
            s.add(Decree(day=day.date(), kind=kind, name=Text3(kk, ru, en), source=source))
        catalogue.changed(s)
        audit.record(s, clock.now(), "command line", f"decree.{kind}", day.date().isoformat())
    click.echo("Noted. Visits that lie outside the hours now stand on the page of closures of their place.")


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
