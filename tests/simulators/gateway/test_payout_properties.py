"""Whatever happens at the gateway, every payout is the sum of what it carries, to the cent."""

import contextlib
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from peakproof.simkit import BankAccount, SimulatorRefused
from simulators.gateway import create
from tests.simulators.gateway.desk import kit_of, plan

CENTS = st.integers(min_value=100, max_value=500_000)
METHODS = st.sampled_from(
    ["pm_card_visa", "pm_card_bypassPending", "pm_card_refundFail", "pm_card_pendingRefund",
     "pm_card_createDispute", "pm_card_chargeDeclined"]
)  # fmt: skip
WHICH = st.integers(min_value=0, max_value=30)
DEEDS = st.one_of(
    st.tuples(st.just("pay"), CENTS, st.sampled_from(["USD", "EUR", "JPY"]), METHODS),
    st.tuples(st.just("refund"), WHICH, CENTS, st.booleans()),
    st.tuples(st.just("dispute"), WHICH, CENTS, st.booleans()),
    st.tuples(st.just("close_dispute"), WHICH, st.booleans()),
    st.tuples(st.just("fail_refund"), WHICH),
    st.tuples(st.just("fail_payout"), WHICH),
    st.tuples(st.just("create_payout"), CENTS, st.sampled_from(["USD", "EUR"])),
    st.tuples(st.just("close_day")),
    st.tuples(st.just("day")),
)


class Story:
    """Plays deeds on a gateway without a server."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.kit = kit_of(folder, **options)
        self.gateway = create(self.kit.config, self.kit)
        euro = BankAccount(code="euro", iban="BE68539007547034", currency="EUR")
        shop = plan(days_ago=400)
        shop.bank_accounts.append(euro)
        self.gateway.seed(shop)
        self.acts = self.gateway.actions()

    def act(self, name: str, **arguments: Any) -> None:
        with contextlib.suppress(SimulatorRefused):  # it may ask for what is not there
            self.acts[name](arguments, "test")

    def one_of(self, entity: str, which: int) -> str:
        known = list(self.gateway.snapshot()[entity])
        return known[which % len(known)] if known else "nothing"

    def play(self, deed: tuple[Any, ...]) -> None:
        kind, *rest = deed
        if kind == "pay":
            cents, currency, method = rest
            amount = str(cents) if currency == "JPY" else str(Decimal(cents) / 100)
            self.act("pay", amount=amount, currency=currency, payment_method=method)
        elif kind in ("refund", "dispute"):
            which, cents, whole = rest
            charge = self.one_of("charge", which)
            part = {} if whole else {"amount": str(cents // 100)}
            self.act(kind, charge_id=charge, **part)
        elif kind == "close_dispute":
            self.act(kind, dispute_id=self.one_of("dispute", rest[0]), won=rest[1])
        elif kind == "fail_refund":
            self.act(kind, refund_id=self.one_of("refund", rest[0]))
        elif kind == "fail_payout":
            self.act(kind, payout_id=self.one_of("payout", rest[0]))
        elif kind == "create_payout":
            self.act(kind, amount=str(Decimal(rest[0]) / 100), currency=rest[1])
        elif kind == "close_day":
            self.act(kind)
        else:
            self.kit.calendar.next_day()
            self.gateway.day_began()

    def check(self) -> None:
        found = self.gateway.snapshot()
        entries = found["balance_transaction"]
        for entry in entries.values():
            assert money(entry["net"]) == money(entry["amount"]) - money(entry["fee"])
        carried: list[str] = []
        for payout in found["payout"].values():
            assert money(payout["amount"]) > 0
            carried += payout["transaction_ids"]
            if payout["automatic"]:
                nets = [money(entries[name]["net"]) for name in payout["transaction_ids"]]
                assert sum(nets) == money(payout["amount"])
                currencies = {entries[name]["currency"] for name in payout["transaction_ids"]}
                assert currencies == {payout["currency"]}
                assert {entries[name]["payout_id"] for name in payout["transaction_ids"]} == {
                    payout["id"]
                }
            else:
                assert payout["transaction_ids"] == []
        assert len(carried) == len(set(carried)), "a transaction was paid out twice"
        for code, balance in found["balance"].items():
            moved = [row for row in entries.values() if row["currency"] == code]
            total = sum(money(row["net"]) for row in moved)
            assert total == money(balance["available"]) + money(balance["pending"])
        for charge in found["charge"].values():
            assert money(charge["amount_refunded"]) <= money(charge["amount"])


def money(text: str) -> Decimal:
    return Decimal(text)


@settings(max_examples=60, deadline=None)
@given(
    deeds=st.lists(DEEDS, max_size=40),
    days=st.integers(min_value=0, max_value=3),
    percent=st.sampled_from(["2.9", "1.4", "0", "3.333"]),
)
def test_every_payout_is_the_sum_of_what_it_carries(
    deeds: list[tuple[Any, ...]], days: int, percent: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder), available_after_banking_days=days, fees={"percent": percent})
        try:
            for deed in deeds:
                story.play(deed)
            for _ in range(4):
                story.play(("day",))
            story.check()
        finally:
            story.kit.journal.close()


@settings(max_examples=30, deadline=None)
@given(cents=st.lists(CENTS, min_size=1, max_size=5), parts=st.lists(CENTS, max_size=8))
def test_a_fully_refunded_charge_leaves_only_its_fee(cents: list[int], parts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder))
        try:
            for amount in cents:
                story.play(("pay", amount, "EUR", "pm_card_visa"))
            for part in parts:
                story.play(("refund", part, part, False))
            for number in range(len(cents)):
                story.play(("refund", number, 0, True))
            found = story.gateway.snapshot()
            assert all(
                charge["amount"] == charge["amount_refunded"] for charge in found["charge"].values()
            )
            moved = sum(money(entry["amount"]) for entry in found["balance_transaction"].values())
            assert moved == 0
        finally:
            story.kit.journal.close()
