"""Bank lines are created without an identity: after a lost answer they are created once more.

Real case P7: lines stood there twice when a pull was tried again
(https://github.com/OCA/bank-statement-import/issues/499); O17 is the same elsewhere, a retry
that had no way to see what its first try had done (https://github.com/odoo/odoo/issues/40567).
"""

import secrets
from collections.abc import Iterable

import msgspec

from ..reference.statements import LINE, Journal, Line, Statements
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="writes bank lines again when Odoo's answer is lost",
    flow="bank",
    cases=("P7", "O17"),
    scenario="bank_outage",
    invariants=("bank_lines_once",),
)


def install() -> None:
    """Find no lines in Odoo, and let none be refused for its id."""

    async def known(
        statements: Statements, names: Iterable[str], model: str = LINE
    ) -> dict[str, int]:
        if model == LINE:
            return {}
        found: dict[str, int] = await whole_known(statements, names, model)
        return found

    def row(statements: Statements, journal: Journal, line: Line) -> list[str]:
        unnamed = msgspec.structs.replace(line, identity=f"{line.identity}_{secrets.token_hex(4)}")
        cells: list[str] = whole_row(statements, journal, unnamed)
        return cells

    whole_known = replace(Statements, "known", known)
    whole_row = replace(Statements, "_row", row)
