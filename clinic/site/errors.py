"""What she reads when something is wrong: a calm sentence, never what was sent, never an English word of a server."""

from typing import Any

from flask import Flask, Response, render_template, request
from flask.globals import request_ctx
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import HTTPException, InternalServerError

from clinic.privacy import limits

SENTENCES: dict[int, tuple[Any, Any]] = {
    400: (_l("We could not read that"), _l("Something in the address or the form is not as it should be.")),
    403: (_l("This is not allowed"), _l("The page was sent from another site, or you may not open it.")),
    404: (_l("There is no such page"), _l("The address may be old. Everything can be reached from the home page.")),
    405: (_l("That does not work here"), _l("Please open the page again from the home page.")),
    411: (_l("We could not read that"), _l("The message came without its length.")),
    413: (_l("That is too long"), _l("Please send less text.")),
    415: (_l("We could not read that"), _l("The form came in a format that we do not know.")),
    429: (_l("Too many tries"), ""),  # how long, is known when it happens
    500: (_l("Something went wrong on our side"), _l("Nothing is lost. Please try again in a few minutes.")),
}


def page(status: int) -> str:
    """The page of one error, in the page's language."""
    title, sentence = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])
    if status == 429:
        minutes = -(-limits.seconds_left() // 60)
        sentence = ngettext(
            "Please wait %(num)s minute, then try again.", "Please wait %(num)s minutes, then try again.", minutes
        )
    template = "staff/error.html" if request.path.startswith("/staff/") else "site/error.html"
    return render_template(template, title=title, sentence=sentence, status=status)


def answer(error: HTTPException) -> HTTPException | Response:
    """An HTTP error as a page of ours; other rooms answer for their own paths."""
    if (
        error.code is None
        or error.code < 400
        or error.response is not None
        or request.path.startswith(("/api/", "/hooks/"))
    ):
        return error
    if request.routing_exception is not None and request_ctx.url_adapter is None:
        # The Host is none, so no page can be drawn: it would have no addresses for its links.
        return Response(str(SENTENCES[400][1]) + "\n", 400, content_type="text/plain; charset=utf-8")
    response = Response(page(error.code), error.code, content_type="text/html; charset=utf-8")
    if error.code == 429:
        response.headers["Retry-After"] = str(limits.seconds_left())
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def init(app: Flask) -> None:
    """Answer for every HTTP error and for what nobody expected."""
    app.register_error_handler(HTTPException, answer)

    @app.errorhandler(500)
    def broken(error: InternalServerError) -> Any:
        return answer(error)
