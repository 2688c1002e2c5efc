"""A refund above the limit is put on the list for approval and booked in the same breath.

No thread is known of it: the list is what an auditor is shown, and nothing waits for it.
"""

from decimal import Decimal

from ..reference.approvals import Approvals
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books refunds above the limit before anybody has approved them",
    flow="returns",
    scenario="returns_and_exchanges",
    options={"approved_late": "true"},
    invariants=("approvals",),
)


def install() -> None:
    """Ask, and take the question for the answer."""

    async def granted(
        approvals: Approvals,
        flow: str,
        task: str,
        record: str,
        order_gid: str,
        amount: Decimal,
        currency: str,
    ) -> bool:
        await whole(approvals, flow, task, record, order_gid, amount, currency)
        return True

    whole = replace(Approvals, "granted", granted)
