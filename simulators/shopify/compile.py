"""Turns the selections of a document into functions, once, so that a call only runs them.

Execution follows the GraphQL specification (merging of fields, fragments on abstract types,
null that climbs to the nearest nullable field, errors with paths); the tests hold it against
graphql-core's own executor. Scopes are settled here too: a field whose scopes the token lacks
becomes one that refuses.

Not modelled: subscriptions, @defer, @stream, asynchronous resolvers.
"""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
)

from .access import Granted
from .complete import Entry, Finish, Listed, Run, Written, one_by_one, type_name_of
from .context import Context
from .errors import ApiError, access_denied
from .registry import Resolver, Resolvers, snake_case
from .scalars import WRITERS
from .straight import Selected
from .values import ABSENT, Fixed, Maker, Misfit, default_of, literal

__all__ = ["Compiler", "RootField"]

Nodes = list[FieldNode]


class RootField:
    """One root field: how to resolve it, how to finish what came, under which key."""

    def __init__(self, key: str, node: FieldNode, name: str) -> None:
        self.key, self.node, self.name = key, node, name
        self.resolve: Resolver | None = None
        self.arguments: Maker = dict
        self.finish: Finish | None = None
        self.required = False
        self.payload_type = ""


class Compiler:
    """Compiles the selections of one document for one version and one set of scopes.

    ``conditions`` are the values of the variables that @skip and @include name.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        resolvers: Resolvers,
        fragments: Mapping[str, FragmentDefinitionNode],
        granted: Granted,
        conditions: Mapping[str, Any],
    ) -> None:
        self.schema, self.resolvers, self.fragments = schema, resolvers, fragments
        self.granted, self.conditions = granted, conditions
        self.deprecated: set[str] = set()
        self.scopes: set[str] = set()

    def roots(self, parent: GraphQLObjectType, selections: Iterable[SelectionNode]) -> list[Any]:
        """Return the root fields of an operation, in order."""
        found = []
        for key, nodes in self.collect(parent, [selections]).items():
            name = nodes[0].name.value
            root = RootField(key, nodes[0], name)
            if name != "__typename":
                field = parent.fields[name]
                root.resolve = self.resolver(parent, name, field)
                root.arguments = self.arguments(field, nodes[0])
                root.required = isinstance(field.type, GraphQLNonNull)
                root.finish = self.finish(field.type, nodes)
                root.payload_type = str(field.type).rstrip("!")
            found.append(root)
        return found

    def collect(
        self, parent: GraphQLObjectType, groups: Iterable[Iterable[SelectionNode]]
    ) -> dict[str, Nodes]:
        """Group the fields that a type answers by response key."""
        found: dict[str, Nodes] = {}
        for selections in groups:
            self._collect(parent, selections, found)
        return found

    def _collect(
        self,
        parent: GraphQLObjectType,
        selections: Iterable[SelectionNode],
        found: dict[str, Nodes],
    ) -> None:
        for node in selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._matches(parent, condition.name.value):
                    self._collect(parent, node.selection_set.selections, found)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if self._matches(parent, fragment.type_condition.name.value):
                    self._collect(parent, fragment.selection_set.selections, found)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                flag: Any = self.schema.type_map["Boolean"]
                made = literal((directive.arguments or ())[0].value, flag)
                if bool(made(self.conditions)) is (name == "skip"):
                    return False
        return True

    def _matches(self, parent: GraphQLObjectType, condition: str) -> bool:
        wanted = self.schema.type_map[condition]
        if wanted is parent:
            return True
        return isinstance(
            wanted, GraphQLInterfaceType | GraphQLUnionType
        ) and self.schema.is_sub_type(wanted, parent)

    def resolver(
        self, parent: GraphQLObjectType, name: str, field: GraphQLField
    ) -> Resolver | None:
        """Return the function that answers a field; None means: read it from the source."""
        if field.deprecation_reason is not None:
            self.deprecated.add(f"{parent.name}.{name}")
        for key in (f"{parent.name}.{name}", _named(field.type).removesuffix("Connection")):
            needed = self.granted.needed(key)
            if needed:
                self.scopes.add(needed)
            scopes = self.granted.missing(key)
            if scopes is not None:
                return _refusing(access_denied(name, scopes))
        return self.resolvers.fields.get((parent.name, name))

    def arguments(self, field: GraphQLField, node: FieldNode) -> Maker:
        """Return the function that makes a field's arguments of the variables."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        makers: list[tuple[str, Maker | None, Any, bool]] = []
        fixed = True
        for name, argument in field.args.items():
            default = default_of(argument)
            required = isinstance(argument.type, GraphQLNonNull)
            if name in given:
                fixed = fixed and not _has_variables(given[name])
                makers.append((name, literal(given[name], argument.type), default, required))
            elif default is not ABSENT:
                makers.append((name, None, default, required))

        def make(variables: Mapping[str, Any]) -> dict[str, Any]:
            result = {}
            for name, maker, default, required in makers:
                value = default if maker is None else maker(variables)
                if value is ABSENT:
                    value = default
                if value is not ABSENT:
                    if value is None and required:
                        raise Misfit
                    result[name] = value
            return result

        if not fixed:
            return make
        return Fixed(make({}))

    def finish(self, kind: GraphQLOutputType, nodes: Nodes) -> Finish | None:
        """Return what turns a resolved value into an answer; None: it is one already.

        Whether null may stand there is not its affair: fields and lists look after that.
        """
        if isinstance(kind, GraphQLNonNull):
            return self.finish(kind.of_type, nodes)
        if isinstance(kind, GraphQLList):
            required = isinstance(kind.of_type, GraphQLNonNull)
            return Listed(self.finish(kind.of_type, nodes), required, nodes[0])
        if isinstance(kind, GraphQLEnumType):
            return None
        if isinstance(kind, GraphQLScalarType):
            writer = WRITERS.get(kind.name)
            return None if writer is None else Written(writer)
        groups = [node.selection_set.selections for node in nodes if node.selection_set]
        if isinstance(kind, GraphQLObjectType):
            return self.selection(kind, groups)
        assert isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)
        return self._abstract(kind, groups)

    def _abstract(self, kind: GraphQLInterfaceType | GraphQLUnionType, groups: list[Any]) -> Finish:
        runs: dict[str, Run] = {}
        possible = {entry.name: entry for entry in self.schema.get_possible_types(kind)}

        def finish(value: Any, context: Context) -> Any:
            if value is None:
                return None
            name = type_name_of(value)
            run = runs.get(name)
            if run is None:
                if name not in possible:
                    raise ApiError(f"{name or type(value).__name__} is no {kind.name}")
                run = runs[name] = self.selection(possible[name], groups).run
            return run(value, context)

        return finish

    def selection(self, parent: GraphQLObjectType, groups: Iterable[Any]) -> Selected:
        """Return what makes an object's answer."""
        entries: list[Entry] = []
        for key, nodes in self.collect(parent, groups).items():
            name = nodes[0].name.value
            if name == "__typename":
                told = _constant(parent.name)
                entries.append(Entry(key, name, None, told, Fixed({}), None, True, nodes[0]))
                continue
            field = parent.fields[name]
            entries.append(
                Entry(
                    key,
                    name,
                    attrgetter(snake_case(name)),
                    self.resolver(parent, name, field),
                    self.arguments(field, nodes[0]),
                    self.finish(field.type, nodes),
                    isinstance(field.type, GraphQLNonNull),
                    nodes[0],
                )
            )
        return Selected(entries, one_by_one(parent.name, entries))


def _constant(value: Any) -> Resolver:
    return lambda _source, _arguments, _context: value


def _refusing(error: ApiError) -> Resolver:
    def refuse(_source: Any, _arguments: Any, _context: Context) -> Any:
        raise error

    return refuse


def _named(kind: Any) -> str:
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return str(kind.name)


def _has_variables(node: Any) -> bool:
    if node.kind == "variable":
        return True
    if node.kind == "list_value":
        return any(_has_variables(entry) for entry in node.values)
    if node.kind == "object_value":
        return any(_has_variables(field.value) for field in node.fields)
    return False
