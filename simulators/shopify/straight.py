"""Writes the straight way through a selection as one Python function, for objects.

For ``totalPriceSet { shopMoney { amount currencyCode } }`` it is, in short::

    def run(source, context):
        return {"totalPriceSet": {"shopMoney": {
            "amount": write((money := (bag := source.total_price_set).shop_money).amount),
            "currencyCode": money.currency_code}}}

Objects within objects are written out in place, lists become a loop of their own. As soon as
anything is special (a null where none may be, a field that fails), what this way has noted is
taken back and the object's fields are done one by one, which gives errors their paths; the rest
of the call then goes that way too. So does an object that is a dict, by itself. The code is made
of the schema's own names and of response keys, which GraphQL limits to letters, digits and
underscores.
"""

from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

from .complete import Entry, Failure, Listed, Run, Written
from .context import Context
from .errors import ApiError
from .registry import snake_case
from .values import Fixed, Misfit

__all__ = ["Selected"]

_DEPTH_MAX = 6  # objects written out within each other; Python nests no brackets without end
_RUN = """\
def run(source, context):
    if source is None:
        return None
    if context.careful or type(source) is dict:
        return one_by_one(source, context)
    errors, warnings, before = len(context.errors), len(context.warnings), context.objects
    objects = 1
    try:
        answer = {fields}
    except SPECIAL:
        pass
    else:
        if len(context.errors) == errors:
            context.objects += objects
            return answer
    context.careful, context.objects = True, before
    del context.errors[errors:], context.warnings[warnings:]
    return one_by_one(source, context)
"""
_LIST = """\
def {name}(values, context):
    answer, objects = [], 0
    for value in values:
        answer.append({none} if value is None else {done})
    context.objects += objects
    return answer
"""


class _Lacking(Exception):
    """There is a null where none may be."""


def _lacking() -> None:
    raise _Lacking


class Selected:
    """Finishes an object: ``entries`` are its fields, ``one_by_one`` is the careful way."""

    __slots__ = ("_run", "entries", "one_by_one")

    def __init__(self, entries: Sequence[Entry], one_by_one: Run) -> None:
        self.entries, self.one_by_one = entries, one_by_one
        self._run: Run | None = None

    @property
    def run(self) -> Run:
        """The straight way, written when it is first gone: most objects are part of another."""
        if self._run is None:
            self._run = _Writer().run(self)
        return self._run

    def __call__(self, value: Any, context: Context) -> dict[str, Any] | None:
        """Return the answer of an object."""
        return (self._run or self.run)(value, context)


class _Writer:
    """Writes one function; ``names`` are what its text calls by name."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "SPECIAL": (ApiError, AttributeError, Failure, Misfit, _Lacking),
            "lacking": _lacking,
        }
        self.lists = ""

    def run(self, selected: Selected) -> Run:
        """Return the function that answers an object."""
        self.names["one_by_one"] = selected.one_by_one
        text = _RUN.format(fields=self.fields(selected.entries, "source", 0))
        exec(compile(self.lists + text, "<selection>", "exec"), self.names)  # noqa: S102  our words
        run: Run = self.names["run"]
        return run

    def fields(self, entries: Sequence[Entry], source: str, depth: int) -> str:
        """Return the expression of an object's answer; ``source`` names the object."""
        pairs = (f"{entry.key!r}: {self.field(entry, source, depth)}" for entry in entries)
        return "{" + ", ".join(pairs) + "}"

    def field(self, entry: Entry, source: str, depth: int) -> str:
        """Return the expression of one field."""
        name = snake_case(entry.name)
        value = f"getattr({source}, {name!r})" if iskeyword(name) else f"{source}.{name}"
        if entry.resolve is not None:
            if isinstance(entry.arguments, Fixed):
                arguments = self.named("arguments", entry.arguments.value)
            else:
                arguments = self.named("arguments", entry.arguments) + "(context.variables)"
            value = f"{self.named('resolve', entry.resolve)}({source}, {arguments}, context)"
        if entry.finish is None and not entry.required:
            return value
        kept = f"value_{len(self.names)}"
        self.names[kept] = None  # taken
        none = "lacking()" if entry.required else "None"
        done = self.done(entry.finish, kept, depth)
        return f"({none} if ({kept} := {value}) is None else {done})"

    def done(self, finish: Any, kept: str, depth: int) -> str:
        """Return the expression that finishes the value called ``kept``, which is not None."""
        if finish is None:
            return kept
        if isinstance(finish, Written):
            return f"{self.named('write', finish.writer)}({kept})"
        if isinstance(finish, Listed):
            return f"{self.listed(finish)}({kept}, context)"
        if isinstance(finish, Selected) and depth < _DEPTH_MAX:
            careful = f"{self.named('one_by_one', finish.one_by_one)}({kept}, context)"
            fields = self.fields(finish.entries, kept, depth + 1)
            counted = f"(objects := objects + 1) and {fields}"
            return f"({careful} if type({kept}) is dict else {counted})"
        return f"{self.named('finish', finish)}({kept}, context)"

    def listed(self, finish: Listed) -> str:
        """Write the loop over a list; return the name of its function."""
        name = self.named("list", None)
        none = "lacking()" if finish.required else "None"
        done = self.done(finish.inner, "value", 0)
        self.lists += _LIST.format(name=name, none=none, done=done)
        return name

    def named(self, kind: str, value: Any) -> str:
        """Give something that the text calls a name."""
        name = f"{kind}_{len(self.names)}"
        self.names[name] = value
        return name
