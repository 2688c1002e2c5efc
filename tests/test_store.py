"""Run folders: made, merged, read again."""

from pathlib import Path

import pytest

from peakproof.errors import BadFile
from peakproof.history import Event, HistoryWriter
from peakproof.seed import Clock
from peakproof.store import RunFolder


def test_two_runs_in_a_second_do_not_share_a_folder(tmp_path: Path) -> None:
    clock = Clock.start()
    first = RunFolder.create(tmp_path, "quiet_day", clock)
    second = RunFolder.create(tmp_path, "quiet_day", clock)
    assert first.path != second.path
    assert (tmp_path / "quiet_day" / "latest").resolve() == second.path


def test_parts_are_merged_in_order_of_time(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "quiet_day", Clock.start())
    for name, time in (("harness", 2.0), ("shopify", 1.0)):
        writer = HistoryWriter(folder.part(name))
        writer.append(Event(time=time, source=name, kind="phase", name=name))
        writer.close()
    folder.merge([Event(time=1.5, source="odoo", kind="change", name="sale_order")])
    assert [event.source for event in folder.history().events] == ["shopify", "odoo", "harness"]


def test_what_holds_secrets_is_for_the_owner_only(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "quiet_day", Clock.start())
    path = folder.write_values("world.json", {"token": "x"})
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_without_a_run_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"plan\.json"):
        RunFolder.open(tmp_path)
