"""How the visit was, under her code: three answers and a line, once."""

import re
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms.widgets import HiddenInput

from clinic.booking import feedback
from clinic.booking.forms import OpenForm, Parsed, as_typed, flag, her_code, one_of
from clinic.booking.refusals import Gone
from clinic.booking.typed import Unreadable
from clinic.directory.catalogue import Catalogue
from clinic.passes.passes import OpenPass
from clinic.site.mine_orders import Said
from clinic.wording import gettext as _


def _visit(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", value):
        raise Unreadable(_l("We do not know this visit."))
    return bytes.fromhex(value)


class FeltForm(OpenForm):
    """Three times yes or no, and a line if she likes; `felt` is the visit."""

    act = Parsed(_l("What to do"), one_of(("felt",)), widget=HiddenInput())
    felt = Parsed(_l("Visit"), _visit, widget=HiddenInput())
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())
    respected = Parsed(_l("Were you treated with respect"), flag)
    private = Parsed(_l("Could nobody else hear or see"), flag)
    again = Parsed(_l("Would you come again"), flag)
    line = Parsed(_l("In your own words, if you like"), as_typed, feedback.LONGEST_LINE)


def act(s: Session, cat: Catalogue, pass_: OpenPass, form: FeltForm, now: datetime) -> Said:  # noqa: ARG001
    """Count her answers; a sentence about it, to stand above everything under the pass."""
    if form.felt.errors or form.act.errors or form.felt.data is None:
        return Said(_("There is no such visit any more."), 404)
    answers = {name: form[name].data for name in feedback.QUESTIONS}
    if form.errors or None in answers.values():
        wrong = form.line.errors[0] if form.line.errors else _("Choose yes or no three times.")
        return Said(_("Not sent yet: %(why)s", why=wrong), 400)
    try:
        feedback.answer(s, pass_, form.felt.data, answers, form.line.data or "", now)
    except feedback.Answered:
        return Said(_("You have answered about this visit before. Thank you."), 409)
    except Gone:
        return Said(_("There is no such visit any more."), 404)
    return Said(_("Thank you. It is counted, and nothing leads from the answer to you."))
