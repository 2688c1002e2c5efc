"""Golden files: ``PEAKPROOF_UPDATE_GOLDEN=1 pytest tests/report`` writes them anew."""

import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def golden():
    """Compare a text with a golden file, spaces at line ends aside."""

    def compare(name: str, text: str) -> None:
        path = FOLDER / name
        text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
        if os.environ.get("PEAKPROOF_UPDATE_GOLDEN") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        expected = path.read_text()
        assert text == expected, f"{path.name} differs; PEAKPROOF_UPDATE_GOLDEN=1 if that is meant"

    return compare
