"""Settings: read from the environment once, checked together, immutable from then on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvError
from flask import current_app
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = ROOT / "instance"
EXTENSION = "keshki.settings"
Network = IPv4Network | IPv6Network
DAY_MINUTES = 24 * 60
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ConfigError(Exception):
    """A setting is missing or wrong; the message is one sentence that says what to set."""


@dataclass(frozen=True, slots=True)
class Twilio:
    """An account at Twilio, and the address of its API when it is not the public one."""

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    api_base: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set; `docs/operations.md` says what each is for."""

    demo: bool
    host: str
    port: int
    database_url: str = field(repr=False)
    keys: Path
    base_url: str
    proxies: int
    proxy_addresses: tuple[Network, ...]
    redis_url: str | None = field(repr=False)
    limits: bool
    sms_from: int  # minutes after midnight
    sms_until: int
    twilio: Twilio | None
    sms_countries: tuple[str, ...]
    sms_daily_cap: int
    duty_daily_cap: int
    voice: str | None
    kits_per_order: int
    exit_url: str
    contact: str | None
    indexing: bool
    report_key: str | None

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def settings() -> Settings:
    """The settings of the current app."""
    found: Settings = current_app.extensions[EXTENSION]
    return found


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment (or the mapping given instead of it).

    Raises ConfigError with one sentence per mistake, all mistakes at once.
    """
    mistakes: list[str] = []
    env = _Reader(environ, mistakes)
    demo = env.flag("KESHKI_DEMO", "0")
    base_url = env.text("KESHKI_BASE_URL", "").rstrip("/")
    database_url = _database(env)
    keys = Path(env.text("KESHKI_KEYS", "") or (INSTANCE / "keys" if demo else ""))
    sms_from, sms_until = _window(env)
    twilio = _twilio(env)
    found = Settings(
        demo=demo,
        host=env.text("HOST", "127.0.0.1"),
        port=env.number("PORT", 8000, 1, 65535),
        database_url=database_url,
        keys=keys,
        base_url=base_url,
        proxies=env.number("KESHKI_PROXIES", 0, 0, 5),
        proxy_addresses=_networks(env),
        redis_url=env.text("KESHKI_REDIS_URL", "") or None,
        limits=env.flag("KESHKI_LIMITS", "on"),
        sms_from=sms_from,
        sms_until=sms_until,
        twilio=twilio,
        sms_countries=_countries(env),
        sms_daily_cap=env.number("KESHKI_SMS_DAILY_CAP", 500, 1, 1_000_000),
        duty_daily_cap=env.number("KESHKI_DUTY_DAILY_CAP", 500, 1, 1_000_000),
        voice=_voice(env),
        kits_per_order=env.number("KESHKI_KITS_PER_ORDER", 3, 1, 3),
        exit_url=_exit_url(env),
        contact=env.text("KESHKI_CONTACT", "") or None,
        indexing=env.flag("KESHKI_INDEXING", "on"),
        report_key=_report_key(env),
    )
    mistakes += list(_contradictions(found))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return found


class _Reader:
    """Typed reading that gathers mistakes instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str] | None, mistakes: list[str]) -> None:
        self._environ = environ
        self._env = Env()
        self.mistakes = mistakes

    def text(self, name: str, default: str) -> str:
        if self._environ is not None:
            return self._environ.get(name, default).strip()
        try:
            return self._env.str(name, default).strip()
        except EnvError as error:  # pragma: no cover - a str is always read
            self.mistakes.append(f"Set {name}: {error}.")
            return default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,9}", raw) or not low <= int(raw) <= high:
            self.mistakes.append(f"Set {name} to a whole number from {low} to {high}.")
            return default
        return int(raw)

    def flag(self, name: str, default: str) -> bool:
        raw = self.text(name, default).lower()
        if raw not in ("1", "0", "on", "off", "true", "false", ""):
            self.mistakes.append(f"Set {name} to on or off.")
        return raw in ("1", "on", "true")


def _database(env: _Reader) -> str:
    raw = env.text("KESHKI_DATABASE_URL", "sqlite:///keshki.db")
    try:
        url = make_url(raw)
    except ArgumentError:
        env.mistakes.append(
            "Set KESHKI_DATABASE_URL to sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME."
        )
        return "sqlite://"
    if url.drivername == "sqlite":
        if not url.database or url.database == ":memory:":
            env.mistakes.append("Set KESHKI_DATABASE_URL to a file: a database in memory forgets everything.")
            return "sqlite://"
        path = Path(url.database)
        if not path.is_absolute():
            path = INSTANCE / path
        return f"sqlite:///{path}"
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    env.mistakes.append("Set KESHKI_DATABASE_URL to sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME.")
    return "sqlite://"


def _window(env: _Reader) -> tuple[int, int]:
    raw = env.text("KESHKI_SMS_WINDOW", "09:00-21:00")
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", raw)
    if match:
        start = 60 * int(match[1]) + int(match[2])
        end = 60 * int(match[3]) + int(match[4]) if match[3] else DAY_MINUTES
        if start < end:
            return start, end
    env.mistakes.append(
        "Set KESHKI_SMS_WINDOW to hours of one day such as 09:00-21:00, or 00:00-24:00 for all of it: "
        "they can't run over midnight."
    )
    return 9 * 60, 21 * 60


def _countries(env: _Reader) -> tuple[str, ...]:
    raw = [c.strip().upper() for c in env.text("KESHKI_SMS_COUNTRIES", "KZ").split(",")]
    if not all(re.fullmatch(r"[A-Z]{2}", c) for c in raw):
        env.mistakes.append("Set KESHKI_SMS_COUNTRIES to two-letter country codes such as KZ or KZ,RU.")
        return ("KZ",)
    return tuple(raw)


def _networks(env: _Reader) -> tuple[Network, ...]:
    try:
        raw = env.text("KESHKI_PROXY_ADDRESSES", "127.0.0.0/8,::1")
        return tuple(ip_network(part.strip()) for part in raw.split(","))
    except ValueError:
        env.mistakes.append("Set KESHKI_PROXY_ADDRESSES to addresses or networks such as 127.0.0.1,10.0.0.0/24.")
        return ()


def _voice(env: _Reader) -> str | None:
    raw = env.text("KESHKI_VOICE", "off").replace(" ", "")
    if raw.lower() in ("off", "0", "false", ""):
        return None
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", raw):
        env.mistakes.append("Set KESHKI_VOICE to off, or to the number at Twilio that calls, such as +77001234567.")
        return None
    return raw


def _exit_url(env: _Reader) -> str:
    raw = env.text("KESHKI_EXIT_URL", "https://www.kazhydromet.kz/")
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
        env.mistakes.append("Set KESHKI_EXIT_URL to the address of a plain neutral site, without a query.")
    return raw


def _report_key(env: _Reader) -> str | None:
    raw = env.text("KESHKI_REPORT_KEY", "").lower()
    if raw and not re.fullmatch(r"[0-9a-f]{64}", raw):
        env.mistakes.append("Set KESHKI_REPORT_KEY to the 64 digits that the organization's key ceremony printed.")
        return None
    return raw or None


# a number, a short code, a messaging service, or a name as the provider takes it
_SENDER = re.compile(r"\+\d{7,15}|\d{3,8}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}", re.ASCII)


def _twilio(env: _Reader) -> Twilio | None:
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    sid, token, sender = (env.text(name, "") for name in names)
    base = env.text("TWILIO_API_BASE", "").rstrip("/") or None
    if not (sid or token or sender or base):
        return None
    missing = [name for name, value in zip(names, (sid, token, sender), strict=True) if not value]
    if missing:
        env.mistakes.append(f"Set {' and '.join(missing)} as well, or none of the TWILIO settings.")
        return None
    if not _SENDER.fullmatch(sender):
        env.mistakes.append(
            "Set TWILIO_FROM to a number (+77010000000), a messaging service (MG…), or a name of at most 11 signs:"
            " Latin letters, at least one of them, digits and spaces. The provider takes no other."
        )
    if base:
        parts = urlsplit(base)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            env.mistakes.append("Set TWILIO_API_BASE to an https address; plain http only reaches this machine.")
    return Twilio(sid, token, sender, base)


def _contradictions(found: Settings) -> list[str]:
    """What each setting allows alone but not together; the demo's comforts stop a real start."""
    wrong = []
    if found.voice and not found.twilio:
        wrong.append("Set the TWILIO settings, or KESHKI_VOICE to off: the voice calls are Twilio's.")
    at_twilio = found.twilio and (urlsplit(found.twilio.api_base or "https://api.twilio.com").hostname not in LOOPBACK)
    if found.demo:
        if found.is_https:
            wrong.append("Unset KESHKI_DEMO or KESHKI_BASE_URL: the demo has no public https address.")
        if at_twilio:
            wrong.append("Unset KESHKI_DEMO or the TWILIO settings: the demo sends no real SMS.")
        if found.proxies:
            wrong.append("Unset KESHKI_DEMO or KESHKI_PROXIES: the demo stands behind no proxy.")
        return wrong
    if not found.limits:
        wrong.append("Set KESHKI_LIMITS to on: only the demo runs without limits.")
    if str(found.keys) in ("", "."):
        wrong.append("Set KESHKI_KEYS to the folder of keys that `flask keys new` made.")
    elif found.is_sqlite:
        database = Path(found.database_url.removeprefix("sqlite:///")).resolve()
        folder = found.keys.resolve()
        if database.parent in (folder, *folder.parents) or folder in database.parents:
            wrong.append("Set KESHKI_KEYS to a folder that is not beside the database.")
    if not found.base_url:
        wrong.append("Set KESHKI_BASE_URL to the public address of the site, such as https://example.kz.")
    elif not re.fullmatch(r"https?://[^/?#_\s]+", found.base_url):
        wrong.append("Set KESHKI_BASE_URL to scheme and host alone, such as https://example.kz.")
    elif found.twilio and not found.is_https and at_twilio:
        wrong.append("Set KESHKI_BASE_URL to the public https address: Twilio signs its receipts for it.")
    return wrong
