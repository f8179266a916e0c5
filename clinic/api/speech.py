"""In which language the JSON face answers: `lang`, else Accept-Language, else Russian."""

from flask import g, request

from clinic.db import LANGUAGES

DEFAULT = "ru"


def language() -> str:
    """The language of this request's answer."""
    chosen: str | None = g.get("api_language")
    if chosen is None:
        asked = request.args.get("lang", "")
        chosen = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, DEFAULT) or DEFAULT
        g.api_language = chosen
    return chosen


def use(language_asked: str) -> None:
    """The body names a language: answer in it."""
    g.api_language = language_asked
