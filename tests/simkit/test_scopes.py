"""Scopes: what a request needs is noted, what the credential lacks is told."""

from peakproof.simkit import Request, Scopes

NEEDS = {"orders.list": ["read_orders"], "orders.pay": ["write_orders", "payments|all"]}
INCLUDES = {"write_orders": ["read_orders"]}


def asked(scopes: Scopes, name: str, more: list[str] | None = None) -> tuple[list[str], list[str]]:
    request = Request("GET", "/")
    request.name = name
    missing = scopes.missing(request, more or [])
    return request.record.scopes, missing


def test_everything_is_granted_unless_said_otherwise() -> None:
    scopes = Scopes("scopes", NEEDS, includes=INCLUDES)
    assert scopes.granted == ("all", "payments", "read_orders", "write_orders")
    assert asked(scopes, "orders.pay") == (["write_orders", "payments|all"], [])


def test_what_was_not_granted_is_missing() -> None:
    scopes = Scopes("scopes", NEEDS, ["read_orders", "all"])
    assert asked(scopes, "orders.pay") == (["write_orders", "payments|all"], ["write_orders"])
    assert asked(scopes, "orders.list", ["payments"]) == (["read_orders", "payments"], ["payments"])


def test_a_scope_may_bring_another() -> None:
    scopes = Scopes("scopes", NEEDS, ["write_orders"], INCLUDES)
    assert asked(scopes, "orders.list") == (["read_orders"], [])
    assert scopes.told() == {
        "granted": ["write_orders"],
        "includes": INCLUDES,
        "known": ["all", "payments", "read_orders", "write_orders"],
        "note": "",
    }


def test_an_operation_that_needs_nothing() -> None:
    assert asked(Scopes("scopes", NEEDS, ["all"]), "ping") == ([], [])
