"""flask pages: bring the texts of a folder in."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from clinic import clock
from clinic.db import writing
from clinic.safety.pages import seeding

cli = AppGroup("pages", help="Help, rights and guidance in words.")


@cli.command("seed")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=seeding.SEEDS)
def seed(folder: Path) -> None:
    """Load the texts of FOLDER (seeds/pages); nobody is shown one before it was checked."""
    try:
        with writing() as s:
            added = seeding.load(s, clock.today(), folder)
    except seeding.FileRefused as refused:
        sys.exit(str(refused))
    click.echo(f"{added} versions added.")
