"""What a flow is: its own tables, its own queue of tasks, its own schedules.

``service.py`` puts together the flows whose other side is configured. Each has a queue of its
own, so that a dead endpoint stalls nobody else.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import LiteralString, Protocol, runtime_checkable

__all__ = ["Action", "Flow", "Handler", "Prepared"]

Handler = Callable[[str], Awaitable[float | None]]
Action = Callable[[], Awaitable[object]]


class Flow(Protocol):
    """One way of a record through the connector.

    ``tables`` are statements that make what is missing; ``handlers`` bring a resource up to
    date, by the name of their queue; ``schedules`` are what is done again and again: name ->
    (action, seconds between; 0: only when kicked).
    """

    tables: LiteralString
    handlers: Mapping[str, Handler]
    schedules: Mapping[str, tuple[Action, float]]

    async def close(self) -> None:
        """Give connections back."""


@runtime_checkable
class Prepared(Protocol):
    """A flow that sets something up before the connector says that it is ready."""

    async def prepare(self) -> None:
        """Set up what is missing; done at every start."""
