"""What can go wrong, sorted by what may be done about it.

::

    ConnectorError
      Unavailable   nothing was changed and it may work later (down, throttled, locked)
        Unsure      a write was sent and not answered: it may have been carried out
      Refused       a definite no; trying the same again is of little use
"""

__all__ = ["ConnectorError", "Refused", "Unavailable", "Unsure"]


class ConnectorError(Exception):
    """Base of the errors that the connector raises itself. Messages hold no secrets."""


class Unavailable(ConnectorError):
    """The other side is down, busy or throttling; wait and try again, without limit.

    Wait at least ``after_seconds``; waits that double stop growing at ``wait_seconds_max``.
    """

    def __init__(
        self, message: str, after_seconds: float = 0.0, wait_seconds_max: float = 10.0
    ) -> None:
        self.after_seconds = after_seconds
        self.wait_seconds_max = wait_seconds_max
        super().__init__(message)


class Unsure(Unavailable):
    """A write was sent and its answer is lost: look before trying again."""


class Refused(ConnectorError):
    """The other side, or our own check of the data, said no. ``code`` is a stable word."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")
