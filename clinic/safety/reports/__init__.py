"""Sealed notes: what happened to her, for the organization alone, with a code to go on talking."""

from flask import Flask


def init(app: Flask) -> None:
    """The page, and requests whose files stay in memory."""
    from clinic.safety.reports import key_list, upload, views

    app.request_class = upload.InMemory
    app.register_blueprint(views.blueprint)
    app.jinja_env.globals["takes_notes"] = lambda: key_list.current() is not None
