"""Bearer tokens of both APIs: drawn from the run's seed, good for a stretch of vendor time.

Lifetimes are the vendor's, scaled by ``time_scale`` and told scaled, so that a client that
reads ``expires_in`` is right. Not modelled: tokens that carry claims.
"""

import hashlib

from peakproof.simkit import FaultRule, Kit, Request

__all__ = ["Tokens", "bearer", "short_hash"]


def short_hash(credential: str) -> str:
    """Return a short hash that stands for a credential in the history."""
    return hashlib.sha256(credential.encode()).hexdigest()[:12]


def bearer(request: Request) -> str:
    """Return the bearer token of a request, or nothing."""
    scheme, _, token = request.header("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Tokens:
    """Tokens of one kind, each with its end in run time."""

    def __init__(self, kit: Kit, name: str, life_seconds: float) -> None:
        self._kit = kit
        self._random = kit.seed.stream(f"bank|tokens|{name}")
        self._ends: dict[str, float] = {}
        self.life_seconds = kit.real_seconds(life_seconds)

    def __repr__(self) -> str:
        return f"Tokens({len(self._ends)})"

    def issue(self) -> str:
        """Return a new token."""
        token = f"{self._random.getrandbits(256):064x}"
        self._kit.handed_out.append(token)
        self._ends[token] = self._kit.clock.now() + self.life_seconds
        return token

    def good(self, token: str) -> bool:
        """Tell whether a token is known and has not expired."""
        return self._kit.clock.now() < self._ends.get(token, 0.0)

    def expired_by(self, fault: FaultRule | None) -> bool:
        """Tell whether a fault makes a good token a bad one; a lasting one ends all of them."""
        if fault is not None and fault.options.get("lasting"):
            self._ends.clear()
        return fault is not None

    def told_seconds(self) -> int:
        """Return the lifetime as the vendor tells it, in whole seconds, at least one."""
        return max(1, int(self.life_seconds))
