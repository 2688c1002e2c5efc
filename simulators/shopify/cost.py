"""What a call costs, before it is run and after, in Shopify's calculated points.

Published: an object costs 1, a scalar 0, a mutation 10, a connection is sized by first/last, one
query may not cost more than 1,000, what was charged too much is given back. The growth of
connections is not published. The default fits the measure that is known (product with
``variants(first: 250) {nodes {inventoryItem}}`` is 25): an object that may come n times costs
2 ln n, n being the product of all sizes around it. That is the lenient reading; options give
``growth``: "multiplied" (the logarithms multiply) or "linear" (one point an object).

Not modelled: limits on new variants a day, and the 25,000 objects of a paginated list.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from peakproof.simkit import Bucket

__all__ = ["PLANS", "CostPlan", "CostSettings", "bucket_for", "throttle_status"]

PLANS = {"standard": 100, "advanced": 200, "plus": 1_000, "enterprise": 2_000}
BUCKET_SECONDS = 20


class CostSettings(msgspec.Struct, kw_only=True):
    """The knobs of the formula; all figures are points."""

    growth: str = "lenient"
    object: float = 1
    connection: float = 2
    mutation: float = 10
    maximum: float = 1_000


def bucket_for(plan: str, now: Callable[[], float]) -> Bucket:
    """Return the bucket of an app in a shop of that plan (real seconds)."""
    rate = PLANS.get(plan, PLANS["standard"])
    return Bucket(now, rate * BUCKET_SECONDS, rate)


def throttle_status(bucket: Bucket) -> dict[str, float]:
    """Return ``throttleStatus`` as answers carry it."""
    return {
        "maximumAvailable": float(bucket.maximum),
        "currentlyAvailable": int(bucket.available()),
        "restoreRate": float(bucket.restore_per_second),
    }


class CostPlan:
    """The requested cost of an operation, by the variables that size its connections."""

    def __init__(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, Any],
        settings: CostSettings,
    ) -> None:
        self.operation, self.fragments, self.settings = operation, fragments, settings
        self._sizes: dict[str, None] = {}  # the variables that size connections
        self._known: dict[tuple[Any, ...], float] = {}
        self.fields: list[dict[str, Any]] | None = None

    def requested(self, variables: Mapping[str, Any]) -> int:
        """Return the points that a call with these variables is charged up front."""
        sizes = self._sizes
        cost = self._known.get(tuple([variables.get(name) for name in sizes]) if sizes else ())
        if cost is None:
            cost = self._of_operation(variables)
            self._known[tuple([variables.get(name) for name in sizes])] = cost
        return max(1, round(cost)) if self.settings.object else round(cost)

    def debug(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return ``extensions.cost.fields`` for Shopify-GraphQL-Cost-Debug."""
        self.fields = []
        self._of_operation(variables)
        found, self.fields = self.fields, None
        return found

    def _of_operation(self, variables: Mapping[str, Any]) -> float:
        if self.operation.operation is OperationType.MUTATION:
            return self.settings.mutation * len(self.operation.selection_set.selections)
        return self._of(self.operation.selection_set, variables, 1.0, 1.0, [])

    def _of(
        self,
        selections: SelectionSetNode,
        variables: Mapping[str, Any],
        count: float,
        weight: float,
        path: list[str],
    ) -> float:
        total = 0.0
        branches = [0.0]
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += self._of_field(node, variables, count, weight, path)
            elif isinstance(node, InlineFragmentNode):
                branches.append(self._of(node.selection_set, variables, count, weight, path))
            elif isinstance(node, FragmentSpreadNode):
                inner = self.fragments[node.name.value].selection_set
                total += self._of(inner, variables, count, weight, path)
        return total + max(branches)

    def _of_field(
        self,
        node: FieldNode,
        variables: Mapping[str, Any],
        count: float,
        weight: float,
        path: list[str],
    ) -> float:
        if node.selection_set is None:
            return 0.0
        name = node.name.value
        place = [*path, node.alias.value if node.alias else name]
        size = self._size(node, variables)
        if size is not None:
            count *= size
            own = self.settings.connection * weight
            inner = self._of(node.selection_set, variables, count, self._grown(weight, count, size),
                             place)  # fmt: skip
        elif name in ("edges", "pageInfo"):
            own = 0.0
            inner = self._of(node.selection_set, variables, count, weight, place)
        else:
            own = self.settings.object * weight
            inner = self._of(node.selection_set, variables, count, weight, place)
        if self.fields is not None:
            self.fields.append(
                {
                    "path": place,
                    "definedCost": round(own),
                    "requestedTotalCost": round(own + inner),
                    "requestedChildrenCost": round(inner),
                }
            )
        return own + inner

    def _grown(self, weight: float, count: float, size: int) -> float:
        if self.settings.growth == "linear":
            return weight * size
        if self.settings.growth == "multiplied":
            return weight * max(1.0, 2 * math.log(max(1, size)))
        return max(1.0, 2 * math.log(max(1.0, count)))

    def _size(self, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    name = argument.value.name.value
                    self._sizes[name] = None
                    value = variables.get(name)
                    if isinstance(value, int):
                        return value
        return None
