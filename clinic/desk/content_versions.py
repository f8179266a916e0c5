"""The versions of a page: who saved what when, any two of them beside each other, and the way back to one."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.booking import typed
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.content import EDIT, EDITORS, page_of
from clinic.desk.content_forms import BackForm
from clinic.safety.pages import editing, shown
from clinic.safety.pages.models import Page, PageVersion
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

NEAR = 2  # lines around a change that stay in sight
MOST_IN_SIGHT = 60  # of a longer text only what changed, and what is near it


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of both texts; None on the side that has none. `left_out` stands for lines that are the same."""

    old: str | None
    new: str | None
    left_out: int = 0

    @property
    def same(self) -> bool:
        """Whether nothing has changed here."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class Field:
    """What two versions say in one field of the page."""

    label: str
    pairs: tuple[Pair, ...]


@bp.get(EDIT + "/versions")
@staff_only(*EDITORS)
def page_versions(person: SignedIn, number: int, language: str) -> ResponseReturnValue:
    """Who saved what when, and two versions side by side: the last two, or those that the address names."""
    return _page(person, page_of(number), language)


@bp.post(EDIT + "/versions", endpoint="restore_version")
@staff_only(*EDITORS)
def restore_version(person: SignedIn, number: int, language: str) -> ResponseReturnValue:
    """Bring an old version back as a draft."""
    page, form = page_of(number), BackForm(request.form)
    if not form.validate():
        abort(404)
    db.session.rollback()
    try:
        with writing() as s:
            if not editing.restore(s, number, language, form.n.data, form.base.data, person.login, clock.now()):
                abort(404)
    except editing.Stale:
        sentence = _("Somebody has saved another version meanwhile. Look at it first.")
        return _page(person, page, language, sentence), 409
    return redirect(url_for("desk.page_versions", number=number, language=language), 303)


def beside(old: str, new: str) -> tuple[Pair, ...]:
    """Two texts line by line: what was changed stands where it stood before."""
    pairs: list[Pair] = []
    gone: list[str] = []
    for sign, line in editing.compare(old, new):
        if sign == "-":
            gone.append(line)
        elif sign == "+" and gone:
            pairs.append(Pair(gone.pop(0), line))
        elif sign == "+":
            pairs.append(Pair(None, line))
        else:
            pairs += [Pair(left, None) for left in gone]
            gone = []
            pairs.append(Pair(line, line))
    pairs += [Pair(left, None) for left in gone]
    return tuple(pairs if len(pairs) < MOST_IN_SIGHT else _shortened(pairs))


def _shortened(pairs: Sequence[Pair]) -> list[Pair]:
    """Without the lines that are far from any change."""
    kept = {m for n, pair in enumerate(pairs) if not pair.same for m in range(n - NEAR, n + NEAR + 1)}
    found: list[Pair] = []
    for n, pair in enumerate(pairs):
        if n in kept:
            found.append(pair)
        elif found and found[-1].left_out:
            found[-1] = Pair("", "", found[-1].left_out + 1)
        else:
            found.append(Pair("", "", 1))
    return found


def _chosen(versions: Sequence[PageVersion]) -> tuple[PageVersion | None, PageVersion]:
    """The two versions that are compared; without an older one the first stands beside nothing."""
    by_number = {version.n: version for version in versions}

    def named(name: str, otherwise: PageVersion | None) -> PageVersion | None:
        if not request.args.get(name):
            return otherwise
        try:
            return by_number.get(typed.number(request.args[name], 1, 10**6)) or abort(404)
        except typed.Unreadable:
            abort(404)

    new = named("new", None) or versions[0]
    before = next((version for version in versions if version.n < new.n), None)
    return named("old", before), new


def _fields(old: PageVersion | None, new: PageVersion) -> list[Field]:
    labels = {
        "heading": _("Heading"), "summary": _("One line for lists"), "text": _("Text"),
        "words": _("Other words that people type when they look for it"), "sources": _("What this rests on"),
    }  # fmt: skip
    texts = {name: (getattr(old, name) if old else "", getattr(new, name)) for name in labels}
    return [
        Field(str(label), beside(*texts[name]))
        for name, label in labels.items()
        if name == "text" or texts[name][0] != texts[name][1]
    ]


def _page(person: SignedIn, page: Page, language: str, sentence: str = "") -> str:
    found = editing.versions(db.session(), page.number, language)
    if not found:
        abort(404)
    old, new = _chosen(found)
    return render_template(
        "desk/content_versions.html",
        person=person,
        page=page,
        language_of=language,
        names=shown.OWN_NAMES,
        versions=found,
        old=old,
        new=new,
        fields=_fields(old, new),
        sentence=sentence,
        tag=shown.TAGS.get(language, language),
    )
