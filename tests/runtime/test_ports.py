"""Reserved ports: ours until given back, and below the outgoing range."""

import socket

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import ports


def test_two_reservations_differ_and_lie_below_the_outgoing_range() -> None:
    first, second = ports.reserve_port(), ports.reserve_port()
    outgoing = int(ports.RANGE_FILE.read_text().split()[0])
    assert first.number != second.number
    assert ports.FIRST_PORT <= first.number < outgoing
    first.close()
    second.close()


def test_a_port_taken_by_a_stranger_is_named() -> None:
    port = ports.reserve_port()
    port.require_free("Odoo")
    taken = f"{port.number}.*reserved for Odoo.*Next step"
    with (
        socket.create_server(("127.0.0.1", port.number)),
        pytest.raises(EnvironmentLacks, match=taken),
    ):
        port.require_free("Odoo")
    port.close()


def test_reserved_and_listening_ports_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ports.reserve_port()
    monkeypatch.setattr(ports, "FIRST_PORT", mine.number)
    monkeypatch.setattr(ports, "_first_outgoing_port", lambda: mine.number + 1)
    with pytest.raises(EnvironmentLacks, match="No TCP port"):
        ports.reserve_port()
    mine.close()
    with (
        socket.create_server(("127.0.0.1", mine.number)),
        pytest.raises(EnvironmentLacks, match="No TCP port"),
    ):
        ports.reserve_port()
    again = ports.reserve_port()
    assert again.number == mine.number
    again.close()
