"""The cookies of this site: each one letter, read by the server alone, sent to this host alone.

Over https the name begins with `__Host-`: the browser then takes it from no other host of the domain and
from no page without TLS (RFC 6265bis, cookie name prefixes).
"""

from datetime import timedelta

from flask import request
from werkzeug.wrappers import Response

from clinic.config import Settings, settings


def named(letter: str, found: Settings) -> str:
    """The name under which a browser keeps the cookie `letter`."""
    return f"__Host-{letter}" if found.is_https else letter


def read(letter: str) -> str:
    """What this browser keeps under `letter`; "" without one."""
    return request.cookies.get(named(letter, settings()), "")


def keep(response: Response, letter: str, value: str, kept: timedelta | int) -> None:
    """Let this browser keep `value` for `kept` (seconds or a span)."""
    response.set_cookie(
        named(letter, settings()),
        value,
        max_age=kept,
        path="/",
        secure=settings().is_https,
        httponly=True,
        samesite="Lax",
    )


def drop(response: Response, letter: str) -> None:
    """Take it off again, if it is there."""
    if read(letter):
        response.delete_cookie(
            named(letter, settings()), path="/", secure=settings().is_https, httponly=True, samesite="Lax"
        )
