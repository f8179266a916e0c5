"""One short page for each code of a problem document: what it means, and what to do."""

from flask import Blueprint, abort, render_template

from clinic.api.problems import MEANINGS

blueprint = Blueprint("problem_pages", __name__)


@blueprint.get("/problems/<code>")
def problem(code: str) -> str:
    """What the `type` of a problem document leads to."""
    meaning = MEANINGS.get(code)
    if meaning is None:
        abort(404)
    return render_template("api/problem.html", meaning=meaning, code=code)
