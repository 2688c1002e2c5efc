"""Events written and read again, whole or torn."""

from pathlib import Path

import pytest

from peakproof.errors import BadFile
from peakproof.history import Event, History, HistoryWriter, read_events


def event(time: float, name: str = "checkout", **fields: str) -> Event:
    return Event(time=time, source="shopper-1", kind="operation", name=name, **fields)


def test_round_trip_and_order_of_time(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "a.jsonl")
    writer.append(event(2, outcome="ok"))
    writer.append(event(1, outcome="invoke"))
    writer.close()
    history = History.load(tmp_path / "a.jsonl")
    assert [e.time for e in history.events] == [1, 2]
    assert [e.time for e in history.of("operation", outcome="ok")] == [2]
    assert history.of("operation", "cancel_order") == []


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    writer = HistoryWriter(path)
    writer.append(event(1))
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"time":2,"sour')
    assert len(list(read_events(path))) == 1


def test_a_broken_line_names_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"time":1}\n')
    with pytest.raises(BadFile, match=r"a\.jsonl:1"):
        list(read_events(path))


def test_final_records_by_checkpoint() -> None:
    history = History(
        [
            Event(
                time=1,
                source="odoo",
                kind="final",
                name="order",
                key="7",
                outcome=point,
                value={"state": state},
            )
            for point, state in (("settled", "draft"), ("reconciled", "sale"))
        ]
    )
    assert history.final("odoo", "order") == {"7": {"state": "draft"}}
    assert history.final("odoo", "order", "reconciled")["7"]["state"] == "sale"
