"""Restricted keys of the gateway: what a call needs, and the refusal."""

from collections.abc import Callable

import pytest
import stripe

from simulators.gateway.operations_money import OPERATIONS
from simulators.gateway.permissions import permissions
from tests.simulators.gateway.desk import Desk


def test_every_operation_needs_a_permission() -> None:
    names = {operation.name for operation in OPERATIONS}
    needs = permissions(names, ()).needs
    assert set(needs) == names
    assert needs["refunds.create"] == ["charge_write"]
    assert needs["payouts.list"] == ["payout_read"]


def test_a_secret_key_may_do_everything(desk: Desk) -> None:
    desk.get("balance")
    (grant,) = desk.wait_for("grant")
    assert "balance_transaction_source_read" in grant["value"]["known"]
    assert "secret key may do everything" in grant["value"]["note"]
    assert desk.wait_for("request")[0]["value"]["scopes"] == ["balance_read"]


def test_a_restricted_key_lacks_a_permission(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(scopes=["charge_write", "balance_read"])
    desk.pay()
    assert desk.stripe.v1.charges.list().data, "writing includes reading"
    with pytest.raises(stripe.PermissionError, match="rak_payout_read"):
        desk.stripe.v1.payouts.list()
    last = desk.wait_for("request", name="payouts.list")[0]["value"]
    assert (last["status"], last["error_codes"]) == (403, ["more_permissions_required"])


def test_expanding_needs_a_permission_too(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(scopes=["balance_read"])
    desk.pay()
    assert desk.stripe.v1.balance_transactions.list()
    with pytest.raises(stripe.PermissionError, match="balance_transaction_source_read"):
        desk.stripe.v1.balance_transactions.list({"expand": ["data.source"]})
