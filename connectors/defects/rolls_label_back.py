"""A label that was bought is forgotten when the run that bought it fails afterwards.

Everything of a run is one transaction, so what was noted about the purchase goes with it, and
the label stays without an owner (cases F8, where nobody knows whether the parcel exists:
https://github.com/allegro/allegro-api/issues/6202; and P8, the same with charges:
https://github.com/openfoodfoundation/openfoodnetwork/issues/3925).
"""

from ..reference.errors import ConnectorError
from ..reference.shipping import Shipping
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="loses its record of a label in the rollback of a run that failed",
    flow="shipping",
    cases=("F8", "P8"),
    scenario="carrier_outage",
    invariants=("labels_once",),
)


def install() -> None:
    """Undo our own notes when a run fails."""

    async def one_transaction(shipping: Shipping, resource: str) -> None:
        try:
            await run(shipping, resource)
        except ConnectorError:
            await shipping.store.rows(
                "delete from labels where picking_id = %(id)s", id=int(resource.rsplit(":", 1)[-1])
            )
            raise

    run = replace(Shipping, "bring_up_to_date", one_transaction)
