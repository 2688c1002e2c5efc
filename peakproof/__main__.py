"""``python -m peakproof``."""

from peakproof.cli import main

__all__: list[str] = []

main()
