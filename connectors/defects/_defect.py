"""What a defect says of itself, and how it gets into the reference."""

from typing import Any

import msgspec

__all__ = ["Defect", "replace"]


class Defect(msgspec.Struct, kw_only=True, frozen=True):
    """One deliberate defect.

    ``title`` says in a few words what the connector does wrong, ``cases`` are the real cases
    that it stands for (their threads are in the module's docstring), ``scenario`` with
    ``options`` is the story that must bring it to light and ``invariants`` those of which at
    least one must be violated: whatever else is violated with them does not count.
    """

    title: str
    flow: str
    cases: tuple[str, ...] = ()
    scenario: str
    options: dict[str, str] = {}
    invariants: tuple[str, ...]


def replace(owner: Any, name: str, new: Any) -> Any:
    """Put ``new`` in the place of a part of the reference; return what was there.

    Raises AttributeError where there is no such part: a defect of something that has gone is
    not a defect.
    """
    old = getattr(owner, name)
    setattr(owner, name, new)
    return old
