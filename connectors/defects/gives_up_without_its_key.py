"""Work that Odoo refuses for want of a good key is given up as if the work itself were wrong.

A synchronisation dead-lettered its jobs while the other side refused its credential, though
nothing was wrong with them (https://github.com/KeepSoftwareSimple/compass-calendar/pull/2754).
"""

import httpx

from ..reference import odoo
from ..reference.errors import Refused
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="gives work up while its key of Odoo is not good",
    flow="orders",
    scenario="odoo_restart",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Take 401 for a definite no to what was asked."""

    def error(call: str, answer: httpx.Response) -> Exception:
        if answer.status_code == 401:
            return Refused("odoo_401", f"{call}: Odoo does not take the key")
        found: Exception = whole(call, answer)
        return found

    whole = replace(odoo, "_error", error)
