"""A search among what a page lists: places, people, deeds. However a name is written, it is found."""

from collections.abc import Callable

from clinic.directory.naming import key_of, keys_of, other_keyboard

MOST_SIGNS = 80
SHORT = 5  # so many lines are seen at a glance: nobody has to search among them


def sieve(words: str) -> Callable[..., bool]:
    """Whether words of some texts begin as each typed word does: in any script, case, order, on the wrong keyboard."""
    ways = [keys for way in (words, other_keyboard(words)) if (keys := keys_of(way))]

    def holds(*texts: str) -> bool:
        line = " ".join(("", *map(key_of, texts)))
        return not ways or any(all(f" {key}" in line for key in keys) for keys in ways)

    return holds
