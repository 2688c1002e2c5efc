"""Runs the simulator as a process: ``python -m simulators.pos CONFIG.json``."""

from peakproof.simkit import serve

from . import create

__all__: list[str] = []

if __name__ == "__main__":
    serve(create)
