"""What a subscription's ``filter`` and ``includeFields`` make of a payload.

A filter is search syntax over the payload's own fields (``total_price:>=100``,
``line_items.sku:TEE``); includeFields keeps top-level fields and dotted paths.

Not modelled: filters on metafields.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .search import Getter, compile_search

__all__ = ["picked", "wanted_by"]


class _Paths(Mapping[str, Getter]):
    """Answers any field name with a getter that walks the payload."""

    def __getitem__(self, name: str) -> Getter:
        if name == "default":
            raise KeyError(name)
        return lambda payload: _walk(payload, name.split("."))

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_PATHS = _Paths()


def wanted_by(text: str, payload: dict[str, Any]) -> bool:
    """Tell whether a payload passes a filter."""
    return compile_search(text, _PATHS)(payload)


def _walk(value: Any, path: list[str]) -> Any:
    if not path:
        return value
    if isinstance(value, list):
        found = [_walk(entry, path) for entry in value]
        return [item for entry in found for item in (entry if isinstance(entry, list) else [entry])]
    if isinstance(value, dict):
        return _walk(value.get(path[0]), path[1:])
    return None


def picked(payload: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Return the chosen fields of a payload; the payload itself if none were chosen."""
    if not fields:
        return payload
    result: dict[str, Any] = {}
    for field in fields:
        _take(payload, result, field.split("."))
    return result


def _take(source: Any, target: dict[str, Any], path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if not isinstance(source, dict) or name not in source:
        return
    value = source[name]
    if not rest:
        target[name] = value
    elif isinstance(value, list):
        kept = target.setdefault(name, [{} for _ in value])
        for entry, into in zip(value, kept, strict=False):
            _take(entry, into, rest)
    else:
        _take(value, target.setdefault(name, {}), rest)
