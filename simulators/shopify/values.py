"""Arguments and variables, turned into what resolvers get, by functions made once per document.

What was not given stays out of the dict, so that a resolver can tell absent from null. A value
that does not fit raises Misfit; the caller then asks graphql-core for the words.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from .scalars import READERS

__all__ = ["ABSENT", "Fixed", "Maker", "Misfit", "Reader", "literal", "reader"]

ABSENT: Any = object()
Variables = Mapping[str, Any]
Maker = Callable[[Variables], Any]
Reader = Callable[[Any], Any]


class Misfit(Exception):
    """A variable's value does not fit its type."""


class Fixed:
    """Makes the same ``value`` whatever the variables are."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _variables: Variables) -> Any:
        """Return the value."""
        return self.value


def default_of(item: Any) -> Any:
    """Return the default of an argument or input field, or ABSENT."""
    node = item.ast_node.default_value
    return ABSENT if node is None else literal(node, item.type)({})


def reader(kind: GraphQLInputType) -> Reader:
    """Return the function that takes a JSON value as an input type."""
    if isinstance(kind, GraphQLNonNull):
        inner = reader(kind.of_type)

        def read_required(value: Any) -> Any:
            if value is None:
                raise Misfit
            return inner(value)

        return read_required
    if isinstance(kind, GraphQLList):
        item = reader(kind.of_type)

        def read_list(value: Any) -> Any:
            if value is None:
                return None
            return [item(entry) for entry in value] if isinstance(value, list) else [item(value)]

        return read_list
    if isinstance(kind, GraphQLInputObjectType):
        return _object_reader(kind)
    return _leaf_reader(kind)


_OBJECTS: dict[int, Reader] = {}


def _object_reader(kind: GraphQLInputObjectType) -> Reader:
    found = _OBJECTS.get(id(kind))
    if found is not None:
        return found
    readers: dict[str, Reader] = {}
    defaults: list[tuple[str, Any]] = []
    required: list[str] = []

    def read_object(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Misfit
        result = {}
        for name, given in value.items():
            read = readers.get(name)
            if read is None:
                raise Misfit
            result[name] = read(given)
        for name, default in defaults:
            if name not in result:
                result[name] = default
        for name in required:
            if name not in result:
                raise Misfit
        if kind.is_one_of and (len(result) != 1 or None in result.values()):
            raise Misfit
        return result

    _OBJECTS[id(kind)] = read_object
    for name, field in kind.fields.items():
        readers[name] = reader(field.type)
        default = default_of(field)
        if default is not ABSENT:
            defaults.append((name, default))
        elif isinstance(field.type, GraphQLNonNull):
            required.append(name)
    return read_object


def _leaf_reader(kind: Any) -> Reader:
    if isinstance(kind, GraphQLEnumType):
        names = frozenset(kind.values)

        def read_enum(value: Any) -> Any:
            if value is not None and value not in names:
                raise Misfit
            return value

        return read_enum
    assert isinstance(kind, GraphQLScalarType)
    custom = READERS.get(kind.name)

    def read_scalar(value: Any) -> Any:
        if value is None:
            return None
        try:
            return custom(value) if custom else kind.coerce_input_value(value)
        except Exception as error:
            raise Misfit from error

    plain = {"String": str, "Boolean": bool}.get(kind.name)
    if plain is not None:

        def read_plain(value: Any) -> Any:
            if value is None or type(value) is plain:
                return value
            raise Misfit

        return read_plain
    if kind.name == "ID":

        def read_id(value: Any) -> Any:
            if value is None or type(value) is str:
                return value
            if type(value) is int:
                return str(value)
            raise Misfit

        return read_id
    return read_scalar


def literal(node: ValueNode, kind: GraphQLInputType) -> Maker:
    """Return the function that makes an argument's value of its literal and the variables."""
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda variables: variables.get(name, ABSENT)
    if isinstance(kind, GraphQLNonNull):
        return literal(node, kind.of_type)
    if isinstance(node, NullValueNode):
        return lambda _variables: None
    if isinstance(kind, GraphQLList):
        nodes = node.values if isinstance(node, ListValueNode) else [node]
        items = [literal(entry, kind.of_type) for entry in nodes]
        return lambda variables: [
            None if (value := item(variables)) is ABSENT else value for item in items
        ]
    if isinstance(kind, GraphQLInputObjectType):
        return _literal_object(node, kind)
    value = _leaf_reader(kind)(_plain(node))
    return lambda _variables: value


def _literal_object(node: ValueNode, kind: GraphQLInputObjectType) -> Maker:
    assert isinstance(node, ObjectValueNode)
    given = {field.name.value: field.value for field in node.fields}
    makers: list[tuple[str, Maker, Any]] = []
    for name, field in kind.fields.items():
        default = default_of(field)
        if name in given:
            makers.append((name, literal(given[name], field.type), default))
        elif default is not ABSENT:
            makers.append((name, lambda _variables: ABSENT, default))

    def make(variables: Variables) -> Any:
        result = {}
        for name, maker, default in makers:
            value = maker(variables)
            if value is ABSENT:
                value = default
            if value is not ABSENT:
                result[name] = value
        return result

    return make


def _plain(node: ValueNode) -> Any:
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    if isinstance(node, StringValueNode | BooleanValueNode | EnumValueNode):
        return node.value
    if isinstance(node, ListValueNode):
        return [_plain(entry) for entry in node.values]
    if isinstance(node, ObjectValueNode):
        return {field.name.value: _plain(field.value) for field in node.fields}
    return None
