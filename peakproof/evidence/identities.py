"""Which identities of a vendor a text of Odoo bears: a bank line's import id, be it wrapped.

Connectors put an account's number, a journal's id or a suffix around the vendor's identity
("US12-T1", "9-txn_9", "txn_9_fee"). An identity counts where it stands between separators, so T1
is not found in T12; looking is linear in the text, however many identities there are.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from typing import Any

__all__ = ["borne", "lines_by_identity"]

_WORD = re.compile(r"[^\W_]+")


def borne(text: str, known: Container[str]) -> Iterator[str]:
    """Yield the known identities that stand in a text, each once."""
    if text in known:
        yield text
    words = [word.span() for word in _WORD.finditer(text)]
    for place, (begin, _) in enumerate(words):
        for _, end in words[place:]:
            part = text[begin:end]
            if part in known and part != text:
                yield part


def lines_by_identity(
    lines: Mapping[str, Any], known: Container[str]
) -> dict[str, list[tuple[str, Any]]]:
    """Return the bank lines (key, record) that bear each of these identities."""
    found: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
    for key, line in lines.items():
        for identity in set(borne(str(line["unique_import_id"]), known)):
            found[identity].append((key, line))
    return found
