"""Absolute addresses in answers: under the host name that the caller used.

An unmodified client calls the vendor's host through the world's proxy, which speaks TLS; a
client that calls the simulator itself speaks what the simulator speaks.
"""

from peakproof.simkit import Kit, Request

__all__ = ["address"]


def address(kit: Kit, request: Request, path: str) -> str:
    """Return the absolute address of a path."""
    host = request.header("host", f"{kit.config.host}:{kit.config.port}")
    itself = host.rpartition(":")[0] == kit.config.host
    secure = not itself or kit.config.tls_certificate_path is not None
    return f"{'https' if secure else 'http'}://{host}{path}"
