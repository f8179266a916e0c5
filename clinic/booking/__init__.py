"""From a wish to an appointment: free times, finding, booking, moving, cancelling, forgetting."""

from flask import Flask


def init(app: Flask) -> None:
    """Wire the room's pages into the app."""
    from clinic.booking import views, views_book, views_wait  # noqa: F401

    app.register_blueprint(views.blueprint)
