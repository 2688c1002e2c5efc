"""What compiled documents run: functions that read objects and lay down answers.

An object's fields are done one by one, which gives errors their paths; where nothing is special
straight.py has a faster way.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from graphql import FieldNode

from .context import Context
from .errors import ApiError
from .registry import Resolver
from .values import Maker, Misfit

__all__ = [
    "Entry",
    "Failure",
    "Finish",
    "Listed",
    "Run",
    "Written",
    "one_by_one",
    "type_name_of",
]

Finish = Callable[[Any, Context], Any]
Run = Callable[[Any, Context], dict[str, Any] | None]


class Failure(Exception):
    """A field failed; ``path`` grows as the failure climbs to a nullable field."""

    def __init__(self, error: ApiError, node: FieldNode) -> None:
        super().__init__(error.message)
        self.error, self.node = error, node
        self.path: list[str | int] = []

    def entry(self) -> dict[str, Any]:
        """Return it as an entry of ``errors``."""
        place = self.node.loc
        entry: dict[str, Any] = {"message": self.error.message}
        if place is not None:
            token = place.start_token
            entry["locations"] = [{"line": token.line, "column": token.column}]
        entry["path"] = list(self.path)
        if self.error.extensions:
            entry["extensions"] = self.error.extensions
        return entry


def type_name_of(value: Any) -> str:
    """Return the GraphQL type of an object behind an interface or union."""
    if type(value) is dict:
        return str(value.get("__typename", ""))
    return str(getattr(value, "graphql_type", ""))


class Written:
    """Finishes a leaf with its scalar's writer."""

    __slots__ = ("writer",)

    def __init__(self, writer: Callable[[Any], Any]) -> None:
        self.writer = writer

    def __call__(self, value: Any, _context: Context) -> Any:
        """Return the value as it is written."""
        return None if value is None else self.writer(value)


class Entry(NamedTuple):
    """One field of a selection: its key in the answer and how to get there.

    ``resolve`` None means: ``read`` it from the source (a dict: by ``name``). ``finish`` None
    means that what came is the answer.
    """

    key: str
    name: str
    read: Callable[[Any], Any] | None
    resolve: Resolver | None
    arguments: Maker
    finish: Finish | None
    required: bool
    node: FieldNode


def one_by_one(type_name: str, entries: list[Entry]) -> Run:
    """Return what answers an object field by field, and tells which field failed."""

    def run(source: Any, context: Context) -> dict[str, Any] | None:
        if source is None:
            return None
        context.objects += 1
        plain = type(source) is dict
        errors = context.errors
        count = len(errors)
        answer: dict[str, Any] = {}
        for key, name, read, resolve, arguments, finish, required, node in entries:
            try:
                if resolve is not None:
                    value = resolve(source, arguments(context.variables), context)
                elif plain:
                    value = source.get(name)
                else:
                    value = read(source)  # type: ignore[misc]
                if finish is not None and value is not None:
                    value = finish(value, context)
                    if len(errors) > count:
                        count = _prefixed(errors, count, key)
                if value is None and required:
                    raise ApiError(f"Cannot return null for non-nullable field {type_name}.{name}.")
            except (Failure, ApiError, Misfit) as error:
                _prefixed(errors, count, key)
                failure = _failed(error, node, key)
                if required:
                    raise failure from error
                errors.append(failure)
                count = len(errors)
                value = None
            answer[key] = value
        return answer

    return run


def _failed(error: Failure | ApiError | Misfit, node: FieldNode, key: str) -> Failure:
    if isinstance(error, Misfit):
        error = ApiError(f"An argument of '{node.name.value}' may not be null.", "INVALID_VARIABLE")
    failure = error if isinstance(error, Failure) else Failure(error, node)
    failure.path.insert(0, key)
    return failure


def _prefixed(errors: list[Failure], count: int, key: str | int) -> int:
    """Put a key before the paths of failures that were noted further down."""
    for failure in errors[count:]:
        failure.path.insert(0, key)
    return len(errors)


class Listed:
    """Finishes a list of things that ``inner`` finishes; ``required``: none may be null."""

    __slots__ = ("_node", "inner", "required")

    def __init__(self, inner: Finish | None, required: bool, node: FieldNode) -> None:
        self.inner, self.required, self._node = inner, required, node

    def __call__(self, value: Any, context: Context) -> Any:
        """Return the answers of a list, entry by entry."""
        inner, required, node = self.inner, self.required, self._node
        if value is None:
            return None
        answer = []
        errors = context.errors
        count = len(errors)
        for index, entry in enumerate(value):
            try:
                result = entry if inner is None else inner(entry, context)
                if len(errors) > count:
                    count = _prefixed(errors, count, index)
                if result is None and required:
                    raise ApiError(f"Cannot return null in the list {node.name.value}.")
            except (Failure, ApiError) as error:
                _prefixed(errors, count, index)
                failure = error if isinstance(error, Failure) else Failure(error, node)
                failure.path.insert(0, index)
                if required:
                    raise failure from error
                errors.append(failure)
                count = len(errors)
                result = None
            answer.append(result)
        return answer
