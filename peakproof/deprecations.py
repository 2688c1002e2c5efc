"""What will break, and when: what the connector uses that Odoo or a vendor takes away.

Pure: adds up what the requests of a history say of themselves (``breaks``, ``deprecated``,
``sunset``, noted by the simulators and by the proxy before Odoo). It changes no verdict: a
version that is gone already is for ``api_manners`` to judge.
"""

from collections.abc import Iterable, Sequence

from peakproof.history import Event, History
from peakproof.report.records import BreakRecord

__all__ = ["breaks_of", "merged_breaks"]

# How a request that says so of itself is stored.
_SAID = ('"breaks":{"', '"deprecated":["', '"sunset":"')
Key = tuple[str, str]  # system, what


def breaks_of(history: History, today: str) -> list[BreakRecord]:
    """Return what goes away, soonest named first. ``today`` is a date (ISO)."""
    found: dict[Key, BreakRecord] = {}
    for event in history.mentioning("request", _SAID):
        for record in _of_request(event, today):
            known = found.setdefault((record.system, record.what), record)
            known.uses += 1
    return _in_order(found.values())


def merged_breaks(runs: Iterable[Sequence[BreakRecord]]) -> list[BreakRecord]:
    """Return what several runs used together."""
    found: dict[Key, BreakRecord] = {}
    for record in (record for run in runs for record in run):
        known = found.get((record.system, record.what))
        uses = record.uses + (known.uses if known else 0)
        found[record.system, record.what] = BreakRecord(
            system=record.system,
            what=record.what,
            breaks_with=record.breaks_with,
            when=record.when,
            uses=uses,
            gone=record.gone or (known is not None and known.gone),
            note=record.note,
        )
    return _in_order(found.values())


def _of_request(event: Event, today: str) -> Iterable[BreakRecord]:
    value = event.value
    breaks = value.get("breaks") or {}
    for what, (version, when) in breaks.items():
        yield BreakRecord(system=event.source, what=what, breaks_with=version, when=when)
    for what in value.get("deprecated") or ():
        if what not in breaks:
            yield BreakRecord(system=event.source, what=what, note="deprecated, no end announced")
    sunset = str(value.get("sunset") or "")
    if sunset:
        version = str(value.get("requested_version"))
        yield BreakRecord(
            system=event.source, what=f"API version {version}", when=sunset, gone=sunset <= today,
            note="then an older client is answered by the oldest version that is left",
        )  # fmt: skip


def _in_order(records: Iterable[BreakRecord]) -> list[BreakRecord]:
    def place(record: BreakRecord) -> tuple[bool, bool, str, str, str]:
        return not record.gone, not record.when, record.when, record.system, record.what

    return sorted(records, key=place)
