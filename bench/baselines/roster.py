"""A bare Flask view that renders the same roster from rows that are already in memory."""

import json
import os
from pathlib import Path

from flask import Flask, render_template

app = Flask(__name__, template_folder=str(Path(__file__).parent))
app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
PAGE = json.loads(Path(os.environ["BENCH_ROWS"]).read_text())


@app.get("/roster")
def roster() -> str:
    return render_template("roster.html", **PAGE)
