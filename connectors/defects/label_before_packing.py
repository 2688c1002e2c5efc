"""A label is bought as soon as a delivery is ready; if it is cancelled then, the label is paid.

Near to case F5: what is bought early has to be given back when nothing is sent, and nobody does
(https://github.com/openlinker-project/openlinker/issues/1917).
"""

from typing import Any

from ..reference import deliveries
from ..reference.odoo import Odoo
from ..reference.shipping import PICKING
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="buys labels for deliveries that are ready, and keeps them when those are cancelled",
    flow="shipping",
    cases=("F5",),
    scenario="carrier_outage",
    options={"given_up": "1"},
    invariants=("labels_once",),
)


def install() -> None:
    """Take a delivery that is ready for one that is done."""

    async def ready_is_done(odoo: Odoo, model: str, method: str, **arguments: Any) -> Any:
        rows = await read(odoo, model, method, **arguments)
        if arguments.get("fields") is PICKING:
            for row in rows:
                row["state"] = "done" if row["state"] == "assigned" else row["state"]
        return rows

    ready = [["state", "in", ["assigned", "done"]], ["picking_type_code", "=", "outgoing"]]
    replace(deliveries, "DONE", ready)
    read = replace(Odoo, "read", ready_is_done)
