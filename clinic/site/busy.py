"""What she reads while the database does not answer: the numbers for help, and what she typed, to be sent once more.

Nothing here asks the database. Every form of hers does its deed once, however often it is sent, so that it does
no harm to send it again where nobody knows what became of the first time. A password or a PIN of the desk is
not written into the page: whoever passes by a shared screen could read it out of there.
"""

from flask import Flask, Response, current_app, make_response, render_template, request

from clinic import patience
from clinic.safety import help_numbers

AGAIN_SECONDS = 5
NEVER_SHOWN = {"password", "pin", "current"}
WITHOUT = ("/", "/now", "/p/1")  # what they are opened for is in this answer, too


def init(app: Flask) -> None:
    """Bound the waiting of each request, and answer for a database that is away."""

    @app.before_request
    def wait_no_longer() -> None:
        looks = request.method == "GET" and request.path in WITHOUT
        patience.waits.set(patience.LOOK_SECONDS if looks else patience.PAGE_SECONDS)

    for kind in patience.UNREACHED:
        app.register_error_handler(kind, answer)


def answer(error: Exception) -> Response:
    """503 with all that was sent, in the body alone. Raises the error again if it is of another kind."""
    if not patience.is_away(error):
        raise error
    current_app.logger.error("The database does not answer: %s", type(error).__name__)
    sent = list(request.form.items(multi=True))
    page = render_template(
        "site/busy.html",
        sent=[] if request.form.keys() & NEVER_SHOWN else sent,
        files=bool(request.files),
        hers=not request.path.startswith("/staff"),
        numbers=help_numbers.read(),
    )
    response = make_response(page, 503)
    response.headers["Retry-After"] = str(AGAIN_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
