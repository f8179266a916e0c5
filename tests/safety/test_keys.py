"""The key ceremony: made, changed, signed, lost; a list that is not the organization's own stops the start."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from clinic.config import ConfigError
from clinic.safety.reports import boxes, key_list, secret_keys
from clinic.safety.reports.commands import cli
from clinic.safety.reports.content import REPORT, Content, pack
from clinic.safety.reports.key_list import FILE
from tests.conftest import Maker

WORDS = ["--signing-passphrase", "apart", "--passphrase", "daily"]
NAMED = ["--organization", "shamshyraq", "--kk", "Қор", "--ru", "Фонд", "--en", "Fund"]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_keys, "STRONG", secret_keys.WEAK)
    for name in ("make_signing", "make_box"):
        whole = getattr(secret_keys, name)
        monkeypatch.setattr(
            secret_keys, name, lambda folder, words, whole=whole: whole(folder, words, secret_keys.WEAK)
        )


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == code, done.output
    return done.output


def ceremony(folder: Path) -> str:
    """What KESHKI_REPORT_KEY is to be."""
    found = re.search(r"KESHKI_REPORT_KEY=([0-9a-f]{64})", run("keys", "new", str(folder), *NAMED, *WORDS))
    assert found
    return found[1]


def site(make_app: Maker, folder: Path, verify: str) -> Flask:
    """A real installation with the organization's list."""
    environ = make_app.environ(extra={"KESHKI_REPORT_KEY": verify})
    if (folder / FILE).exists():
        Path(environ["KESHKI_KEYS"], FILE).write_bytes((folder / FILE).read_bytes())
    return make_app.on(environ)


def test_what_the_ceremony_makes_serves_the_page(make_app: Maker, tmp_path: Path) -> None:
    app = site(make_app, tmp_path / "k", ceremony(tmp_path / "k"))
    page = app.test_client().get("/en/note").text
    assert "Fund" in page
    assert re.search(r"Key of the organization: ([0-9a-f]{4} ){4}[0-9a-f]{4}", page)
    assert sorted(path.name[:4] for path in (tmp_path / "k").iterdir()) == ["box-", "repo", "sign"]
    for path in (tmp_path / "k").glob("*.key"):
        assert path.stat().st_mode & 0o77 == 0
    run("keys", "new", str(tmp_path / "k"), *NAMED, *WORDS, code=1)


def test_a_missing_changed_or_foreign_list_stops_the_start_with_one_sentence(make_app: Maker, tmp_path: Path) -> None:
    verify = ceremony(tmp_path / "k")
    text = (tmp_path / "k" / FILE).read_text()
    other = ceremony(tmp_path / "other")
    stolen = re.search(r'"keys": \[\s*"([0-9a-f]{64})"', (tmp_path / "other" / FILE).read_text())
    ours = re.search(r'"keys": \[\s*"([0-9a-f]{64})"', text)
    assert stolen
    assert ours
    for wrong in (
        text.replace(ours[1], stolen[1]),
        text.split("\n", 1)[1],
        "",
        text + "x",
        text.replace("Fund", "Fond"),
    ):
        (tmp_path / "k" / FILE).write_text(wrong)
        with pytest.raises(ConfigError, match="not signed by the owner of KESHKI_REPORT_KEY") as error:
            site(make_app, tmp_path / "k", verify)
        assert len(str(error.value).splitlines()) == 1
    (tmp_path / "k" / FILE).write_text(text)
    with pytest.raises(ConfigError, match="not signed"):
        site(make_app, tmp_path / "k", other)
    with pytest.raises(ConfigError, match="KESHKI_REPORT_KEY"):
        site(make_app, tmp_path / "nowhere", verify)
    with pytest.raises(ConfigError, match="64 digits"):
        site(make_app, tmp_path / "k", "abc")


def test_a_new_key_is_in_use_and_the_old_one_still_opens(tmp_path: Path) -> None:
    folder = tmp_path / "k"
    verify = bytes.fromhex(ceremony(folder))
    first = key_list.read((folder / FILE).read_text(), verify)
    old = boxes.seal(first.in_use, pack(Content(REPORT, {})))
    (apart := tmp_path / "apart").mkdir()
    (folder / secret_keys.SIGNING).rename(apart / secret_keys.SIGNING)  # kept in a place of its own
    run("keys", "rotate", str(folder), *WORDS, code=1)
    run("keys", "rotate", str(folder), "--signing", str(apart), *WORDS)
    second = key_list.read((folder / FILE).read_text(), verify)
    assert second.keys[1:] == first.keys
    secrets = secret_keys.box_keys(folder, "daily")
    assert boxes.open_hers(secrets[boxes.named_key(old)], old)
    new = boxes.seal(second.in_use, b"x")
    assert boxes.named_key(new) != boxes.named_key(old)
    # the old key is destroyed: the list leaves it out, and what was sealed for it stays shut
    sign = ("keys", "sign", str(folder), "--signing", str(apart), "--signing-passphrase", "apart")
    run(*sign, "--without", key_list.shown(first.in_use))
    third = key_list.read((folder / FILE).read_text(), verify)
    assert third.keys == (second.in_use,)
    run(*sign, "--without", key_list.shown(first.in_use), code=1)
    run(*sign, "--without", key_list.shown(second.in_use), code=1)


def test_a_wrong_passphrase_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    ceremony(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    said = run("keys", "rotate", str(tmp_path), "--signing-passphrase", "no", "--passphrase", "daily", code=1)
    assert "does not open" in said
    run("keys", "rotate", str(tmp_path), "--signing-passphrase", "apart", "--passphrase", "no", code=1)
    assert (tmp_path / FILE).read_bytes() == before
    assert len(list(tmp_path.glob("box-*.key"))) == 1
