"""Identifiers as vendors make them: increasing numbers with gaps, global ids, UUIDs; seeded."""

import random
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from peakproof.seed import Seed

__all__ = ["Gid", "Ids", "gid", "parse_gid"]


class Ids:
    """Draws ids from the run's seed: the same order of calls gives the same ids.

    Numbers of a kind increase; ``step_max`` is the largest gap between two of them (others
    use the same sequence). ``start`` is roughly where they begin.
    """

    def __init__(self, seed: Seed, start: int = 5_000_000_000_000, step_max: int = 32_768) -> None:
        self._seed = seed
        self._start = start
        self._step_max = step_max
        self._last: dict[str, int] = {}
        self._streams: dict[str, random.Random] = {}

    def next(self, kind: str) -> int:
        """Return the next number of a kind ("Order")."""
        stream = self._stream(kind)
        last = self._last.get(kind)
        if last is None:
            last = self._start + stream.randrange(self._start // 10 + 1)
        self._last[kind] = last + stream.randint(1, self._step_max)
        return self._last[kind]

    def uuid(self, kind: str) -> str:
        """Return the next UUID (version 4 in form) of a kind."""
        bits = self._stream(f"uuid {kind}").getrandbits(128)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits & 3]}{text[17:20]}-{text[20:]}"

    def _stream(self, kind: str) -> random.Random:
        stream = self._streams.get(kind)
        if stream is None:
            stream = self._streams[kind] = self._seed.stream(f"ids|{kind}")
        return stream


@dataclass(frozen=True)
class Gid:
    """A parsed global id: ``gid://namespace/Kind/id?query``."""

    namespace: str
    kind: str
    id: str
    query: dict[str, str]

    @property
    def number(self) -> int:
        """The id as a number; raises ValueError if it is none."""
        return int(self.id)


def gid(kind: str, identity: int | str, namespace: str = "shopify", **query: str | int) -> str:
    """Return a global id such as ``gid://shopify/Order/123``."""
    return f"gid://{namespace}/{kind}/{identity}" + (f"?{urlencode(query)}" if query else "")


def parse_gid(text: str, kind: str = "") -> Gid:
    """Return the parts of a global id; raises ValueError if it is none, or of another kind."""
    path, _, query = text.partition("?")
    scheme, _, rest = path.partition("://")
    parts = rest.split("/")
    if scheme != "gid" or len(parts) != 3 or not all(parts):
        raise ValueError(f"expected a global id such as gid://shopify/Order/1, found {text!r}")
    if kind and parts[1] != kind:
        raise ValueError(f"expected the global id of a {kind}, found {text!r}")
    return Gid(parts[0], parts[1], parts[2], dict(parse_qsl(query)))
