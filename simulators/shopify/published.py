"""The names of everything in Shopify's published schema, to tell two answers apart.

A field that Shopify has and we have not is "not modelled"; one that Shopify has not is the
client's mistake, and is refused in Shopify's words. The index holds types with their fields,
arguments, input fields and enum values by version, and nothing else.

Not modelled: types of arguments and fields (the subset proof in the tests reads the full schema).
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from .versions import VERSIONS

__all__ = ["Published", "load_index", "write_index"]


class Published:
    """The names of one version: ``members["Order"]["lineItems"]`` is the set of arguments."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.members: dict[str, dict[str, frozenset[str]]] = {}

    def has(self, type_name: str, member: str = "", argument: str = "") -> bool:
        """Tell whether Shopify has that type, that field of it, that argument of the field."""
        members = self.members.get(type_name)
        if members is None:
            return False
        if not member:
            return True
        return member in members and (not argument or argument in members[member])

    def root(self, kind: str) -> list[str]:
        """Return the published fields of ``QueryRoot`` or ``Mutation``."""
        return sorted(self.members[kind])


def write_index(path: Path, types: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Write the index of all versions: lines of name, version mask and arguments."""
    full = (1 << len(VERSIONS)) - 1
    lines = []
    for name in sorted({name for version in types.values() for name in version}):
        masks: dict[str, int] = {}
        own = 0
        for bit, version in enumerate(VERSIONS):
            entry = types[version].get(name)
            if entry is None:
                continue
            own |= 1 << bit
            members = (entry["fields"] or []) + (entry["inputFields"] or [])
            for member in members + (entry["enumValues"] or []):
                words = [member["name"], *(a["name"] for a in member.get("args") or [])]
                text = " ".join(words)
                masks[text] = masks.get(text, 0) | 1 << bit
        lines.append(f"{name}:{'' if own == full else own}")
        for text, mask in masks.items():
            first, _, rest = text.partition(" ")
            mark = "" if mask == own else f":{mask}"
            lines.append(f" {first}{mark} {rest}".rstrip())
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


@cache
def load_index(version: str) -> Published:
    """Read the names of one version."""
    path = Path(__file__).parent / "schema" / "published.txt.gz"
    bit = 1 << VERSIONS.index(version)
    full = (1 << len(VERSIONS)) - 1
    index = Published(version)
    current: dict[str, frozenset[str]] = {}
    own = full
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        if not line.startswith(" "):
            name, _, mask = line.partition(":")
            own = int(mask) if mask else full
            current = {}
            if own & bit:
                index.members[name] = current
            continue
        word, _, arguments = line[1:].partition(" ")
        member, _, mask = word.partition(":")
        if (int(mask) if mask else own) & bit:
            current[member] = frozenset(arguments.split())
    return index
