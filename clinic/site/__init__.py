"""The pages of the people who come, and what every page shares: language, headers, errors, static files."""

from flask import Flask


def init(app: Flask) -> None:
    """Wire the room into the app."""
    from clinic.site import assets, away, dev, entry, errors, headers, home, mine, result  # noqa: F401

    assets.init(app)
    headers.init(app)
    errors.init(app)
    app.register_blueprint(home.blueprint)
    dev.init(app)
    away.init(app)
