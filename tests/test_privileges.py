"""What was used of what was granted: scopes, Odoo's rights and groups, runs taken together."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peakproof.history import Event, History
from peakproof.privileges import (
    least_of,
    merged_scopes,
    merged_users,
    odoo_users_of,
    scopes_of,
)
from peakproof.report.records import ModelUse, OdooUserRecord

INCLUDES = {"write_orders": ["read_orders"], "write_stock": ["read_stock"]}
GRANTED = ["read_orders", "read_stock", "write_orders", "write_stock", "read_all"]


def event(kind: str, name: str, source: str = "shopify", **fields: Any) -> Event:
    return Event(time=1.0, source=source, kind=kind, name=name, **fields)


def grant(granted: list[str], source: str = "shopify", name: str = "scopes", **more: Any) -> Event:
    value = {"granted": granted, "includes": {}, "known": [], "note": "", **more}
    return event("grant", name, source, value=value)


def call(*scopes: str, source: str = "shopify") -> Event:
    return event("request", "call", source, value={"scopes": list(scopes)})


def test_the_least_set_has_what_serves_several_needs() -> None:
    needs = ["read_orders", "write_orders", "read_stock|read_all", "read_all|read_tips"]
    assert least_of(needs, GRANTED, INCLUDES) == ["read_all", "write_orders"]


def test_reading_needs_no_right_to_write() -> None:
    assert least_of(["read_orders", "read_stock"], GRANTED, INCLUDES) == [
        "read_orders",
        "read_stock",
    ]


@given(
    st.lists(st.sampled_from(GRANTED), unique=True),
    st.lists(st.lists(st.sampled_from(GRANTED), min_size=1, max_size=3).map("|".join)),
)
def test_a_least_set_suffices_and_nothing_of_it_can_go(
    granted: list[str], needs: list[str]
) -> None:
    def meets(scopes: list[str]) -> bool:
        good = {*scopes}.union(*(INCLUDES.get(name, []) for name in scopes))
        return all(good & set(need.split("|")) for need in needs)

    if meets(granted):
        least = least_of(needs, granted, INCLUDES)
        assert meets(least)
        assert not any(meets([other for other in least if other != name]) for name in least)


def test_what_a_vendor_granted_and_a_story_needed() -> None:
    history = History(
        [
            grant(["read_orders", "write_orders"], includes=INCLUDES),
            call("read_orders", "write_tax"),
        ]
    )
    (record,) = scopes_of(history)
    assert (record.system, record.kind) == ("shopify", "scopes")
    assert (record.least, record.spare) == (["read_orders"], ["write_orders"])
    assert record.refused == ["write_tax"]
    assert record.includes == {"write_orders": ["read_orders"]}
    assert record.instead == {}, "the right to write is more than is needed"


def test_one_of_several_would_do() -> None:
    (record,) = scopes_of(History([grant(["read_a", "read_b"]), call("read_a|read_b")]))
    assert len(record.least) == 1
    assert record.instead == {record.least[0]: record.spare}


def test_two_grants_of_one_system_keep_to_their_own() -> None:
    history = History(
        [
            grant(["balances", "details"], "bank", "consent", known=["balances", "details"]),
            grant(["ai"], "bank", "token", known=["ai"]),
            call("balances", source="bank"),
        ]
    )
    (consent,) = scopes_of(history)  # nobody came to the other door
    assert (consent.needs, consent.least, consent.spare) == (
        ["balances"],
        ["balances"],
        ["details"],
    )
    _, token = scopes_of(History([*history.events, call("ai", source="bank")]))
    assert (token.needs, token.least) == (["ai"], ["ai"])


def test_a_vendor_that_was_never_called_is_left_out() -> None:
    assert scopes_of(History([grant(["read_orders"]), grant([], "pos"), call(source="pos")])) == [
        *scopes_of(History([grant([], "pos"), call(source="pos")]))
    ]


def test_runs_together_need_what_any_of_them_needs() -> None:
    def told(*scopes: str) -> Any:
        return scopes_of(History([grant(GRANTED, includes=INCLUDES), call(*scopes)]))

    (both,) = merged_scopes([told("read_orders"), told("write_orders", "read_stock")])
    assert both.least == ["read_stock", "write_orders"]
    assert set(both.spare) == {"read_orders", "write_stock", "read_all"}


RIGHTS = {
    "implied": {"manager": ["clerk"], "clerk": ["user"], "boss": ["manager", "settings"]},
    "rights": [
        ["sale.order", "clerk", "rwc"],
        ["sale.order", "manager", "rwcu"],
        ["res.partner", "user", "r"],
        ["ir.cron", "settings", "rwcu"],
        ["res.country", "", "r"],
    ],
    "rules": [],
    "lines": {"sale.order.order_line": "sale.order.line"},
}


def asked(name: str, operation: str, user: int = 2, superuser: bool = False) -> Event:
    value = {"user": user, "superuser": superuser}
    return event("access", name, "odoo", outcome=operation, value=value)


def odoo(*events: Event, rights: dict[str, Any] | None = None, groups: str = "boss") -> History:
    user = {"login": "bot", "groups": groups.split()}
    return History(
        [
            *events,
            event("grant", "user", "odoo", key="2", value=user),
            event("grant", "rights", "odoo", value={**RIGHTS, **(rights or {})}),
        ]
    )


def test_groups_that_would_do() -> None:
    history = odoo(asked("sale.order", "create"), asked("res.country", "read"))
    (user,) = odoo_users_of(history, external=True)
    assert (user.login, user.superuser, user.models_granted) == ("bot", False, 4)
    assert [(use.model, use.operations) for use in user.models] == [
        ("res.country", ["read"]),
        ("sale.order", ["create"]),
    ]
    assert user.groups_least == ["clerk"], "neither boss nor manager is needed"


def test_a_right_that_only_a_manager_gives() -> None:
    history = odoo(asked("sale.order", "unlink"), asked("ir.cron", "read"))
    (user,) = odoo_users_of(history, external=True)
    assert user.groups_least == ["manager", "settings"]


def test_groups_asked_for_by_name_or_ruling_over_records_stay() -> None:
    history = odoo(asked("sale.order", "read"), asked("settings", "group"))
    assert odoo_users_of(history, True)[0].groups_least == ["clerk", "settings"]
    rules = {"rules": [["sale.order", "manager", "rwcu"], ["ir.cron", "settings", "r"]]}
    history = odoo(asked("sale.order", "read"), rights=rules)
    assert odoo_users_of(history, True)[0].groups_least == ["manager"]


def test_nobody_knows_the_groups_of_the_superuser() -> None:
    history = odoo(
        asked("sale.order", "create", user=2, superuser=True), asked("ir.cron", "read", 1)
    )
    root, bot = odoo_users_of(history, external=False)
    assert root.superuser
    assert bot.superuser
    assert bot.models_granted is None
    assert "refused nothing" in bot.note
    assert "fields cannot be told" in bot.note


def test_a_fields_of_calls_stand_beside_the_rights() -> None:
    line = [[0, 0, {"product_id": 3}]]
    body = {"vals_list": [{"client_order_ref": "#1", "order_line": line}]}
    request = event("request", "sale.order.create", "odoo", value={"arguments": body})
    history = odoo(asked("sale.order", "create"), asked("sale.order.line", "create"), request)
    order, line_use = odoo_users_of(history, external=True)[0].models
    assert (order.methods, order.fields_written) == (["create"], ["client_order_ref", "order_line"])
    assert line_use.fields_written == ["product_id"]


def test_users_of_several_runs() -> None:
    def told(operation: str, groups: list[str]) -> OdooUserRecord:
        use = ModelUse(model="sale.order", operations=[operation], methods=[operation])
        return OdooUserRecord(
            login="bot",
            models_granted=4,
            models=[use],
            groups=["boss"],
            groups_least=groups,
            brings={group: ["user"] if group == "clerk" else [] for group in groups},
        )

    (both,) = merged_users(
        [[told("write", ["clerk"])], [told("read", ["user"])], [told("read", ["settings"])]]
    )
    assert both.models == [
        ModelUse(model="sale.order", operations=["read", "write"], methods=["read", "write"])
    ]
    assert both.groups_least == ["clerk", "settings"], "a clerk is a user"
