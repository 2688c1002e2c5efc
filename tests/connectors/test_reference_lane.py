"""The lane in which the reference connector confirms orders together."""

import asyncio

from connectors.reference.errors import Refused, Unsure
from connectors.reference.lane import TOGETHER_MAX, Lane


class FakeOdoo:
    """Notes the calls; refuses orders in ``bad``, loses the answer of calls with ``lost``."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.bad: set[int] = set()
        self.lost: set[int] = set()
        self.busy = 0

    async def write(self, model: str, method: str, *, ids: list[int]) -> bool:
        assert (model, method) == ("sale.order", "action_confirm")
        assert not self.busy, "two calls in the lane at once"
        self.busy += 1
        await asyncio.sleep(0)
        self.busy -= 1
        self.calls.append(ids)
        if self.lost & set(ids):
            raise Unsure("no answer")
        if self.bad & set(ids):
            raise Refused("odoo_422", "no")
        return True


def confirm(odoo: FakeOdoo, *ids: int) -> list[BaseException | None]:
    """Confirm orders at once; return what each was told."""

    async def run() -> list[BaseException | None]:
        lane = Lane(odoo)  # type: ignore[arg-type]
        return await asyncio.gather(*map(lane.confirm, ids), return_exceptions=True)

    return asyncio.run(run())


def test_those_that_wait_are_confirmed_together() -> None:
    odoo = FakeOdoo()
    assert confirm(odoo, *range(1, 21)) == [None] * 20
    assert sorted(one for call in odoo.calls for one in call) == list(range(1, 21))
    assert len(odoo.calls) < 8
    assert max(map(len, odoo.calls)) == TOGETHER_MAX


def test_a_refusal_hits_only_the_order_that_caused_it() -> None:
    odoo = FakeOdoo()
    odoo.bad = {3}
    told = confirm(odoo, 1, 2, 3, 4)
    assert [type(one) for one in told] == [type(None), type(None), Refused, type(None)]


def test_a_lost_answer_leaves_all_of_the_call_unsure() -> None:
    odoo = FakeOdoo()
    odoo.lost = {1, 2, 3}
    assert [type(one) for one in confirm(odoo, 1, 2, 3)] == [Unsure] * 3
    assert len(odoo.calls) <= 3


def test_one_that_gives_up_waiting_takes_nobody_along() -> None:
    odoo = FakeOdoo()

    async def run() -> None:
        lane = Lane(odoo)  # type: ignore[arg-type]
        async with lane.alone():
            gone = asyncio.create_task(lane.confirm(1))
            stays = asyncio.create_task(lane.confirm(2))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
        await stays

    asyncio.run(run())
    assert odoo.calls == [[2]]
