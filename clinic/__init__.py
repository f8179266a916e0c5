"""Keshki: find a friendly clinic that is open when you are free, and book a nameless time."""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from clinic import clock, config, logs, start
from clinic.catalogues import compile_stale
from clinic.config import ROOT, ConfigError, Settings
from clinic.db import db, prepare
from clinic.patience import FREE_CONNECTION_SECONDS, WORK_SECONDS
from clinic.privacy import cookies, keys
from clinic.site import language

MAX_BODY = 64 * 1024
LARGEST_NUMBER = 2**31 - 1


class Number(IntegerConverter):
    """A number in an address; one that no key in a database can be leads nowhere."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_NUMBER)


def create_app(environ: Mapping[str, str] | None = None, pages: bool = True) -> Flask:
    """The one place where the rooms are wired together.

    `environ` replaces the process's environment (tests); the worker does without `pages`, and without their memory.
    Raises ConfigError, a sentence per mistake.
    """
    found = config.read(environ)
    app = logs.App(
        "clinic",
        root_path=str(Path(__file__).parent),
        instance_path=str(config.INSTANCE),
        template_folder=str(ROOT / "templates"),
    )
    app.extensions[config.EXTENSION] = found
    app.extensions[keys.EXTENSION] = ring = _keys(found)
    app.config.update(
        SECRET_KEY=ring.lasting("session").hex(),
        SQLALCHEMY_DATABASE_URI=found.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(found, pages),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SESSION_COOKIE_NAME=cookies.named("s", found),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=found.is_https,
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_SSL_STRICT=False,  # our no-referrer policy leaves no referrer to check
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE="ru",
        BABEL_DEFAULT_TIMEZONE="Asia/Almaty",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"],
        COMPRESS_MIN_SIZE=400,
    )
    app.url_map.converters["int"] = Number
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.json.sort_keys = False  # type: ignore[attr-defined]
    logs.init(app)
    compile_stale(ROOT / "translations")
    if found.proxies:
        from clinic.site.proxy import BehindProxy

        app.wsgi_app = BehindProxy(app.wsgi_app, found.proxies, found.proxy_addresses)  # type: ignore[method-assign]
    if found.is_sqlite:
        file = Path(found.database_url.removeprefix("sqlite:///"))
        try:
            _make_file(file)
        except OSError as error:
            raise ConfigError(start.unreachable(found.database_url, str(error.strerror))) from error
    db.init_app(app)
    with app.app_context():
        prepare(db.engine, pages)
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        start.register_migrations(app)
    language.init(app)
    _note_keys(app, found)
    if pages:
        app.before_request(lambda: ring.keep_up(clock.today()))
        _pages(app, found)
    return app


def _make_file(file: Path) -> None:
    """An empty database, if there is none: what SQLite puts beside it has the same mode and owner."""
    if file.exists():
        return
    if not file.parent.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    if os.geteuid() == 0:  # root makes the tables for the user under whom the site runs
        owner = file.parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _pages(app: Flask, found: Settings) -> None:
    """What answers requests: limits, compression, then each room's own `init(app)` in the order of the house."""
    from flask_compress import Compress

    from clinic import api, booking, cli, desk, kits, safety, site
    from clinic.privacy import limits

    limits.init(app, found)
    Compress(app)
    for room in (site, booking, kits, safety, desk, api, cli):
        room.init(app)


def _note_keys(app: Flask, found: Settings) -> None:
    """The organization's signed list, in every process: the worker seals a canary for it."""
    from clinic.safety.reports import demo, key_list

    key_list.init(app, demo.provided(found))


def _keys(found: Settings) -> keys.KeyRing:
    if found.demo and not (found.keys / keys.LASTING).exists():
        keys.make(found.keys, clock.today())
    try:
        ring = keys.KeyRing(found.keys)
    except keys.KeysMissing as error:
        raise ConfigError(str(error)) from error
    if found.demo:
        ring.advance(clock.today(), leap_days=date.max.toordinal())
    return ring


def _engine_options(found: Settings, pages: bool) -> dict[str, object]:
    if found.is_sqlite:
        return {"pool_size": 16, "max_overflow": -1, "hide_parameters": True, "connect_args": {"timeout": WORK_SECONDS}}
    wait = {"pool_timeout": FREE_CONNECTION_SECONDS} if pages else {}
    return {"pool_size": 12, "max_overflow": 8, "hide_parameters": True, **wait}
