"""The organization's own tools: they need neither the site's settings nor its database, and no network."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from clinic import clock
from clinic.safety.reports import boxes, case_file, figures, secret_keys
from clinic.safety.reports.commands_keys import keys
from clinic.safety.reports.content import CANARY, REPORT, WHAT
from clinic.safety.reports.exchange import ANSWERS, NOTES, NotAnExchange, read, written
from clinic.safety.reports.speaking_alone import speaking_alone
from clinic.safety.reports.vault import Letter, Secrets, Shut, Unknown, Vault

FOLDER = click.Path(file_okay=False, path_type=Path)
vault_option = click.option(
    "--vault", "folder", type=FOLDER, envvar="KESHKI_VAULT", default=Path("vault"), help="the archive of boxes"
)
keys_option = click.option(
    "--keys", "key_folder", type=FOLDER, envvar="KESHKI_SECRET_KEYS", default=Path("keys"), help="the secret keys"
)
passphrase_option = click.option("--passphrase", prompt=True, hide_input=True, help="asked for unless it is given")
language_option = click.option("--lang", type=click.Choice(["kk", "ru", "en"]), default="ru")


def _secrets(folder: Path, passphrase: str) -> Secrets:
    try:
        found = secret_keys.box_keys(folder, passphrase)
    except secret_keys.WrongPassphrase as error:
        sys.exit(f"This passphrase does not open {error}.")
    if not found:
        sys.exit(f"There is no secret key in {folder}.")
    return found


@contextmanager
def _known(name: str) -> Iterator[None]:
    try:
        yield
    except Unknown:
        sys.exit(f"There is no conversation {name}, or several begin like that.")


@click.command("open")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@vault_option
@keys_option
@passphrase_option
def open_(file: Path, folder: Path, key_folder: Path, passphrase: str) -> None:
    """Take the server's export FILE into the archive, and say what of it opens."""
    vault = Vault(folder)
    secrets = _secrets(key_folder, passphrase)
    try:
        with file.open("rb") as content:
            new = vault.take_in(read(NOTES, content))
    except NotAnExchange:
        sys.exit(f"{file} is no whole export: fetch it again.")
    click.echo(f"{new} new boxes.")
    found = list(vault.letters(secrets))
    shut = [one for one in found if isinstance(one, Shut)]
    months = sorted(str(one.content.said.get("month")) for one in _letters(found, CANARY))
    click.echo(f"Canaries: {', '.join(months) or 'none yet'}.")
    for one in shut:
        why = f"no key here opens it (it names {one.key_id})" if one.why == "key" else "it holds nothing readable"
        click.echo(f"Shut: {one.path.name}: {why}.")


def _letters(found: list[Letter | Shut], kind: str) -> list[Letter]:
    return [one for one in found if isinstance(one, Letter) and one.content.kind == kind]


@click.command("list")
@click.option("--what", type=click.Choice(WHAT), help="only notes of this kind")
@click.option("--sort", type=click.Choice(("week", "what", "region")), default="week")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="only of weeks from this day on")
@vault_option
@keys_option
@passphrase_option
@language_option
def list_(
    what: str | None, sort: str, since: datetime | None, folder: Path, key_folder: Path, passphrase: str, lang: str
) -> None:
    """Every conversation: its name, week, messages and photos, what happened, where."""
    letters = [one for one in Vault(folder).letters(_secrets(key_folder, passphrase)) if isinstance(one, Letter)]
    with speaking_alone(lang):
        firsts = [one for one in letters if one.content.kind == REPORT]
        for first in sorted(firsts, key=lambda one: str(one.content.said.get(sort, ""))):
            said = first.content.said
            if (what and what not in said.get("what", ())) or (since and first.week < since.date()):
                continue
            own = [one for one in letters if one.rid == first.rid]
            about = dict(case_file.said_lines({k: v for k, v in said.items() if k in ("what", "region", "where")}))
            pictures = sum(len(one.content.photos) for one in own)
            click.echo(f"{first.name}  {first.week}  {len(own)}/{pictures}  {'; '.join(about.values())}")


@click.command("show")
@click.argument("name")
@vault_option
@keys_option
@passphrase_option
@language_option
def show(name: str, folder: Path, key_folder: Path, passphrase: str, lang: str) -> None:
    """Read one conversation on the screen; nothing is written."""
    with _known(name), speaking_alone(lang):
        click.echo(case_file.text_of(Vault(folder).conversation(_secrets(key_folder, passphrase), name)))


@click.command("case")
@click.argument("name")
@click.argument("target", type=FOLDER)
@click.option("--originals", is_flag=True, help="also the photos as they came, with what she kept inside")
@vault_option
@keys_option
@passphrase_option
@language_option
def case(name: str, target: Path, originals: bool, folder: Path, key_folder: Path, passphrase: str, lang: str) -> None:
    """Write one conversation into the new folder TARGET, for a lawyer: text, and photos without metadata."""
    try:
        with _known(name), speaking_alone(lang):
            letters = Vault(folder).conversation(_secrets(key_folder, passphrase), name)
            unread = case_file.write(letters, target, originals)
    except FileExistsError:
        sys.exit(f"{target} exists already: name a new folder.")
    click.echo(f"Written to {target}, in clear: keep it as you keep such papers.")
    for photo in unread:
        click.echo(f"{photo} is no picture that could be read safely: it is not among the copies.")


@click.command("figures")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@vault_option
@keys_option
@passphrase_option
@language_option
def figures_(file: Path, folder: Path, key_folder: Path, passphrase: str, lang: str) -> None:
    """Write a table without persons to FILE: whole fives, of the quarters that are over."""
    letters = [one for one in Vault(folder).letters(_secrets(key_folder, passphrase)) if isinstance(one, Letter)]
    with speaking_alone(lang), file.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out, delimiter=";").writerows(figures.rows(letters, clock.today()))
    click.echo(f"Written to {file}.")


@click.command("answer")
@click.argument("name")
@vault_option
@keys_option
@passphrase_option
def answer(name: str, folder: Path, key_folder: Path, passphrase: str) -> None:
    """Seal what comes on standard input as an answer to a conversation, and put it aside for `send`."""
    vault, secrets = Vault(folder), _secrets(key_folder, passphrase)
    with _known(name):
        letters = vault.conversation(secrets, name)
    text = sys.stdin.read().strip()
    if not text:
        sys.exit("There is nothing to send.")
    try:
        vault.answer(secrets, letters, text)
    except boxes.WrongKey:
        sys.exit("This note names no key to answer to.")
    click.echo("Sealed. Write the file for the server with `flask reports send`.")


@click.command("send")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@vault_option
@keys_option
@passphrase_option
def send(file: Path, folder: Path, key_folder: Path, passphrase: str) -> None:
    """Write FILE for the server: answers, and the names of the boxes that are safe here and may be erased there."""
    vault = Vault(folder)
    secrets = _secrets(key_folder, passphrase)
    try:
        with file.open("xb") as out:
            for piece in written(ANSWERS, vault.outgoing(secrets)):
                out.write(piece)
    except FileExistsError:
        sys.exit(f"{file} exists already: name a new file.")
    vault.was_carried()
    click.echo(f"{file.stat().st_size} bytes written to {file}.")


COMMANDS = (keys, open_, list_, show, case, figures_, answer, send)
