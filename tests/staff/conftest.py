"""The same desk and people as in tests/desk."""

from tests.desk.conftest import cheap_argon2, desk

__all__ = ["cheap_argon2", "desk"]
