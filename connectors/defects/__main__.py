"""Starts the reference with one defect in it: ``python __main__.py NAME``."""

import importlib
import sys
from pathlib import Path

__all__ = ["main"]

sys.path[0] = str(Path(__file__).resolve().parents[2])


def main() -> int:
    """Install the defect, then be the reference; returns its exit code."""
    importlib.import_module(f"connectors.defects.{sys.argv[1]}").install()
    code: int = importlib.import_module("connectors.reference.__main__").main()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
