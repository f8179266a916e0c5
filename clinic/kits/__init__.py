"""Self-test kits: ordered discreetly, routed to a point with stock, handed over without a name."""

from flask import Flask


def init(app: Flask) -> None:
    """Wire the room's pages into the app."""
    from clinic.kits import views, views_order  # noqa: F401

    app.register_blueprint(views.blueprint)
