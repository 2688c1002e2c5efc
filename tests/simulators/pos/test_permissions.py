"""OAuth permissions of the point of sale: which call needs which, and the refusal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from square.core.api_error import ApiError

from peakproof.simkit import Kit
from simulators.pos import create
from simulators.pos.permissions import permissions
from tests.simkit.worlds import make_config


def test_every_operation_but_webhooks_and_calculating_needs_one(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    kit = Kit(config)
    names = {str(route.name) for route in create(config, kit).routes()}
    kit.journal.close()
    needs = set(permissions([]).needs)
    free = {name for name in names - needs if not name.startswith("webhooks.subscriptions.")}
    assert free == {"orders.calculate"}
    assert not needs - names


def test_a_personal_token_has_them_all(till: Any) -> None:
    (grant,) = till.wait_for("grant", "OAuth permissions")
    assert {"ORDERS_READ", "CASH_DRAWER_READ"} < set(grant.value["granted"])


def test_a_permission_that_is_lacking(open_till: Callable[..., Any]) -> None:
    till = open_till(scopes=["MERCHANT_PROFILE_READ", "ORDERS_WRITE"])
    assert till.square.locations.list().locations
    with pytest.raises(ApiError, match=r"authorize your application .* ORDERS_READ") as refused:
        till.square.orders.search(location_ids=[till.place()])
    assert refused.value.status_code == 403
    (noted,) = till.wait_for("request", "orders.search")
    assert noted.value["error_codes"] == ["INSUFFICIENT_SCOPES"]
    assert noted.value["scopes"] == ["ORDERS_READ"]
