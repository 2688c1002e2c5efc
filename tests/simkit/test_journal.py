"""The journal: whole lines, soon on disk, nothing lost at the end."""

import threading
from decimal import Decimal
from pathlib import Path

from peakproof.history import read_events
from peakproof.seed import Clock, wait_until
from peakproof.simkit import DeliveryRecord, Journal, RequestRecord


def test_lines_are_on_disk_soon_without_closing(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path, "shop", Clock.start())
    journal.state("order", "1", {"total": Decimal("12.50")})
    wait_until(lambda: path.stat().st_size, 2, "the journal to be written", 0.01)
    (event,) = read_events(path)
    assert (event.source, event.kind, event.name, event.key) == ("shop", "state", "order", "1")
    assert event.value == {"total": "12.50"}
    journal.close()
    journal.close()


def test_every_line_of_every_thread_is_there_and_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", "shop", Clock.start())

    def write(thread: int) -> None:
        for number in range(500):
            record = RequestRecord(arguments={"text": "x" * 500}, status=200)
            journal.request(journal.clock.now(), "op", f"{thread}-{number}", "ok", record)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    keys = [event.key for event in read_events(tmp_path / "j.jsonl")]
    assert len(keys) == len(set(keys)) == 2000


def test_every_field_of_the_contract_is_written_even_when_empty(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", "shop", Clock.start())
    journal.request(0.5, "op", "r1", "ok", RequestRecord())
    journal.delivery(0.6, "orders/create", "w1", "ok", DeliveryRecord())
    journal.close()
    request, delivery = read_events(tmp_path / "j.jsonl")
    assert set(request.value) >= {
        "status", "duration_seconds", "api_version", "requested_version", "client", "arguments",
        "error_codes", "user_errors", "cost", "fault", "deprecated", "idempotency_key",
        "operation_type", "document",
    }  # fmt: skip
    assert set(delivery.value) >= {
        "event_id", "attempt", "status", "duration_seconds", "uri", "resource", "updated_at",
        "triggered_at_seconds", "tag", "gave_up", "payload_sha256",
    }  # fmt: skip
