"""Runs GraphQL calls: documents are parsed, checked and compiled once, then only run.

``Engine.prepare`` gives a Prepared operation or the errors that a document has; ``run`` gives
the data. Mutations run one after another; @idempotent ones go through ``idempotency``.

Not modelled: subscriptions, @defer, @stream.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    type_from_ast,
)
from graphql.execution.values import get_variable_values

from .access import Granted
from .compile import Compiler, RootField
from .complete import Failure
from .context import Context
from .cost import CostPlan, CostSettings
from .errors import ApiError
from .idempotency import guarded
from .misfits import describe
from .outlook import Outlook
from .registry import Resolvers
from .schema import check, load_schema
from .values import ABSENT, Misfit, literal, reader

__all__ = ["DOCUMENTS_MAX", "BadDocument", "Engine", "Prepared", "Result"]

DOCUMENTS_MAX = 1_000


class BadDocument(Exception):
    """A document or its variables cannot be used; ``errors`` are the answer's."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


class Result:
    """What came out: ``data`` (None if a root field failed for good) and ``errors``."""

    __slots__ = ("data", "errors")

    def __init__(self, data: dict[str, Any] | None, errors: list[dict[str, Any]]) -> None:
        self.data, self.errors = data, errors


class Prepared:
    """One operation of a checked document, compiled by scopes when first asked for."""

    def __init__(
        self, document: DocumentNode, operation: OperationDefinitionNode, text: str, version: str,
        settings: CostSettings, resolvers: Resolvers,
    ) -> None:  # fmt: skip
        self.version, self.operation, self.resolvers = version, operation, resolvers
        self.schema = load_schema(version)
        self.fragments = {
            entry.name.value: entry
            for entry in document.definitions
            if isinstance(entry, FragmentDefinitionNode)
        }
        self.is_mutation = operation.operation is OperationType.MUTATION
        self.outlook = Outlook(document, operation, version)
        self.cost = CostPlan(operation, self.fragments, settings)
        self.conditions = _condition_names(operation, self.fragments)
        self.deprecated: list[str] = []
        self.scopes: list[str] = []
        self._plans: dict[Any, list[RootField]] = {}
        self.names = self._root_names()
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._readers = []
        for definition in operation.variable_definitions or ():
            kind: Any = type_from_ast(self.schema, definition.type)
            default = definition.default_value
            made = ABSENT if default is None else literal(default, kind)({})
            self._readers.append((definition.variable.name.value, reader(kind), made, str(kind)))

    def _root_names(self) -> str:
        names: dict[str, None] = {}

        def look(selections: Any) -> None:
            for node in selections:
                if isinstance(node, FieldNode):
                    names[node.name.value] = None
                elif isinstance(node, FragmentSpreadNode):
                    look(self.fragments[node.name.value].selection_set.selections)
                else:
                    look(node.selection_set.selections)

        look(self.operation.selection_set.selections)
        return "+".join(names)

    def variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Read the variables of a call; raises BadDocument if one does not fit."""
        result = {}
        try:
            for name, read, default, kind in self._readers:
                if name in given:
                    result[name] = read(given[name])
                elif default is not ABSENT:
                    result[name] = default
                elif kind.endswith("!"):
                    raise Misfit
        except Misfit:
            raise BadDocument(self._misfits(given)) from None
        return result

    def _misfits(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        nodes = self.operation.variable_definitions or ()
        found = get_variable_values(self.schema, nodes, dict(given), max_errors=10)
        if not isinstance(found, list):
            return [{"message": "A variable does not fit its type.",
                     "extensions": {"code": "INVALID_VARIABLE"}}]  # fmt: skip
        types = {name: kind for name, _, _, kind in self._readers}
        return describe(found, types, given, self.version)

    def plan(self, granted: Granted, variables: Mapping[str, Any]) -> list[RootField]:
        """Return the root fields as compiled for a token's scopes."""
        conditions = {name: variables.get(name) for name in self.conditions}
        key = (granted.key, tuple(conditions.values())) if conditions else granted.key
        plan = self._plans.get(key)
        if plan is None:
            compiler = Compiler(self.schema, self.resolvers, self.fragments, granted, conditions)
            parent = self.schema.mutation_type if self.is_mutation else self.schema.query_type
            assert parent is not None
            plan = compiler.roots(parent, self.operation.selection_set.selections)
            self._plans[key] = plan
            self.deprecated = sorted(compiler.deprecated)
            self.scopes = sorted(compiler.scopes)
        return plan


class Engine:
    """Runs calls for all versions with one set of resolvers."""

    def __init__(self, resolvers: Resolvers, settings: CostSettings | None = None) -> None:
        self.resolvers = resolvers
        self.settings = settings or CostSettings()
        self._prepared: OrderedDict[tuple[str, str, str], Prepared | BadDocument] = OrderedDict()

    def prepare(self, version: str, text: str, operation_name: str = "") -> Prepared:
        """Return the operation of a document; raises BadDocument."""
        key = (version, text, operation_name)
        found = self._prepared.get(key)
        if found is None:
            try:
                found = self._prepare(version, text, operation_name)
            except BadDocument as error:
                found = error
            self._prepared[key] = found
            if len(self._prepared) > DOCUMENTS_MAX:
                self._prepared.popitem(last=False)
        if isinstance(found, BadDocument):
            raise BadDocument(found.errors)
        return found

    def _prepare(self, version: str, text: str, operation_name: str) -> Prepared:
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            places = [{"line": p.line, "column": p.column} for p in error.locations or ()]
            raise BadDocument([{"message": error.message, "locations": places}]) from error
        except GraphQLError as error:
            raise BadDocument([{"message": error.message}]) from error
        errors = check(document, version)
        if errors:
            raise BadDocument(errors)
        operations = [
            entry for entry in document.definitions if isinstance(entry, OperationDefinitionNode)
        ]
        if operation_name:
            operations = [
                entry for entry in operations if entry.name and entry.name.value == operation_name
            ]
        if len(operations) != 1:
            problem = (
                f'No operation named "{operation_name}"'
                if operation_name
                else ("An operation name is required")
            )
            raise BadDocument([{"message": problem}])
        return Prepared(document, operations[0], text, version, self.settings, self.resolvers)

    def scopes(self, prepared: Prepared, context: Context) -> list[str]:
        """Return what an operation needs that will run later, on its own."""
        prepared.plan(context.client.granted, {})
        return prepared.scopes

    def run(
        self, prepared: Prepared, variables: Mapping[str, Any], context: Context, granted: Granted
    ) -> Result:
        """Run an operation with variables that ``Prepared.variables`` has read."""
        context.variables = dict(variables)
        context.reading = not prepared.is_mutation
        data: dict[str, Any] | None = {}
        for root in prepared.plan(granted, variables):
            before = len(context.errors)
            try:
                value = self._root(root, prepared, context)
            except (Failure, ApiError, Misfit) as error:
                failure = _failure(error, root)
                context.errors.append(failure)
                value = None
                if root.required:
                    data = None
            for failure in context.errors[before:]:
                failure.path.insert(0, root.key)
            if data is None:
                break
            data[root.key] = value
        return Result(data, [failure.entry() for failure in context.errors])

    def _root(self, root: RootField, prepared: Prepared, context: Context) -> Any:
        if root.name == "__typename":
            return "Mutation" if prepared.is_mutation else "QueryRoot"
        arguments = root.arguments(context.variables)
        if root.resolve is None:
            raise ApiError(f"peakproof has no resolver for {root.name}", "PEAKPROOF_NOT_MODELLED")
        if prepared.is_mutation:
            value = guarded(root, arguments, context)
            context.shop.touch()
        else:
            value = root.resolve(None, arguments, context)
        if root.finish is not None:
            value = root.finish(value, context)
        if value is None and root.required:
            raise ApiError(f"Cannot return null for non-nullable field {root.name}.")
        return value


def _failure(error: Failure | ApiError | Misfit, root: RootField) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, Misfit):
        error = ApiError(f"An argument of '{root.name}' may not be null.", "INVALID_VARIABLE")
    return Failure(error, root.node)


def _condition_names(operation: Any, fragments: Mapping[str, Any]) -> list[str]:
    names: dict[str, None] = {}

    def look(selections: Any) -> None:
        for node in selections:
            for directive in node.directives or ():
                if directive.name.value in ("skip", "include"):
                    value = directive.arguments[0].value
                    if value.kind == "variable":
                        names[value.name.value] = None
            inner = getattr(node, "selection_set", None)
            if inner is not None:
                look(inner.selections)

    look(operation.selection_set.selections)
    for fragment in fragments.values():
        look(fragment.selection_set.selections)
    return list(names)
