"""Writes the straight way through a selection as one Python function, for objects.

For ``shopMoney { amount currencyCode }`` it is, in short::

    def run(source, context):
        return {"amount": finish_0(source.amount), "currencyCode": source.currency_code}

As soon as anything is special (a null where none may be, a field that fails), what this way has
noted is taken back and the object's fields are done one by one, which gives errors their paths;
the rest of the call then goes that way too. The code is made of the schema's own names and of
response keys, which GraphQL limits to letters, digits and underscores.
"""

from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

from .complete import Entry, Failure, Run, Written
from .errors import ApiError
from .registry import snake_case
from .values import Fixed, Misfit

__all__ = ["straight"]

_TEXT = """\
def run(source, context):
    if source is None:
        return None
    if context.careful or type(source) is dict:
        return one_by_one(source, context)
    errors, objects, warnings = len(context.errors), context.objects, len(context.warnings)
    try:
        answer = {{{fields}}}
    except SPECIAL:
        pass
    else:
        if len(context.errors) == errors{nothing_missing}:
            context.objects += 1
            return answer
    context.careful, context.objects = True, objects
    del context.errors[errors:], context.warnings[warnings:]
    return one_by_one(source, context)
"""


def straight(entries: Sequence[Entry], one_by_one: Run) -> Run:
    """Return the function that answers an object, with ``one_by_one`` for the special cases."""
    names: dict[str, Any] = {
        "one_by_one": one_by_one,
        "SPECIAL": (ApiError, AttributeError, Failure, Misfit),
    }
    fields, missing = "", ""
    for index, entry in enumerate(entries):
        fields += f"{entry.key!r}: {_field(index, entry, names)}, "
        missing += f" and field_{index} is not None" if entry.required else ""
    code = _TEXT.format(fields=fields, nothing_missing=missing)
    exec(compile(code, "<selection>", "exec"), names)  # noqa: S102  our own words, see above
    run: Run = names["run"]
    return run


def _field(index: int, entry: Entry, names: dict[str, Any]) -> str:
    """Return the expression of one entry; what it calls is put into ``names``."""
    name = snake_case(entry.name)
    value = f"getattr(source, {name!r})" if iskeyword(name) else f"source.{name}"
    if entry.resolve is not None:
        names[f"resolve_{index}"], names[f"arguments_{index}"] = entry.resolve, entry.arguments
        arguments = f"arguments_{index}(context.variables)"
        if isinstance(entry.arguments, Fixed):
            names[f"arguments_{index}"] = entry.arguments.value
            arguments = f"arguments_{index}"
        value = f"resolve_{index}(source, {arguments}, context)"
    if entry.finish is not None:
        if isinstance(entry.finish, Written):
            names[f"finish_{index}"], finished = entry.finish.writer, f"finish_{index}(value)"
        else:
            names[f"finish_{index}"], finished = entry.finish, f"finish_{index}(value, context)"
        value = f"None if (value := {value}) is None else {finished}"
    return f"(field_{index} := {value})" if entry.required else value
