"""The demo's outbox: what would have been sent, since the demo sends nothing."""

from datetime import datetime

from flask import Blueprint, Flask, abort, render_template

from clinic import clock, messaging, wording
from clinic.config import settings
from clinic.messaging.senders.local import LocalSender

blueprint = Blueprint("dev", __name__, url_prefix="/dev")

SHOWN = 50


@blueprint.get("/outbox")
def outbox() -> str:
    """The last messages of the local sender, newest first."""
    sender = messaging.sender()
    if not isinstance(sender, LocalSender):
        abort(404)
    return render_template("site/outbox.html", messages=sender.shown()[: -SHOWN - 1 : -1], when=_when)


def _when(moment: datetime) -> str:
    day = wording.day_words(clock.local(moment).date(), clock.today())
    return f"{day}, {wording.time_words(moment)}"


def init(app: Flask) -> None:
    """The pages of the demo, which exist in the demo only."""
    with app.app_context():
        if settings().demo:
            app.register_blueprint(blueprint)
