"""flask kits: the kit types with their steps, the points, and a person's word that a leaflet was followed."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import update

from clinic import clock
from clinic.db import writing
from clinic.directory import catalogue
from clinic.directory.tables import TableRefused
from clinic.kits import seeding
from clinic.kits.models import KitType
from clinic.wording import gettext as _
from clinic.wording import speaking

cli = AppGroup("kits", help="Self-test kits and the points that hand them over.")


@cli.command("seed")
def seed() -> None:
    """Load the kit types and their steps; nobody is shown one before it was checked."""
    with writing() as s:
        seeding.load_types(s)


@cli.command("points")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def points(file: Path) -> None:
    """Make points of known locations: a CSV file with the columns of seeds/kits/points.csv."""
    with speaking("en"):
        try:
            with writing() as s:
                seeding.load_points(s, file.read_bytes())
        except TableRefused as refused:
            for mistake in refused.mistakes:
                where = _("Row %(row)s, column %(column)s", row=mistake.row, column=mistake.column or "–")
                click.echo(f"{where}: {mistake.message}" if mistake.row else mistake.message, err=True)
            sys.exit(1)


@cli.command("checked")
@click.argument("number", type=int)
@click.option("--by", required=True, help="Who compared steps and reading window with the leaflet in the box.")
def checked(number: int, by: str) -> None:
    """Note that kit type NUMBER follows its leaflet: from now on it is offered."""
    with writing() as s:
        noted = s.execute(
            update(KitType).where(KitType.number == number).values(checked_on=clock.today(), checked_by=by[:80])
        )
        if noted.rowcount == 0:  # type: ignore[attr-defined]
            sys.exit(f"There is no kit type {number}.")
        catalogue.changed(s)
