"""What the connector could do without, and what it will have to do without: the same in every
report. The figures are of all the runs of a gate together."""

from typing import Any

from peakproof.report.records import GateRecord, ScopeRecord
from peakproof.report.words import count_of, title

__all__ = ["outlook", "outlook_lines"]

NAMED_MAX = 3


def outlook_lines(gate: GateRecord) -> list[str]:
    """Return the one or two lines for a terminal; none where nothing is known."""
    parts = [
        f"Odoo {len(user.models)} of {user.models_granted} models used"
        for user in gate.odoo_users
        if user.models_granted is not None
    ]
    supreme = {use.model for user in gate.odoo_users if user.superuser for use in user.models}
    if supreme:
        parts.append(f"Odoo {count_of(len(supreme), 'model')} used as superuser")
    parts += [
        f"{title(scope.system)} {len(scope.least)} of "
        f"{count_of(len(scope.granted), 'scope')} needed"
        for scope in gate.scopes
        if scope.granted
    ]
    lines = [f"Privileges: {'; '.join(parts)} - see report"] if parts else []
    if gate.breaks:
        first = gate.breaks[0]
        what = f"{title(first.system)} {first.what}"
        with_what = " ".join(word for word in (first.breaks_with, first.when) if word)
        lines.append(
            f"What will break: {count_of(len(gate.breaks), 'thing')}, "
            f"first {what}{f' ({with_what})' if with_what else ''} - see report"
        )
    return lines


def outlook(gate: GateRecord) -> dict[str, Any]:
    """Return what the page's template needs."""
    return {
        "users": gate.odoo_users,
        "scopes": [(scope, _said(scope)) for scope in gate.scopes],
        "breaks": gate.breaks,
        "stories": count_of(len(gate.runs), "story", "stories"),
    }


def _said(scope: ScopeRecord) -> str:
    """Say in a sentence what became of a grant."""
    if not scope.granted:
        return scope.note
    text = f"{len(scope.least)} of the {count_of(len(scope.granted), 'scope')} granted would do."
    if scope.note:
        text += f" Note: {scope.note}."
    return text
