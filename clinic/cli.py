"""flask commands: keys, setting up, the worker, forgetting, and whether the site may open."""

import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from clinic import clock
from clinic.privacy import keys as day_keys

keys = AppGroup("keys", help="The keys outside the database.")


@keys.command("new", with_appcontext=False)
@click.argument("folder", type=click.Path(path_type=Path), envvar="KESHKI_KEYS")
def keys_new(folder: Path) -> None:
    """Make the lasting key and the day key in FOLDER (or in KESHKI_KEYS)."""
    try:
        day_keys.make(folder, clock.today())
    except (FileExistsError, OSError) as error:
        sys.exit(f"No keys were made: {error}.")
    click.echo(f"Keys made in {folder}. Copy lasting.key to a safe place; never copy day.key.")


@keys.command("advance", with_appcontext=False)
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("folder", type=click.Path(path_type=Path), envvar="KESHKI_KEYS")
def keys_advance(day: click.DateTime, folder: Path) -> None:
    """Confirm that today is DAY, and destroy the keys of the days before it."""
    today = day.date()  # type: ignore[attr-defined]
    if today > clock.today():
        sys.exit(f"{today} has not come yet: today is {clock.today()}.")
    day_keys.KeyRing(folder).advance(today, leap_days=100_000)
    click.echo(f"The oldest day that can be opened is {today}.")


def init(app: Flask) -> None:
    """Register the commands that need the app."""
    import importlib

    for room in ("directory", "staff"):
        try:
            app.cli.add_command(importlib.import_module(f"clinic.{room}.commands").cli)
        except ImportError:
            continue
