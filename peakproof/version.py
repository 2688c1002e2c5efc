"""The version of peakproof, in a leaf of its own so that every module may read it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
