"""flask reports keys: the ceremony by which an organization makes, changes and signs its keys (docs/reports.md)."""

import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import click
from nacl.signing import SigningKey

from clinic import clock
from clinic.db import Text3
from clinic.safety.reports import key_list, secret_keys
from clinic.safety.reports.key_list import FILE, KeyList

VALID_DAYS = 400
FOLDER = click.Path(file_okay=False, path_type=Path)

folder_argument = click.argument("folder", type=FOLDER)
signing_option = click.option("--signing-passphrase", prompt=True, hide_input=True)
signing_file_option = click.option(
    "--signing", "signing_folder", type=FOLDER, help="the folder with signing.key, where it is kept apart"
)


@click.group("keys")
def keys() -> None:
    """The organization's keys, made and kept on its own machine."""


@keys.command("new")
@folder_argument
@click.option("--organization", required=True, help="its slug in the directory of the site")
@click.option("--kk", "name_kk", required=True, help="its name as women read it, in Kazakh")
@click.option("--ru", "name_ru", required=True)
@click.option("--en", "name_en", required=True)
@click.option("--signing-passphrase", prompt=True, hide_input=True, confirmation_prompt=True)
@click.option("--passphrase", prompt=True, hide_input=True, confirmation_prompt=True)
def new(
    folder: Path, organization: str, name_kk: str, name_ru: str, name_en: str, signing_passphrase: str, passphrase: str
) -> None:
    """Make a signing key, a first key to open notes with, and the signed list for the operator, in FOLDER."""
    try:
        signing = secret_keys.make_signing(folder, signing_passphrase)
    except FileExistsError:
        sys.exit(f"{folder} holds keys already; nothing was made.")
    public = secret_keys.make_box(folder, passphrase)
    found = KeyList(organization, Text3(name_kk, name_ru, name_en), _until(), (public,))
    _write(folder, key_list.signed(signing, found))
    click.echo(f"For the operator: {folder / FILE}, and this line:")
    click.echo(f"KESHKI_REPORT_KEY={bytes(signing.verify_key).hex()}")
    click.echo(f"On paper, to compare with the foot of the page /note: {key_list.shown(public)}")
    click.echo("Now copy the folder twice, and move signing.key to a place of its own (docs/reports.md).")


@keys.command("rotate")
@folder_argument
@signing_file_option
@signing_option
@click.option("--passphrase", prompt=True, hide_input=True)
def rotate(folder: Path, signing_folder: Path | None, signing_passphrase: str, passphrase: str) -> None:
    """Make a new key to open notes with; the older ones go on opening what was sealed for them."""
    signing, found = _held(folder, signing_folder, signing_passphrase)
    try:
        secret_keys.box_keys(folder, passphrase)
    except secret_keys.WrongPassphrase as error:
        sys.exit(f"This passphrase does not open {error}: a new key with another one would be half lost already.")
    public = secret_keys.make_box(folder, passphrase)
    _write(folder, key_list.signed(signing, replace(found, until=_until(), keys=(public, *found.keys))))
    click.echo(f"For the operator: {folder / FILE}. On paper: {key_list.shown(public)}")


@keys.command("sign")
@folder_argument
@click.option("--without", help="leave out the key with this fingerprint: its secret half is destroyed or was taken")
@signing_file_option
@signing_option
def sign(folder: Path, without: str | None, signing_folder: Path | None, signing_passphrase: str) -> None:
    """Sign the list anew, so that it is valid for another year."""
    signing, found = _held(folder, signing_folder, signing_passphrase)
    left = tuple(key for key in found.keys if key_list.shown(key).replace(" ", "") != (without or "").replace(" ", ""))
    if not left or (without and len(left) == len(found.keys)):
        sys.exit("That would leave no key, or there is none with this fingerprint.")
    _write(folder, key_list.signed(signing, replace(found, until=_until(), keys=left)))
    click.echo(f"For the operator: {folder / FILE}. In use: {key_list.shown(left[0])}")


def _held(folder: Path, signing_folder: Path | None, passphrase: str) -> tuple[SigningKey, KeyList]:
    try:
        signing = secret_keys.signing(signing_folder or folder, passphrase)
        found = key_list.read((folder / FILE).read_text(encoding="utf-8"), bytes(signing.verify_key))
    except OSError as error:
        sys.exit(f"Not found: {error.filename}.")
    except secret_keys.WrongPassphrase as error:
        sys.exit(f"This passphrase does not open {error}.")
    except key_list.Unsigned:
        sys.exit(f"{folder / FILE} was not signed with this key; nothing was changed.")
    return signing, found


def _until() -> date:
    return clock.today() + timedelta(days=VALID_DAYS)


def _write(folder: Path, text: str) -> None:
    fresh = folder / f"{FILE}.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(folder / FILE)
