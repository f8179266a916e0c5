"""The pages in words: rights, help, guidance at /p/<number>; what stays in the phone; the search over all of it."""

from collections.abc import Sequence

from flask import (
    Blueprint,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from clinic.booking.showing import spoken_words
from clinic.db import LANGUAGES, db
from clinic.privacy import limits
from clinic.safety import help_numbers
from clinic.safety.pages import finding, markup, shown
from clinic.safety.pages.shown import Shown
from clinic.wording import gettext as _
from clinic.wording import language_now, speaking

blueprint = Blueprint("pages", __name__)
blueprint.add_app_template_filter(spoken_words)
HELP, PHONE = 1, 3  # pages of their own, see below and in site/home.py
START = 9  # what the site is, for who speaks none of its languages
PUBLIC = ("help", "rights", "health", "lesson")
KEPT = ("help", "rights", "health")
KEPT_FILES = ("keshki.css", "safety.css", "keshki.js", "keep.js", "icon.svg")
MOST_TYPED = 80
ADVICE = ("111", "150")  # who may be asked while the texts are being checked


@blueprint.get("/p/2")
def rights() -> str:
    """What happened, as a list: each leads to what to do now and what to say."""
    return render_template(
        "safety/rights.html", pages=in_my_language(("rights",)), advice=help_numbers.named(ADVICE), keep=to_keep()
    )


@blueprint.get("/p/3")
def phone() -> str:
    """What stays in the phone, how to take it off, and what the quick exit can't do."""
    return render_template("safety/phone.html", keep=to_keep())


@blueprint.post("/p/3/clear")
def clear() -> Response:
    """Take off this phone what the site itself has left there: cookie, kept pages, service worker."""
    session.clear()
    response = make_response(render_template("safety/cleared.html"))
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@blueprint.get("/p/3/clear")
def cleared() -> Response:
    """Whoever reloads lands on the page about the phone."""
    return redirect(url_for("pages.phone"), 303)


@blueprint.get("/p/<int:number>")
def show(number: int) -> str:
    """A page in her language, or in the first that there is."""
    found = shown.languages_of(db.session(), number)
    mine = next((page for page in found if page.language == language_now()), None)
    return _page(mine or next(iter(found), None), found)


@blueprint.get('/p/<int:number>/<any(uz,"uz-cyrl"):language>')
def show_other(number: int, language: str) -> str:
    """A page in a language that the site itself does not speak; what is around it stays in hers."""
    found = shown.languages_of(db.session(), number)
    return _page(next((page for page in found if page.language == language), None), found)


def _page(page: Shown | None, languages: Sequence[Shown]) -> str:
    if page is None or page.section not in PUBLIC:
        abort(404)
    return render_template(
        "safety/page.html",
        page=page,
        body=body(page),
        others=[one for one in languages if one.language not in LANGUAGES and one.language != page.language],
        lawyer=page.section == "rights",
        keep=to_keep(page),
    )


@blueprint.route("/p/find", methods=["GET", "POST"])
@limits.limit("60 per minute", "find")
def find() -> str:
    """Look for a word in all pages. By POST, since an address with it would stay in the history."""
    typed = " ".join(request.form.get("q", "")[:MOST_TYPED].replace("\x00", " ").split())
    pages = (*fixed(), *shown.all_of(db.session(), PUBLIC))
    found = finding.find(pages, typed, language_now()) if typed else []
    return render_template("safety/find.html", typed=typed, found=found)


def fixed() -> tuple[Shown, ...]:
    """The pages that are no texts of the database, as the search sees them: the numbers, what stays in the phone."""
    found = []
    for language in LANGUAGES:
        with speaking(language):
            lines = help_numbers.read()
            names = " ".join(f"{line.number} {line.name[language]}" for line in lines)
            notes = " ".join(line.note[language] for line in lines)
            stays = f"{_('Browser history')} {_('SMS, calls, screenshots')} {_('On the home screen')}"
            for number, heading, words, text in (
                (HELP, _("Help numbers"), names, notes),
                (PHONE, _("What stays in the phone"), stays, _("What this site keeps in the phone")),
            ):
                found.append(Shown(number, "help", 0, language, 0, heading, "", words, text, "", None, ""))
    return tuple(found)


def in_others(number: int) -> list[Shown]:
    """A page in the languages that the site itself does not speak."""
    return [page for page in shown.languages_of(db.session(), number) if page.language not in LANGUAGES]


def body(page: Shown) -> str:
    """The text of a page as HTML, its links in the language of the request."""
    return markup.html(page.text, request.script_root, draw_numbers)


def draw_numbers(numbers: Sequence[str]) -> str:
    """Help numbers inside a text; one that nobody knows is left out."""
    return render_template("safety/_numbers.html", numbers=help_numbers.named(numbers))


def in_my_language(sections: Sequence[str]) -> list[Shown]:
    """The pages of these sections, each once: in her language, or in the first of ours that there is."""
    best: dict[int, Shown] = {}
    for page in shown.all_of(db.session(), sections):
        if page.language not in LANGUAGES:
            continue
        if page.number not in best or page.language == language_now():
            best[page.number] = page
    return list(best.values())


def to_keep(here: Shown | None = None) -> list[str]:
    """What is put into the phone when she keeps these pages: all of them in her language, and how they look."""
    asset = current_app.jinja_env.globals["asset"]
    fixed = [url_for("site.help"), url_for("pages.rights"), url_for("pages.phone")]
    texts = [url_for("pages.show", number=page.number) for page in in_my_language(KEPT)]
    if here is not None and here.language not in LANGUAGES:
        fixed.append(url_for("pages.show_other", number=here.number, language=here.language))
    return [*fixed, *texts, *(asset(name) for name in KEPT_FILES)]  # type: ignore[operator]
