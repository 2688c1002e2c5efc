"""Which models, methods and fields of Odoo a connector's calls name, as the proxy saw them.

Reads the ``request`` events of source ``odoo``: JSON-2 (arguments by name) and the old services
(arguments by place). Fields of lines that are written inside of a record (``order_line``) belong
to the lines' model. Arguments are stored shortened, so a very long list of fields is not whole.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from peakproof.history import History
from peakproof.report.records import ModelUse

__all__ = ["model_uses"]

# By place: what the old services give without a name, after the ids where there are any.
_READS = {"read": (1,), "search_read": (0, 1), "search": (0,), "search_count": (0,)}
_WRITES = {"create": 0, "write": 1}
_VALUES = ("vals", "values", "vals_list", "vals_lists")


def model_uses(history: History, lines: Mapping[str, str]) -> dict[str, ModelUse]:
    """Return by model what was called. ``lines`` name what a one-to-many field holds."""
    found: dict[str, ModelUse] = {}

    def use(model: str) -> ModelUse:
        if model not in found:
            found[model] = ModelUse(model=model)
        return found[model]

    def read(model: str, name: str) -> None:
        _note(use(model).fields_read, name.split(".")[0])

    def written(model: str, values: Any) -> None:
        for name, value in values.items() if isinstance(values, dict) else ():
            _note(use(model).fields_written, str(name))
            inner = lines.get(f"{model}.{name}")
            for command in value if inner and isinstance(value, list) else ():
                if isinstance(command, list) and len(command) == 3:
                    written(str(inner), command[2])

    for event in history.shapes("request", "odoo", "arguments"):
        model, dot, method = event.name.rpartition(".")
        if not dot or " " in event.name or model in ("common", "db", "object"):
            continue
        arguments = event.value.get("arguments")
        _note(use(model).methods, method)
        for name in _fields_read(method, arguments):
            read(model, name)
        for values in _values(method, arguments):
            if values is not None:
                written(model, values)
        if method == "load":
            _loaded(model, arguments, lines, use)
    for entry in found.values():
        for names in (entry.methods, entry.fields_read, entry.fields_written):
            names.sort()
    return found


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _by_name(arguments: Any) -> Mapping[str, Any]:
    """Return the arguments given by name, however the call was made."""
    if isinstance(arguments, dict):
        kwargs = arguments.get("kwargs")
        return kwargs if isinstance(kwargs, dict) else arguments
    if isinstance(arguments, list) and len(arguments) > 1 and isinstance(arguments[1], dict):
        return arguments[1]
    return {}


def _by_place(arguments: Any) -> list[Any]:
    """Return the arguments given by place: none in JSON-2."""
    if isinstance(arguments, dict):
        arguments = [arguments.get("args")]
    first = arguments[0] if isinstance(arguments, list) and arguments else None
    return first if isinstance(first, list) else []


def _fields_read(method: str, arguments: Any) -> Iterator[str]:
    named, placed = _by_name(arguments), _by_place(arguments)
    given = [named.get("fields") if method != "load" else None, named.get("domain")]
    given += [placed[place] for place in _READS.get(method, ()) if place < len(placed)]
    for value in given:
        for item in value if isinstance(value, list) else ():
            if isinstance(item, str) and item not in ("&", "|", "!"):
                yield item
            elif isinstance(item, list) and item and isinstance(item[0], str):
                yield item[0]  # a condition of a domain


def _values(method: str, arguments: Any) -> Iterator[Any]:
    named, placed = _by_name(arguments), _by_place(arguments)
    given = [named.get(name) for name in _VALUES]
    place = _WRITES.get(method)
    if place is not None and place < len(placed):
        given.append(placed[place])
    for value in given:
        yield from value if isinstance(value, list) else [value]


def _loaded(
    model: str, arguments: Any, lines: Mapping[str, str], use: Callable[[str], ModelUse]
) -> None:
    """Note the columns of an import: ``order_line/product_id/.id`` is a field of the lines."""
    for column in _by_name(arguments).get("fields") or ():
        at = model
        for name in str(column).split("/"):
            if name in ("id", ".id"):
                break
            _note(use(at).fields_written, name)
            inner = lines.get(f"{at}.{name}")
            if inner is None:
                break
            at = inner
