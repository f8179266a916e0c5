"""Three languages: /kk, /ru and /en before any path; the bare path follows her choice, then her browser."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from babel import Locale
from flask import Flask, Response, has_request_context, request, session
from flask_babel import Babel, Domain, get_locale

from clinic.config import settings
from clinic.db import LANGUAGES
from clinic.privacy import addresses
from clinic.wording import language_now, locale_now, locale_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DEFAULT = "ru"
CHOSEN = "keshki.language"
SWITCH = (("kk", "Қаз"), ("ru", "Рус"), ("en", "Eng"))
# For machines: always at the root, never in a language of the path.
MACHINES = ("/api/", "/hooks/", "/static/", "/healthz", "/readyz", "/workz")

Wsgi = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


class LanguagePrefix:
    """Moves a leading /kk, /ru or /en from the path to SCRIPT_NAME, so that every url_for keeps it."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        prefix, _, rest = environ.get("PATH_INFO", "")[1:].partition("/")
        if prefix in LANGUAGES and not f"/{rest}".startswith(MACHINES):
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/{prefix}"
            environ["PATH_INFO"] = f"/{rest}"
            environ[CHOSEN] = prefix
        return self.app(environ, start_response)


def for_machines() -> bool:
    """Whether this request is no person's: it gets no cookie."""
    return request.path.startswith(MACHINES)


def choose() -> str:
    """The language of this request: the path's, the one chosen before, the browser's, or Russian."""
    if not has_request_context():  # a command or the worker
        return DEFAULT
    chosen = request.environ.get(CHOSEN)
    if chosen in LANGUAGES:
        return str(chosen)
    if not for_machines():
        remembered = session.get("language")
        if remembered in LANGUAGES:
            return str(remembered)
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT


def _locale() -> Locale:
    return locale_of(choose())


class Spoken(Domain):
    """flask-babel's domain, finding the translations of the page by a shorter way: a page asks hundreds of times."""

    def __init__(self) -> None:
        super().__init__()
        self._by_language: dict[str, Any] = {}

    def get_translations(self) -> Any:
        locale = locale_now()
        key = locale.language if locale is not None else ""
        found = self._by_language.get(key)
        if found is None:
            found = self._by_language[key] = super().get_translations()
        return found


def bare_root() -> str:
    """SCRIPT_NAME without the language: "" unless a proxy mounts the site under a path."""
    root = request.script_root
    chosen = request.environ.get(CHOSEN)
    return root.removesuffix(f"/{chosen}") if chosen else root


def in_language(language: str, path: str) -> str:
    """The address of one of our paths in a language."""
    return f"{bare_root()}/{language}{path}"


def here() -> str:
    """The path and query under which this page can be opened again by a link.

    An answer to a POST can't: the page behind its address is asked for instead.
    """
    if request.method not in ("GET", "HEAD") or not request.query_string:
        return quote(request.path)
    said = request.args if request.path.startswith("/staff") else addresses.shown(request.args)
    query = urlencode(list(said.items(multi=True)))
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


def alternates() -> list[tuple[str, str]]:
    """The same page in every language, for search engines: (hreflang, address), the bare one as x-default."""
    base = settings().base_url or request.host_url.rstrip("/")
    path = quote(request.path)
    return [*((code, f"{base}{in_language(code, path)}") for code in LANGUAGES), ("x-default", f"{base}{path}")]


def init(app: Flask) -> None:
    """The WSGI wrapper, Babel's choice of locale, and what the templates need."""
    app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]
    spoken = Spoken()
    Babel(app, locale_selector=_locale).domain_instance = spoken
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: spoken.get_translations().ugettext(text),
        ngettext=lambda one, more, n: spoken.get_translations().ungettext(one, more, n),
        pgettext=lambda context, text: spoken.get_translations().upgettext(context, text),
        npgettext=lambda context, one, more, n: spoken.get_translations().unpgettext(context, one, more, n),
        newstyle=True,
    )

    @app.before_request
    def remember() -> None:
        chosen = request.environ.get(CHOSEN)
        if chosen and session.get("language") != chosen:
            session["language"] = chosen

    @app.after_request
    def say(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Language"] = language_now()
            if CHOSEN not in request.environ:
                response.vary.add("Accept-Language")
        return response

    @app.context_processor
    def words() -> dict[str, Any]:
        return {
            "language": language_now() if get_locale() is not None else DEFAULT,
            "alternates": alternates,
            "switch": [(code, word, in_language(code, here())) for code, word in SWITCH],
        }
