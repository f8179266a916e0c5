"""The JSON face: places, free times, visits and kits for the sites and chat bots of others."""

from flask import Flask


def init(app: Flask) -> None:
    """Wire the room into the app: the blueprint and its OpenAPI document."""
    from clinic.api import appointments, face, hooks, kits, locations, problems, slots  # noqa: F401 - they add views

    slots.init(app)
    app.before_request(problems.unrouted)
    face.make(app).register_blueprint(face.blueprint)
    app.register_blueprint(hooks.blueprint)
