"""What is printed or posted so that people find the site: cards, posters, texts. None of it says what it is for."""

from dataclasses import dataclass

import segno
from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from clinic.config import settings
from clinic.db import LANGUAGES
from clinic.desk import bp
from clinic.safety.pages.shown import OWN_NAMES
from clinic.staff.guard import staff_only
from clinic.staff.models import ROLES
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now, speaking

CARDS = 8  # on one sheet


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on paper and in posts, in one language; `closed` names what there is, for closed groups."""

    language: str
    name: str
    line: str
    more: tuple[str, ...]
    open: str
    closed: str


@bp.get("/reach")
@staff_only(*ROLES)
def reach(person: SignedIn) -> ResponseReturnValue:
    """Sheets to print, and texts to copy, in three languages."""
    return render_template(
        "desk/reach.html", person=person, texts=[words(code) for code in LANGUAGES], own_names=OWN_NAMES
    )


@bp.get("/reach/<any(cards, poster):sheet>")
@staff_only(*ROLES)
def reach_sheet(person: SignedIn, sheet: str) -> ResponseReturnValue:
    """A sheet as it comes out of the printer; ?words= is its language."""
    chosen = request.args.get("words", language_now())
    if chosen not in LANGUAGES:
        abort(404)
    return render_template(
        f"desk/reach_{sheet}.html",
        person=person,
        words=words(chosen),
        address=address().removeprefix("https://").removeprefix("http://").rstrip("/"),
        code=code(),
        cards=CARDS,
    )


def address() -> str:
    """The site's own address, without a language: the phone that opens it has one."""
    return f"{settings().base_url or request.host_url.rstrip('/')}/"


def code() -> Markup:
    """The address as a QR code, drawn as inline SVG."""
    made = segno.make(address(), error="m", micro=False)
    return Markup(made.svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None))  # noqa: S704 - segno's own drawing of our own address


def words(language: str) -> Words:
    """The texts in one of the site's languages."""
    with speaking(language):
        return Words(
            language,
            _("Keshki"),
            _("Open after work: hours and booking"),
            (_("You choose the hour"), _("No SMS is needed")),
            _("Keshki: what is open after work, booking without a queue. %(address)s", address=address()),
            _(
                "Tests, a doctor, a psychologist, a lawyer, help after violence: choose a place and an hour "
                "yourself, without a name and without calling. Where ID is asked, it is said before. %(address)s",
                address=address(),
            ),
        )
