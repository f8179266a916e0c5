"""Logs: one JSON object a line, which says where something failed and never what she typed.

An exception's own message may hold a number or a code, so only its type and place are written.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from logging import LogRecord
from typing import Any

from flask import Flask, request


class Formatter(logging.Formatter):
    """Level, logger, message, and for an exception its types and lines of code."""

    def format(self, record: LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1]:
            line["failed"] = list(_chain(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False)


def _chain(error: BaseException | None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    while error is not None and len(found) < 5:
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        found.append(
            {
                "type": type(error).__name__,
                "lines": [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames],
            }
        )
        error = error.__cause__ or error.__context__
    return found


class App(Flask):
    """Flask, but what it writes of an error names the rule of the address: the address itself may be a secret."""

    def log_exception(self, exc_info: Any) -> None:
        rule = request.url_rule.rule if request.url_rule else "no page"
        self.logger.error("Exception on %s [%s]", rule, request.method, exc_info=exc_info)


def init(app: Flask) -> None:
    """Write everything to stderr through the formatter; requests themselves are not logged."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h.formatter, Formatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    app.logger.handlers.clear()
    app.logger.propagate = True
    for noisy in ("twilio", "urllib3", "werkzeug", "alembic", "flask-limiter"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
