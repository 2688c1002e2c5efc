"""peakproof: proves that a retail integration around Odoo survives the bad day.

Read ``peakproof.run`` first: it is the one place that assembles a run.
"""

from peakproof.version import __version__

__all__ = ["__version__"]
