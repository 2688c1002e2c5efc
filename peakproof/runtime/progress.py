"""How long steps tell that they are alive: a callback that the command line shows.

``progress(description, fraction)`` with ``fraction`` from 0 to 1, or None while unknown.
"""

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[str, float | None], None]


def silent(description: str, fraction: float | None) -> None:
    """Report nothing: the default of every long step."""
