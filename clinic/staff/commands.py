"""`flask staff …`: the first accounts, and the way back where nobody is left at /staff/people."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from clinic import audit, clock
from clinic.db import LANGUAGES, writing
from clinic.directory.models import Location, Organization
from clinic.staff import accounts, second_factor
from clinic.staff.models import ROLES

cli = AppGroup("staff", help="The people who work here.")
ACTOR = "command line"


@cli.command("add")
@click.argument("login")
@click.option("--location", "location_keys", multiple=True, metavar="KEY", help="Their place (its key or slug).")
@click.option("--organization", "organization_slugs", multiple=True, metavar="SLUG", help="All places of it.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be repeated.")
@click.option("--name", required=True, help="Shown to colleagues.")
@click.option("--language", default="ru", type=click.Choice(LANGUAGES), help="Of their pages.")
def add(
    login: str,
    location_keys: tuple[str, ...],
    organization_slugs: tuple[str, ...],
    roles: tuple[str, ...],
    name: str,
    language: str,
) -> None:
    """Make the account LOGIN; prints its random password and PIN, once."""
    if not location_keys and not organization_slugs:
        sys.exit("No account was made: give --location KEY or --organization SLUG.")
    password, pin = accounts.new_password(), accounts.new_pin()
    try:
        with writing() as s:
            person = accounts.add(s, login, name, language, password, pin)
            for key in location_keys:
                found = s.scalar(select(Location.id).where((Location.key == key) | (Location.slug == key)))
                if found is None:
                    raise accounts.AccountError(f"there is no location {key}")
                for role in roles:
                    accounts.give_role(s, person, role, None, found)
            for slug in organization_slugs:
                found = s.scalar(select(Organization.id).where(Organization.slug == slug))
                if found is None:
                    raise accounts.AccountError(f"there is no organization {slug}")
                for role in roles:
                    accounts.give_role(s, person, role, found, None)
            audit.record(s, clock.now(), ACTOR, "staff added", person.login)
    except accounts.AccountError as error:
        sys.exit(f"No account was made: {error}.")
    click.echo(f"Login:    {person.login}\nPassword: {password}\nPIN:      {pin}\nThey are not shown again.")


@cli.command("password")
@click.argument("login")
def password(login: str) -> None:
    """Give LOGIN a new random password and PIN (printed once); ends its open sign-ins."""
    secret, pin = accounts.new_password(), accounts.new_pin()
    try:
        with writing() as s:
            person = accounts.named(s, login)
            accounts.set_password(s, person, secret)
            accounts.set_pin(person, pin)
            audit.record(s, clock.now(), ACTOR, "password changed", person.login)
    except accounts.AccountError as error:
        sys.exit(f"Nothing was changed: {error}.")
    click.echo(f"Login:    {person.login}\nPassword: {secret}\nPIN:      {pin}\nThey are not shown again.")


@cli.command("second")
@click.argument("login")
def second(login: str) -> None:
    """Take the second factors of LOGIN (a lost phone); at the next sign-in another one is set up."""
    try:
        with writing() as s:
            person = accounts.named(s, login)
            second_factor.reset(s, person.id)
            audit.record(s, clock.now(), ACTOR, "second.reset", person.login)
    except accounts.AccountError as error:
        sys.exit(f"Nothing was changed: {error}.")
    click.echo(f"{person.login} has no second factor any more, and is signed out.")


@cli.command("off")
@click.argument("login")
def off(login: str) -> None:
    """Switch LOGIN off; whoever is signed in with it is out at the next click."""
    try:
        with writing() as s:
            person = accounts.named(s, login)
            accounts.switch_off(person, clock.now())
            audit.record(s, clock.now(), ACTOR, "staff switched off", person.login)
    except accounts.AccountError as error:
        sys.exit(f"Nothing was changed: {error}.")
    click.echo(f"{person.login} is switched off.")
