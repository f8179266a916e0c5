"""Safety: help now, rights, sealed reports, trainings, and guidance for those who serve."""

from flask import Flask


def init(app: Flask) -> None:
    """Wire the room's pages into the app."""
    from clinic.safety import reports
    from clinic.safety.alerts import views_now, views_watch  # noqa: F401 - it adds its view
    from clinic.safety.pages import views as pages
    from clinic.safety.register import views as register
    from clinic.safety.trainings import views as trainings

    app.register_blueprint(pages.blueprint)
    reports.init(app)
    app.register_blueprint(register.blueprint)
    app.register_blueprint(trainings.blueprint)
    app.register_blueprint(views_now.blueprint)
