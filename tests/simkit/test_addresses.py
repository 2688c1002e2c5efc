"""Plain http is taken where no stranger can be, and nowhere else."""

import pytest

from peakproof.simkit import is_near


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "::1", "localhost", "10.201.7.4", "172.18.0.3", "connector",
     "host.docker.internal"],
)  # fmt: skip
def test_near(host: str) -> None:
    assert is_near(host)


@pytest.mark.parametrize("host", ["", None, "example.com", "8.8.8.8", "0.0.0.0", "2606:4700::1111"])
def test_far(host: str | None) -> None:
    assert not is_near(host)
