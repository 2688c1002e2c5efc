"""What a vendor lets a credential do: its scopes, which operation needs which, what was granted.

A simulator keeps a table of its operations' scopes and asks ``missing`` of each request once it
knows who asks; what is missing it refuses in the vendor's words. What was needed stands in the
request's record, what was granted in an event of kind ``grant``, so that a report can say which
scopes would have done. The option ``scopes`` (connector.toml: ``[scopes]``) says what is granted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peakproof.simkit.messages import Request

__all__ = ["Scopes"]


class Scopes:
    """The scopes of one kind. ``needs`` is operation -> scopes, all needed; ``a|b`` is either.

    ``granted`` left empty is all there are; ``includes`` tells what comes with a scope (reading
    with writing). A vendor whose credentials may do everything has no ``needs`` and a ``note``.
    """

    def __init__(
        self,
        kind: str,
        needs: Mapping[str, Sequence[str]],
        granted: Iterable[str] = (),
        includes: Mapping[str, Sequence[str]] | None = None,
        note: str = "",
    ) -> None:
        self.kind, self.needs, self.note = kind, needs, note
        self.includes = dict(includes or {})
        self._known = {
            name for scopes in needs.values() for need in scopes for name in need.split("|")
        }
        if needs:  # else a request's own are all there is to know
            self._known |= {*self.includes}
        every = sorted(self._known | set(self.includes))
        self.granted = tuple(dict.fromkeys(granted)) or tuple(every)
        self._good = {*self.granted}.union(*(self.includes.get(name, ()) for name in self.granted))

    def missing(self, request: Request, more: Sequence[str] = ()) -> list[str]:
        """Note what a request needs (its operation's and ``more``); return what was not granted."""
        needed = [*self.needs.get(request.name, ()), *more]
        request.record.scopes = needed
        return [need for need in needed if self._good.isdisjoint(need.split("|"))]

    def told(self) -> dict[str, Any]:
        """Return what the history keeps of the grant."""
        return {
            "granted": list(self.granted),
            "includes": {
                name: list(self.includes[name]) for name in self.granted if name in self.includes
            },
            "known": sorted(self._known),
            "note": self.note,
        }
