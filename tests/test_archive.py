"""A long history is only indexed, and says the same as one that is read into memory."""

import tracemalloc

import msgspec
import pytest

import peakproof.history
from benchmarks.judging_scale import judged
from benchmarks.peak import PLANTED, Peak
from peakproof.archive import Archive, StoredEvent
from peakproof.errors import BadFile
from peakproof.history import Event, History, HistoryWriter, StoredHistory
from peakproof.odoo_calls import model_uses
from peakproof.report.records import RunRecord

EVENTS = 20_000


@pytest.fixture(scope="module")
def peak(tmp_path_factory):
    return Peak(EVENTS, planted=PLANTED).store(tmp_path_factory.mktemp("peak") / "run")


@pytest.fixture
def file(peak):
    return peak.path / "history.jsonl"


@pytest.fixture
def indexed(monkeypatch):
    """Have every file taken for a long one."""
    monkeypatch.setattr(peakproof.history, "LONG_BYTES", 0)


def written(path, *events):
    writer = HistoryWriter(path)
    for event in events:
        writer.append(event)
    writer.close()
    return path


def at(time, kind="final", name="order", key="1", outcome="settled", source="odoo", **value):
    return Event(time=time, source=source, kind=kind, name=name, key=key, outcome=outcome,
                 value=value)  # fmt: skip


def plain(events):
    return [
        (one.time, one.source, one.kind, one.name, one.key, one.outcome, one.value)
        for one in events
    ]


def test_every_look_up_is_the_same_in_both_forms(file, indexed):
    stored, whole = History.load(file), History(peakproof.history.read_events(file))
    assert isinstance(stored, StoredHistory)
    assert len(stored) == len(whole)
    assert plain(stored.events) == plain(whole.events)
    for kind in peakproof.history.KINDS:
        assert stored.forms(kind) == whole.forms(kind)
        assert plain(stored.of(kind)) == plain(whole.of(kind))
        for source, name, outcome in sorted(whole.forms(kind))[:20]:
            for narrowed in ((name,), (name, source), (None, source, outcome), (name, source, "")):
                assert plain(stored.of(kind, *narrowed)) == plain(whole.of(kind, *narrowed))
    for source, entity, checkpoint in whole.forms("final"):
        place = source, entity, checkpoint
        assert list(stored.final(*place).items()) == list(whole.final(*place).items())
    assert not stored.final("odoo", "order", "never")
    assert not stored.of("request", "never")


def test_judging_says_the_same_in_both_forms(peak, monkeypatch):
    whole = judged(peak)
    monkeypatch.setattr(peakproof.history, "LONG_BYTES", 0)
    assert msgspec.json.encode(judged(peak)) == msgspec.json.encode(whole)
    assert isinstance(whole, RunRecord)
    assert any(result.findings for result in whole.results)


def test_what_is_kept_of_an_event_gives_its_values_back(file, indexed):
    events = History.load(file).of("request")
    kept = list(events)
    assert all(event.loaded is None for event in kept if isinstance(event, StoredEvent))
    assert [event.value for event in kept[:50]] == [event.value for event in events[:50]]
    assert plain([events[-1]]) == plain(kept[-1:])
    assert kept[0].kind is kept[1].kind  # what many events share is there once


def test_the_last_record_of_a_key_counts_at_its_first_place(tmp_path, indexed):
    events = [at(1.0, key="1", state="draft"), at(2.0, key="2"), at(3.0, key="1", state="sale")]
    records = History.load(written(tmp_path / "h.jsonl", *events)).final("odoo", "order")
    assert list(records.items()) == [("1", {"state": "sale"}), ("2", {})]
    assert len(records) == 2
    assert "2" in records
    assert records.get("3") is None


def test_a_torn_last_line_is_left_out(tmp_path, indexed):
    path = written(tmp_path / "h.jsonl", at(1.0), at(2.0))
    path.write_bytes(path.read_bytes()[:-9])
    assert [event.time for event in History.load(path).events] == [1.0]


def test_a_line_that_is_no_event_is_refused_by_its_number(tmp_path, indexed):
    path = written(tmp_path / "h.jsonl", at(1.0))
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    with pytest.raises(BadFile, match=r"h\.jsonl:2: expected one history event"):
        History.load(path)


def test_events_out_of_order_are_read_into_memory_and_sorted(tmp_path, indexed):
    history = History.load(written(tmp_path / "h.jsonl", at(2.0), at(1.0)))
    assert type(history) is History
    assert [event.time for event in history.events] == [1.0, 2.0]


def test_an_empty_file_is_an_empty_history(tmp_path, indexed):
    history = History.load(written(tmp_path / "h.jsonl"))
    assert len(history) == 0
    assert not history.of("final")


def test_an_index_takes_a_few_bytes_an_event_at_any_size(tmp_path):
    peaks = [Peak(events).store(tmp_path / str(events)) for events in (10_000, 40_000)]
    sizes = []
    for folder in peaks:
        tracemalloc.start()
        archive = Archive(folder.path / "history.jsonl")
        sizes.append((len(archive), tracemalloc.get_traced_memory()[0]))
        tracemalloc.stop()
    (few, small), (many, large) = sizes
    assert many > 2 * few
    assert (large - small) / (many - few) < 60


def test_judging_a_long_history_keeps_little_of_it(tmp_path, indexed):
    peaks = [Peak(events).store(tmp_path / str(events)) for events in (10_000, 40_000)]
    peaks_bytes = []
    for folder in peaks:
        tracemalloc.start()
        judged(folder)
        peaks_bytes.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # A decoded event takes some 1,600 bytes; this is all that judging takes, an event.
    assert (peaks_bytes[1] - peaks_bytes[0]) / 30_000 < 400


def test_of_requests_that_differ_in_numbers_only_one_is_told(tmp_path, indexed):
    calls = [
        {"duration_seconds": 0.1, "arguments": {"ids": [7], "fields": ["street"]}},
        {"duration_seconds": 0.2, "arguments": {"ids": [8123], "fields": ["street"]}},
        {"duration_seconds": 0.3, "arguments": {"ids": [7], "fields": ["street2"]}},
        {"duration_seconds": 0.4, "arguments": {"ids": [7, 8], "fields": ["street"]}},
    ]
    events = [
        *(at(n, "request", "res.partner.read", str(n), "ok", **one) for n, one in enumerate(calls)),
        at(4, "request", "res.users.read", "4", "ok", **calls[0]),
        at(5, "request", "res.users.read", "5", "ok", source="shopify", **calls[0]),
    ]
    stored = History.load(written(tmp_path / "history.jsonl", *events))
    told = list(stored.shapes("request", "odoo", "arguments"))
    assert [one.key for one in told] == ["0", "2", "3", "4"]
    assert [one.key for one in History(events).shapes("request", "odoo", "arguments")] == list(
        "01234"
    )
    assert model_uses(stored, {}) == model_uses(History(events), {})
    assert model_uses(stored, {})["res.partner"].fields_read == ["street", "street2"]


def test_what_is_no_longer_remembered_is_told_again(tmp_path, indexed, monkeypatch):
    monkeypatch.setattr("peakproof.archive.SHAPES_MAX", 1)
    shapes = ({"ids": [1]}, {"ids": [1, 2]}, {"ids": [3]}, {"ids": [4, 5]})
    events = [at(n, "request", "a.b", str(n), "ok", arguments=one) for n, one in enumerate(shapes)]
    stored = History.load(written(tmp_path / "history.jsonl", *events))
    assert [one.key for one in stored.shapes("request", "odoo", "arguments")] == list("013")
