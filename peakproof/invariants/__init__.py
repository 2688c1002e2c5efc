"""The invariants, by name: pure judgements of a history. Add one: a file here and its name below.

``judge(history, claims, plan, names)`` gives one Result a name. Each module has NAME, TITLE,
FLOWS (flows a connector must claim to be judged by it; FLOWS_ANY, where given, are flows of
which one will do), ``check(history, claims, plan)`` and EXAMPLES, from which
tests/invariants/test_every_invariant.py proves that it can tell right from wrong.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from peakproof.errors import UnknownName
from peakproof.evidence import Claims, Example, Finding, Result, ServiceLevel
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

from . import (
    api_manners,
    approvals,
    bank_lines_once,
    charges_reconciled,
    events_end_visibly,
    fulfilled_once,
    identity_kept,
    isolation,
    labels_once,
    messages_once,
    no_oversell,
    operations_sound,
    order_content,
    orders_exactly_once,
    payout_lines_once,
    payouts_reconciled,
    pos_sales_once,
    refunds_conserved,
    screening_heeded,
    secrets_kept,
    service_levels,
    stock_conserved,
    webhooks_sound,
)

__all__ = [
    "REGISTRY",
    "Claims",
    "Example",
    "Finding",
    "Invariant",
    "Result",
    "ServiceLevel",
    "judge",
]


class Invariant(Protocol):
    """What every module of this folder offers."""

    NAME: str
    TITLE: str
    FLOWS: tuple[str, ...]
    EXAMPLES: list[Example]
    check: Callable[[History, Claims, Plan], Result]


_MODULES: tuple[Any, ...] = (
    orders_exactly_once,
    order_content,
    identity_kept,
    no_oversell,
    stock_conserved,
    fulfilled_once,
    labels_once,
    screening_heeded,
    messages_once,
    bank_lines_once,
    payout_lines_once,
    payouts_reconciled,
    charges_reconciled,
    pos_sales_once,
    refunds_conserved,
    approvals,
    events_end_visibly,
    webhooks_sound,
    api_manners,
    service_levels,
    isolation,
    operations_sound,
    secrets_kept,
)

REGISTRY: dict[str, Invariant] = {module.NAME: module for module in _MODULES}


def judge(history: History, claims: Claims, plan: Plan, names: Iterable[str]) -> list[Result]:
    """Judge a history by the named invariants, in that order.

    An invariant whose flows are not all claimed is ``not claimed``; one whose check fails is
    ``unknown`` with the error's last line. Raises UnknownName for a name without invariant.
    """
    return [_judge_one(history, claims, plan, name) for name in names]


def _judge_one(history: History, claims: Claims, plan: Plan, name: str) -> Result:
    if name not in REGISTRY:
        raise UnknownName("invariant", name, REGISTRY)
    invariant = REGISTRY[name]
    missing = [flow for flow in invariant.FLOWS if flow not in claims.flows]
    one_of = getattr(invariant, "FLOWS_ANY", ())
    if one_of and not set(one_of) & claims.flows:
        missing.append(" or ".join(one_of))
    if missing:
        return Result(
            name=name,
            verdict=Verdict.NOT_CLAIMED,
            summary=f"The connector does not claim {' and '.join(missing)}.",
        )
    try:
        return invariant.check(history, claims, plan)
    # A check that fails must not look like a pass, whatever it fails with.
    except Exception as error:  # noqa: BLE001
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[-1] if lines else ''}"
        return Result(
            name=name,
            verdict=Verdict.UNKNOWN,
            summary=f"The check itself failed, so nothing is known: {reason}",
        )
