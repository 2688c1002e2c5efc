"""How nouns say which function answers which field.

A resolver is a plain function ``(source, arguments, context)``; root fields and mutations have
no source. A field without one is read from its source: a dict by the field's name, an object
by its name in snake case.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .context import Context
    from .shop import Shop

__all__ = ["Arguments", "NodeFinder", "Resolver", "Resolvers", "snake_case"]

Arguments = dict[str, Any]
Resolver = Callable[[Any, Arguments, "Context"], Any]
RootResolver = Callable[[Arguments, "Context"], Any]
NodeFinder = Callable[["Shop", int], Any]
Field = TypeVar("Field", bound=Resolver)
Root = TypeVar("Root", bound=RootResolver)


def snake_case(name: str) -> str:
    """Return ``legacy_resource_id`` for ``legacyResourceId``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


class Resolvers:
    """The resolvers of one noun, or of all of them merged."""

    def __init__(self) -> None:
        self.fields: dict[tuple[str, str], Resolver] = {}
        self.nodes: dict[str, NodeFinder] = {}

    def field(self, type_name: str, name: str) -> Callable[[Field], Field]:
        """Answer a field of a type with the decorated function."""

        def register(function: Field) -> Field:
            self._add(type_name, name, function)
            return function

        return register

    def query(self, name: str) -> Callable[[Root], Root]:
        """Answer a root field of queries with the decorated ``(arguments, context)``."""
        return self._root("QueryRoot", name)

    def mutation(self, name: str) -> Callable[[Root], Root]:
        """Answer a mutation with the decorated ``(arguments, context)``."""
        return self._root("Mutation", name)

    def node(self, type_name: str, finder: NodeFinder) -> None:
        """Say how ``node(id:)`` finds an object: ``finder(shop, number)``, or None."""
        self.nodes[type_name] = finder

    def merge(self, other: "Resolvers") -> None:
        """Take in another noun's resolvers; two answers to one field are a mistake."""
        for (type_name, name), function in other.fields.items():
            self._add(type_name, name, function)
        self.nodes |= other.nodes

    def _add(self, type_name: str, name: str, function: Resolver) -> None:
        assert (type_name, name) not in self.fields, f"{type_name}.{name} is answered twice"
        self.fields[type_name, name] = function

    def _root(self, type_name: str, name: str) -> Callable[[Root], Root]:
        def register(function: Root) -> Root:
            def resolve(_source: Any, arguments: Arguments, context: "Context") -> Any:
                return function(arguments, context)

            self._add(type_name, name, resolve)
            return function

        return register
