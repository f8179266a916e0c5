"""How often authorities asked, year by year: open to everybody, and a zero is said as one."""

from flask import Blueprint, render_template

from clinic import clock
from clinic.db import db
from clinic.safety.register import requests

blueprint = Blueprint("register", __name__)


@blueprint.get("/what-we-keep/asked")
def asked() -> str:
    """The figures of each year."""
    return render_template("safety/asked.html", years=requests.years(db.session(), clock.today()))
