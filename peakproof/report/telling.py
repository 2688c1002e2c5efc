"""Tells one event of a history in the words of the trade, as a step of a trail.

``tell(event)`` never fails on a field that is missing: a trail must show whatever there was.
"""

from collections.abc import Callable, Mapping
from typing import Any

from peakproof.history import Event
from peakproof.report.records import TrailStep
from peakproof.report.words import duration

__all__ = ["tell"]

DETAIL_CHARACTERS = 300
_ROW_COLUMNS = (
    "name",
    "client_order_ref",
    "origin",
    "state",
    "amount_total",
    "quantity",
    "product_uom_qty",
    "qty_delivered",
    "reserved_quantity",
    "sku",
)


def tell(event: Event) -> TrailStep:
    """Return the step that shows an event to a person."""
    teller = _TELLERS.get(event.kind, _plain)
    what, detail = teller(event, event.value)
    outcome = event.outcome if event.outcome in ("invoke", "ok", "fail", "info") else ""
    return TrailStep(
        time=event.time,
        system=event.source,
        what=what,
        outcome=outcome,
        detail=_short(detail),
    )


def _short(text: str) -> str:
    """Return a text of bounded length."""
    return text if len(text) <= DETAIL_CHARACTERS else text[: DETAIL_CHARACTERS - 3] + "..."


def _pairs(value: Any) -> str:
    """Say a record as ``name value`` pairs; what is empty is left out."""
    if isinstance(value, Mapping):
        told = ((key, _pairs(item)) for key, item in value.items())
        return ", ".join(f"{key} {item}" for key, item in told if item)
    if isinstance(value, list):
        parts = [_pairs(item) for item in value]
        return "; ".join(part for part in parts if part)
    return "" if value is None else str(value)


def _joined(*parts: str) -> str:
    """Join the parts that say something."""
    return "; ".join(part for part in parts if part)


def _operation(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell what an actor did."""
    if event.outcome == "invoke":
        return f"{event.name}", _pairs(value.get("arguments"))
    if event.outcome == "ok":
        return f"{event.name} done", _pairs(value.get("result"))
    said = _joined(str(value.get("code") or ""), str(value.get("message") or ""))
    return f"{event.name} {'refused' if event.outcome == 'fail' else 'got no answer'}", said


def _answer(value: Mapping[str, Any]) -> str:
    """Say how something was answered, and how fast."""
    status, seconds = value.get("status"), value.get("duration_seconds")
    said = f"answered {status}" if status else "no answer"
    return f"{said} in {duration(seconds)}" if isinstance(seconds, int | float) else said


def _request(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell a call that a system received."""
    fault = value.get("fault")
    return f"{event.name} called", _joined(
        _answer(value),
        f"fault {fault}" if fault else "",
        _pairs(value.get("error_codes")),
        _pairs(value.get("user_errors")),
        _pairs(value.get("arguments")),
    )


def _delivery(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell a webhook."""
    tag, attempt = value.get("tag"), value.get("attempt")
    if tag == "dropped":
        return f"webhook {event.name} dropped", "the fault kept it from being sent"
    what = f"webhook {event.name}" + (f", attempt {attempt}" if attempt else "")
    event_id = value.get("event_id")
    return what, _joined(
        _answer(value),
        str(tag or ""),
        "given up" if value.get("gave_up") else "",
        f"event {event_id}" if event_id else "",
    )


def _state(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell a change of a channel's own state."""
    if event.name == "inventory_level":
        delta, cause = value.get("delta"), value.get("cause") or {}
        moved = f" ({delta:+})" if isinstance(delta, int | float) else ""
        levels = {key: value.get(key) for key in ("on_hand", "committed")}
        reason = _joined(str(cause.get("kind") or ""), str(cause.get("id") or ""))
        return (
            f"available {value.get('available')}{moved} of {event.key}",
            _joined(_pairs(levels), f"because of {reason}" if reason else ""),
        )
    change = str(value.get("change") or "")
    shown = value.get("name") or event.key
    rest = {key: item for key, item in value.items() if key not in ("change", "name")}
    return f"{event.name} {shown} {change}".strip(), _pairs(rest)


def _change(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell a row that Odoo committed."""
    row = value.get("row") or {}
    shown = {name: row[name] for name in _ROW_COLUMNS if row.get(name) not in (None, "", False)}
    transaction = value.get("transaction")
    return f"{event.name} {event.key} {event.outcome}", _joined(
        _pairs(shown), f"transaction {transaction}" if transaction else ""
    )


def _final(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell a record as it was read at a checkpoint."""
    named = value.get("name") or event.key
    plain = {key: item for key, item in value.items() if not isinstance(item, dict | list)}
    return f"{event.name} {named} as read when {event.outcome}", _pairs(plain)


def _fault(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell a fault of the harness."""
    return f"fault {event.name} {event.outcome}", _pairs(value.get("options"))


def _process(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell what became of a process."""
    code = value.get("exit_code")
    return f"{event.name} {event.outcome}", "" if code is None else f"exit code {code}"


def _plain(event: Event, value: Mapping[str, Any]) -> tuple[str, str]:
    """Tell an event of any other kind."""
    return " ".join(part for part in (event.kind, event.name, event.outcome) if part), _pairs(value)


_TELLERS: dict[str, Callable[[Event, Mapping[str, Any]], tuple[str, str]]] = {
    "operation": _operation,
    "request": _request,
    "delivery": _delivery,
    "state": _state,
    "change": _change,
    "final": _final,
    "fault": _fault,
    "process": _process,
}
