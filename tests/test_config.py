"""Each mistake in the environment stops the start with one sentence that says what to set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import text

from clinic import cli, config, start
from clinic.db import db
from clinic.privacy import keys
from tests.conftest import FIRST_KEY, Maker

DEMO = {"KESHKI_DEMO": "1"}
REAL = {
    "KESHKI_DATABASE_URL": "postgresql://u:p@localhost/x",
    "KESHKI_KEYS": "/tmp/keys",
    "KESHKI_BASE_URL": "https://example.kz",
}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Keshki"}


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        (DEMO | {"PORT": "eighty"}, "PORT"),
        (DEMO | {"PORT": "70000"}, "PORT"),
        (DEMO | {"KESHKI_DATABASE_URL": "mysql://x"}, "KESHKI_DATABASE_URL"),
        (DEMO | {"KESHKI_DATABASE_URL": "nonsense"}, "KESHKI_DATABASE_URL"),
        (DEMO | {"KESHKI_DATABASE_URL": "sqlite://"}, "KESHKI_DATABASE_URL"),
        (DEMO | {"KESHKI_SMS_WINDOW": "21:00-09:00"}, "can't run over midnight"),
        (DEMO | {"KESHKI_SMS_WINDOW": "09:00-24:30"}, "KESHKI_SMS_WINDOW"),
        (DEMO | {"KESHKI_SMS_WINDOW": "24:00-24:00"}, "KESHKI_SMS_WINDOW"),
        (DEMO | {"KESHKI_SMS_WINDOW": "9-21"}, "KESHKI_SMS_WINDOW"),
        (DEMO | {"KESHKI_SMS_COUNTRIES": "Kazakhstan"}, "KESHKI_SMS_COUNTRIES"),
        (DEMO | {"KESHKI_SMS_DAILY_CAP": "0"}, "KESHKI_SMS_DAILY_CAP"),
        (REAL | {"KESHKI_DEMO": "maybe"}, "KESHKI_DEMO"),
        (DEMO | {"KESHKI_EXIT_URL": "javascript:alert(1)"}, "KESHKI_EXIT_URL"),
        (DEMO | {"KESHKI_REPORT_KEY": "4c27"}, "KESHKI_REPORT_KEY"),
        (DEMO | {"KESHKI_INDEXING": "sometimes"}, "KESHKI_INDEXING"),
        (DEMO | {"KESHKI_PROXIES": "1"}, "KESHKI_PROXIES"),
        (DEMO | {"KESHKI_PROXIES": "-1"}, "KESHKI_PROXIES"),
        (DEMO | {"KESHKI_PROXY_ADDRESSES": "everybody"}, "KESHKI_PROXY_ADDRESSES"),
        (DEMO | {"KESHKI_BASE_URL": "https://example.kz"}, "KESHKI_BASE_URL"),
        (DEMO | TWILIO, "TWILIO"),
        (DEMO | {"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN"),
        (REAL | {"TWILIO_FROM": "Keshki"}, "TWILIO_ACCOUNT_SID"),
        (REAL | TWILIO | {"TWILIO_FROM": "KESHKI CLINIC"}, "TWILIO_FROM"),
        (REAL | TWILIO | {"TWILIO_FROM": "Кешкі"}, "TWILIO_FROM"),
        (REAL | TWILIO | {"TWILIO_FROM": "МeetMe"}, "TWILIO_FROM"),
        (REAL | TWILIO | {"TWILIO_FROM": "+7701"}, "TWILIO_FROM"),
        (REAL | TWILIO | {"TWILIO_API_BASE": "http://example.org"}, "TWILIO_API_BASE"),
        (REAL | TWILIO | {"KESHKI_BASE_URL": "http://example.kz"}, "KESHKI_BASE_URL"),
        (REAL | {"KESHKI_BASE_URL": ""}, "KESHKI_BASE_URL"),
        (REAL | {"KESHKI_BASE_URL": "example.kz"}, "KESHKI_BASE_URL"),
        (REAL | {"KESHKI_BASE_URL": "https://under_score.kz"}, "KESHKI_BASE_URL"),
        (REAL | {"KESHKI_LIMITS": "off"}, "KESHKI_LIMITS"),
        (REAL | {"KESHKI_KEYS": ""}, "KESHKI_KEYS"),
        (REAL | {"KESHKI_DATABASE_URL": "sqlite:////srv/keshki/k.db", "KESHKI_KEYS": "/srv/keshki/keys"}, "beside"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_setting(environ: dict[str, str], word: str) -> None:
    with pytest.raises(config.ConfigError) as error:
        config.read(environ)
    sentences = str(error.value).splitlines()
    assert len(sentences) == 1
    assert word in sentences[0]
    assert sentences[0].endswith(".")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(config.ConfigError) as error:
        config.read(DEMO | {"PORT": "x", "KESHKI_SMS_WINDOW": "x", "KESHKI_PROXIES": "x"})
    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize("sender", ["Keshki", "Meet 24", "+77010000000", "1414", "MG" + "0a" * 16])
def test_a_sender_that_the_provider_takes_starts(sender: str) -> None:
    assert config.read(REAL | TWILIO | {"TWILIO_FROM": sender}).twilio is not None


def test_real_settings_are_read() -> None:
    found = config.read(REAL | TWILIO)
    assert found.twilio is not None
    assert found.database_url.startswith("postgresql+psycopg://")
    assert "t'" not in repr(found.twilio)


def started(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The application, loaded as a server does it."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("KESHKI_", "TWILIO_"))}
    return subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        env=plain | environ,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_start_that_fails_says_one_sentence_and_exits_with_1(make_app: Maker, tmp_path: Path) -> None:
    good = make_app.environ()
    keys.make(tmp_path / "other" / "keys", FIRST_KEY)
    cases = {
        "PORT": good | {"PORT": "x"},
        "flask keys new": good | {"KESHKI_KEYS": str(tmp_path / "nothing")},
        "flask db upgrade": good | {"KESHKI_DATABASE_URL": f"sqlite:///{tmp_path}/empty/new.db"},
        "KESHKI_DATABASE_URL": good | {"KESHKI_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"},
        "KESHKI_LIMITS": good | {"KESHKI_LIMITS": "off"},
    }
    for word, environ in cases.items():
        end = started(environ)
        assert end.returncode == 1, end.stderr
        assert len(end.stderr.strip().splitlines()) == 1, end.stderr
        assert word in end.stderr
        assert "secret" not in end.stderr


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_only_calls_itself_up_to_date_is_not_started_on(make_app: Maker, kind: str) -> None:
    environ = make_app.environ(kind)
    assert started(environ).returncode == 0
    with make_app.on(environ).app_context():
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE room RENAME COLUMN pause TO paused"))
            connection.execute(text("DROP TABLE heartbeat"))
        assert start.lacks() == ["table heartbeat", "column room.pause"]
    end = started(environ)
    assert end.returncode == 1
    assert end.stderr.strip().endswith("has no table heartbeat and no column room.pause.")
    with make_app.on(environ).app_context():
        for words in (
            ["ready"],
            ["forget"],
            ["locations", "export"],
            ["staff", "add", "x"],
            ["kits", "seed"],
            ["reports", "export", "x"],
        ):
            said = current_app.test_cli_runner().invoke(args=words)
            assert (said.exit_code, said.output.count("heartbeat")) == (1, 1), said.output


def test_keys_of_another_database_are_noticed_until_somebody_accepts_them(make_app: Maker, tmp_path: Path) -> None:
    environ = make_app.environ()
    assert started(environ).returncode == 0
    assert started(environ).returncode == 0
    keys.make(tmp_path / "others" / "keys", FIRST_KEY)
    other = environ | {"KESHKI_KEYS": str(tmp_path / "others" / "keys")}
    end = started(other)
    assert (end.returncode, len(end.stderr.strip().splitlines())) == (1, 1)
    assert "it holds other keys" in end.stderr
    app = make_app.on(other)
    assert "other keys" in app.test_cli_runner().invoke(args=["forget"]).output
    assert app.test_cli_runner().invoke(cli.keys, ["accept"]).exit_code == 0
    assert started(other).returncode == 0
    assert started(environ).returncode == 1


def test_what_a_newer_node_has_added_stops_nobody(make_app: Maker) -> None:
    environ = make_app.environ()
    with make_app.on(environ).app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE room ADD COLUMN colour TEXT"))
    assert started(environ).returncode == 0


def test_a_database_that_can_not_be_opened_says_why(make_app: Maker, tmp_path: Path) -> None:
    good = make_app.environ()
    (tmp_path / "x" / "folder.db").mkdir(parents=True)
    (tmp_path / "x" / "file").touch()
    cases = {
        "Is a directory": f"sqlite:///{tmp_path}/x/folder.db",
        "Connection refused": "postgresql://u:secret@127.0.0.1:1/x",
        "no-such-host": "postgresql://u:secret@no-such-host.invalid/x",
        "refused": "postgresql://u@127.0.0.1:1/x?password=secret",
        "Not a directory": f"sqlite:///{tmp_path}/x/file/keshki.db",
    }
    for reason, url in cases.items():
        end = started(good | {"KESHKI_DATABASE_URL": url})
        assert (end.returncode, len(end.stderr.strip().splitlines())) == (1, 1), end.stderr
        assert reason in end.stderr
        assert "secret" not in end.stderr


def test_case_01_an_old_zone_table_stops_the_start(make_app: Maker, tmp_path: Path) -> None:
    """cases.md 1: with Asia/Almaty still at UTC+6 the start stops with a sentence that names the table."""
    (tmp_path / "zones" / "Asia").mkdir(parents=True)
    (tmp_path / "zones" / "Asia" / "Almaty").write_bytes(fixed_zone(hours=6))
    end = started(make_app.environ() | {"PYTHONTZPATH": str(tmp_path / "zones"), "TZ": "America/New_York"})
    assert end.returncode == 1
    assert "zone table" in end.stderr


def fixed_zone(hours: int) -> bytes:
    """A TZif file of one unchanging offset, as a table of before March 2024 would have it."""
    name = b"+06\0"
    header = b"TZif2" + b"\0" * 15
    counts = b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, len(name)))
    body = (hours * 3600).to_bytes(4, "big") + b"\0\0" + name
    return header + counts + body + header + counts + body + f"\n<+0{hours}>-{hours}\n".encode()
