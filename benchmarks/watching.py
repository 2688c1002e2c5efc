"""A figure that is looked at again and again while something else is at work."""

import threading
from collections.abc import Callable

__all__ = ["Most"]


class Most(threading.Thread):
    """Remembers the most that ``measure`` said inside of a ``with``, in ``value``."""

    def __init__(self, measure: Callable[[], float], every_seconds: float) -> None:
        super().__init__(daemon=True)
        self.value = 0.0
        self._measure, self._every_seconds = measure, every_seconds
        self._over = threading.Event()

    def __enter__(self) -> "Most":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Look again and again."""
        while not self._over.wait(self._every_seconds):
            self.value = max(self.value, self._measure())
