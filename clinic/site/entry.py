"""The page behind a one-time link: somebody at a place looks at its entry and says whether it is still right."""

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l

from clinic import clock
from clinic.booking import showing, typed
from clinic.booking.forms import OpenForm, Parsed, one_of
from clinic.booking.views import Page, sent
from clinic.db import db, writing
from clinic.directory import catalogue, checks
from clinic.directory.checks import MOST_SIGNS, LinkOver
from clinic.privacy import limits
from clinic.site.home import blueprint
from clinic.wording import gettext as _


class EntryForm(OpenForm):
    """All right, or what has changed."""

    all_right = Parsed(_l("Is everything right?"), one_of(("1", "0")), most=1)
    says = Parsed(_l("What has changed"), lambda value: typed.text(value, MOST_SIGNS), most=MOST_SIGNS)


@blueprint.get("/entry/<token>")
def entry(token: str) -> Page:
    """The entry as it stands. Opening it uses nothing up: a messenger's preview opens it, too."""
    return _page(token, EntryForm(None))


@blueprint.post("/entry/<token>")
@limits.limit("30 per 10 minutes", "entry")
def do_entry(token: str) -> Page:
    """Keep the answer; the link is over then."""
    form = EntryForm(sent())
    form.validate()
    if form.all_right.data is None and not form.all_right.errors:
        form.all_right.errors = [_("Please choose one of the answers.")]
    if form.all_right.data == "0" and not form.says.data and not form.says.errors:
        form.says.errors = [_("Write in a few words what has changed.")]
    if form.errors:
        page = _page(token, form)
        return page if isinstance(page, tuple) else (page, 400)
    try:
        with writing() as s:
            checks.answer(s, token, form.all_right.data == "1", form.says.data or "", clock.now())
    except LinkOver:
        return _over()
    return render_template("site/entry_done.html")


def _page(token: str, form: EntryForm) -> Page:
    s, now = db.session(), clock.now()
    try:
        location_id = checks.location_of(s, token, now)
    except LinkOver:
        return _over()
    cat = catalogue.current(s)
    place: Any = cat.locations[location_id]
    return render_template(
        "site/entry.html",
        form=form,
        place=place,
        week=showing.week(cat, place, now),
        services=[cat.services[number] for number in place.services],
        spoken=", ".join(showing.spoken_words(code) for code in place.languages),
    )


def _over() -> Page:
    return render_template("site/entry_over.html"), 410
