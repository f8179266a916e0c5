"""flask reports: `export` and `import` on the server; everything else on the organization's machine, with its keys."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from clinic import audit, clock, start
from clinic.db import reading, writing
from clinic.safety.reports import post
from clinic.safety.reports.commands_apart import COMMANDS
from clinic.safety.reports.exchange import ANSWERS, NotAnExchange, read

cli = AppGroup("reports", help="Sealed notes: the exchange on the server, and the organization's own tools.")
for _command in COMMANDS:
    cli.add_command(_command)


@cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write every box that waits to FILE, for the organization. Nothing is deleted before it says that it has them."""
    start.fit()
    now = clock.now()
    try:
        with reading() as s, file.open("xb") as out:
            file.chmod(0o600)
            for piece in post.outgoing(s, now):
                out.write(piece)
    except FileExistsError:
        sys.exit(f"{file} exists already: name a new file.")
    with writing() as s:
        audit.record(s, now, "operator", "notes exported", "")
    click.echo(f"{file.stat().st_size} bytes written to {file}, all of it sealed.")


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Take in FILE of the organization: answers, and what it has and need not be kept here."""
    start.fit()
    now = clock.now()
    try:
        with file.open("rb") as content, writing() as s:
            taken = post.take(s, read(ANSWERS, content), now)
            audit.record(s, now, "operator", "answers imported", "")
    except NotAnExchange:
        sys.exit(f"{file} is no whole file of answers: nothing was changed.")
    click.echo(
        f"{taken.answers} answers put under their codes, {taken.erased} boxes erased here, "
        f"{taken.canaries} canaries came back."
    )
    if taken.gone:
        click.echo(f"{taken.gone} answers came too late: these conversations are not here any more.")
