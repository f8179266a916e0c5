"""The pages of the people who come, and what every page shares: language, headers, errors, static files."""

from flask import Flask


def init(app: Flask) -> None:
    """Wire the room into the app."""
    from clinic.site import assets, away, busy, dev, entry, errors, headers, home, mine, result, unwritten  # noqa: F401

    unwritten.init(app)
    assets.init(app)
    headers.init(app)
    errors.init(app)
    busy.init(app)
    app.register_blueprint(home.blueprint)
    dev.init(app)
    away.init(app)
