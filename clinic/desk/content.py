"""Pages in words for the people who work here: guidance to read; for coordinators all texts, to write and to check."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.content_forms import PageForm
from clinic.safety.pages import editing, markup, shown
from clinic.safety.pages.editing import Check, Unfit
from clinic.safety.pages.models import LANGUAGES, SECTIONS, Page
from clinic.safety.pages.views import body, draw_numbers, in_my_language
from clinic.staff import guard, memberships
from clinic.staff.guard import staff_only
from clinic.staff.models import ROLES
from clinic.staff.people import CHIEFS
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

EDITORS = ("coordinator",)
EDIT = '/pages/<int:number>/<any(kk,ru,en,uz,"uz-cyrl"):language>'


@bp.get("/pages")
@staff_only(*ROLES)
def pages(person: SignedIn) -> ResponseReturnValue:
    """Guidance for all; for coordinators every page with its state in each language, those that need them first."""
    editor = _edits(person)
    rows = editing.overview(db.session(), clock.today()) if editor else []
    return render_template(
        "desk/content_list.html",
        person=person,
        guidance=in_my_language(("staff",)),
        editor=editor,
        rows=rows,
        languages=LANGUAGES,
        names=shown.OWN_NAMES,
        section_words=section_words(),
    )


@bp.get("/pages/<int:number>")
@staff_only(*ROLES)
def read_page(person: SignedIn, number: int) -> ResponseReturnValue:
    """A page of guidance, in the reader's language or the first that there is."""
    found = [page for page in in_my_language(("staff",)) if page.number == number]
    if not found:
        abort(404)
    return render_template(
        "desk/content_page.html", person=person, page=found[0], body=body(found[0]), editor=_edits(person)
    )


@bp.post("/pages")
@staff_only(*EDITORS)
def begin_page(person: SignedIn) -> ResponseReturnValue:
    """A new page, empty, to be written at once."""
    section = request.form.get("section", "")
    if section not in SECTIONS:
        abort(404)
    with writing() as s:
        number = editing.begin(s, section, person.login, clock.now())
    return redirect(url_for("desk.edit_page", number=number, language=language_now()), 303)


@bp.route(EDIT, methods=["GET", "POST"])
@staff_only(*EDITORS)
def edit_page(person: SignedIn, number: int, language: str) -> ResponseReturnValue:
    """Write, preview, save as a draft, save as checked, take off."""
    page = page_of(number)
    form = PageForm(request.form)
    if request.method == "GET":
        form.fill(editing.newest(db.session(), number, language))
        return _editor(person, page, language, form)
    form.validate()
    _add_what_is_unfit(form)
    if any(field.errors for field in form):
        return _editor(person, page, language, form), 422
    act = request.form.get("act", "preview")
    if act not in ("save", "check", "withdraw"):
        return _editor(person, page, language, form, preview=True)
    if act != "save" and not _releases(person):
        sentence = _(
            "The whole country reads this page: a coordinator of a whole organization releases it, or takes it off."
        )
        return _editor(person, page, language, form, sentence), 403
    if act == "withdraw" and "sure" not in request.form:
        sentence = _("Tick that you mean it: nobody in the country sees the page any more, at once.")
        return _editor(person, page, language, form, sentence), 422
    db.session.rollback()
    try:
        with writing() as s:
            if act == "withdraw":
                editing.withdraw(s, number, language, form.base.data, person.login, clock.now())
            else:
                check = Check(form.checked_by.data, form.checked_on.data) if act == "check" else None
                editing.save(s, number, language, form.draft(), check, form.base.data, person.login, clock.now())
    except editing.Stale:
        sentence = _(
            "Somebody has saved another version meanwhile. Yours is still in the fields: look at what changed."
        )
        return _editor(person, page, language, form, sentence), 409
    return redirect(url_for("desk.page_versions", number=number, language=language), 303)


def _releases(person: SignedIn) -> bool:
    return memberships.speaks_for_an_organization(db.session(), person.staff_id, CHIEFS)


def section_words() -> dict[str, str]:
    """What the sections are called."""
    return {
        "help": _("Help"),
        "rights": _("Rights"),
        "health": _("Health"),
        "lesson": _("Materials of classes"),
        "staff": _("Guidance for us"),
    }


def _edits(person: SignedIn) -> bool:
    return bool(guard.roles_here(person) & set(EDITORS))


def page_of(number: int) -> Page:
    page = db.session.get(Page, number)
    if page is None:
        abort(404)
    return page


def _add_what_is_unfit(form: PageForm) -> None:
    """Sentences beside the fields for what the text may not hold, and for a check without a name or a day."""
    act = request.form.get("act", "")
    if act == "check":
        if not form.checked_by.data:
            form.checked_by.errors = [_("Name the person: the page shows it.")]
        if form.checked_on.data is None or form.checked_on.data > clock.today():
            form.checked_on.errors = [_("A day that has been, please.")]
    if not form.heading.data or not form.text.data:
        return
    try:
        editing.look(form.draft())
    except Unfit as unfit:
        field = {"heading": form.heading, "summary": form.summary}.get(unfit.why, form.text)
        field.errors = [_why(unfit)]


def _why(unfit: Unfit) -> str:
    match unfit.why:
        case "heading" | "summary":
            said = _("A heading is read over shoulders, and “%(what)s” tells too much.", what=unfit.what)
        case "inside":
            said = _(
                "A heading or button in it tells too much: “%(what)s”. In the text itself it may stand.",
                what=unfit.what,
            )
        case "link":
            said = _("Links lead to our own pages or to a number to call: “%(what)s” leads away.", what=unfit.what)
        case _:
            said = _("It is too long for a weak connection: make two pages of it.")
    return str(said)


def _editor(
    person: SignedIn, page: Page, language: str, form: PageForm, sentence: str = "", preview: bool = False
) -> str:
    last = editing.newest(db.session(), page.number, language)
    return render_template(
        "desk/content_edit.html",
        person=person,
        page=page,
        language_of=language,
        tag=shown.TAGS.get(language, language),
        names=shown.OWN_NAMES,
        languages=LANGUAGES,
        form=form,
        sentence=sentence,
        last=last,
        releases=_releases(person),
        changed=editing.compare(last.text, form.text.data or "") if sentence and last else [],
        preview=markup.html(form.text.data, f"/{language_now()}", draw_numbers) if preview else "",
        public=page.section != "staff",
        today=clock.today(),
    )
