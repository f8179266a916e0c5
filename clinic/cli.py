"""flask commands: keys, the worker, forgetting, backups, and whether the site may open."""

import sys
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from clinic import backup as backups
from clinic import clock, start
from clinic import ready as readiness
from clinic import worker as background
from clinic.config import ConfigError, settings
from clinic.db import reading, writing
from clinic.directory import commands as places
from clinic.kits import commands as kits
from clinic.privacy import key_check
from clinic.privacy import keys as day_keys
from clinic.safety.pages import commands as pages
from clinic.safety.reports import commands as reports
from clinic.staff import commands as accounts

keys = AppGroup("keys", help="The keys outside the database.")


@keys.command("new", with_appcontext=False)
@click.argument("folder", type=click.Path(path_type=Path), envvar="KESHKI_KEYS")
def keys_new(folder: Path) -> None:
    """Make the lasting key and the day key in FOLDER (or in KESHKI_KEYS)."""
    _fit()
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
    _fit()
    today = day.date()  # type: ignore[attr-defined]
    if today > clock.today():
        sys.exit(f"{today} has not come yet: today is {clock.today()}.")
    try:
        day_keys.KeyRing(folder).advance(today, leap_days=100_000)
    except day_keys.KeysMissing as trouble:
        sys.exit(str(trouble))
    click.echo(f"The oldest day that can be opened is {today}.")


@keys.command("accept")
def keys_accept() -> None:
    """Go on with the keys of KESHKI_KEYS where those of the database are lost: old codes and numbers stay closed."""
    with writing() as s:
        key_check.accept(s, clock.now())
    click.echo("Noted: these are the keys of this database.")


@click.command("worker")
def worker() -> None:
    """Send messages, ask after them, forget what is to be forgotten: until it is stopped."""
    background.main(current_app._get_current_object())  # type: ignore[attr-defined]


@click.command("forget")
def forget() -> None:
    """Forget now whatever is due."""
    start.fit()
    click.echo(f"Forgotten: {_forgotten()} rows.")


def _fit() -> None:
    """A command that goes by the date is no safer than the worker: the same zone table, or a sentence and the end."""
    try:
        start.check_zone()
    except ConfigError as error:
        sys.exit(str(error))


def _forgotten() -> int:
    try:
        return background.forget_all(clock.now())
    except day_keys.ClockLeap as leap:
        sys.exit(f"Nothing was forgotten. {leap}")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the running SQLite database to FILE."""
    try:
        size = backups.write(settings(), file)
    except backups.RestoreRefused as refusal:
        sys.exit(str(refusal))
    click.echo(f"{size} bytes written to {file}. The keys are not in it.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the SQLite database, and forget at once what is due."""
    _fit()
    try:
        backups.restore(settings(), file)
    except backups.RestoreRefused as refusal:
        sys.exit(str(refusal))
    click.echo("Restored.")
    if start.schema_state() == "older":
        start.upgrade(current_app._get_current_object())  # type: ignore[attr-defined]
        click.echo("Brought up to date.")
    click.echo(f"Forgotten: {_forgotten()} rows.")


@click.group("ready", invoke_without_command=True)
@click.pass_context
def ready(context: click.Context) -> None:
    """Say what is missing before the site may open, then READY or NOT READY."""
    start.fit()
    if context.invoked_subcommand:
        return
    with reading() as s:
        found = list(readiness.missing(s))
    for sentence in found:
        click.echo(f"- {sentence}")
    click.echo("NOT READY" if found else "READY")
    sys.exit(1 if found else 0)


@ready.command("answer")
@click.argument("number", type=int)
@click.option("--by", required=True, help="who checked it")
def ready_answer(number: int, by: str) -> None:
    """Note that open question NUMBER has been answered by a person."""
    with writing() as s:
        known = readiness.answer(s, number, by, clock.today())
    if not known:
        sys.exit(f"There is no open question {number}.")
    click.echo("Noted.")


def init(app: Flask) -> None:
    """Register the commands that need the app."""
    for group in (places.cli, kits.cli, pages.cli, accounts.cli):
        group.callback = with_appcontext(start.fit)  # before each of its commands
    for command in (worker, forget, backup, restore, ready, places.cli, kits.cli, pages.cli, accounts.cli, reports.cli):
        app.cli.add_command(command)
