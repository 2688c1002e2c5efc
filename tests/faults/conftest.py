"""The world that faults are tried in, and its database server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from peakproof.runtime import proxy, vendor_proxy
from peakproof.runtime.postgres import Cluster
from peakproof.simkit import Hosted
from tests.faults.worlds import World, vendors_config
from tests.simkit.example import create
from tests.simkit.worlds import Receiver, make_config


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    receiver = Receiver()
    upstream = make_config(tmp_path, "upstream")
    with (
        Hosted(receiver.create, make_config(tmp_path, "receiver")) as hook,
        Hosted(create, make_config(tmp_path, "shop")) as shop,
        Hosted(create, upstream) as behind,
        Hosted(
            proxy.create,
            make_config(tmp_path, "odoo_proxy", options={"upstream_url": behind.url}),
        ) as odoo,
        Hosted(vendor_proxy.create, vendors_config(tmp_path, shop)) as vendors,
    ):
        shop.client.act("subscribe", {"uri": hook.url + "/hook"})
        world = World(shop, odoo, vendors, receiver, tmp_path, request.getfixturevalue)
        for process in (world.odoo_process, world.connector):
            process.start()
        try:
            yield world
        finally:
            world.close()
