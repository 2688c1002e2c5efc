"""Access tokens: JSON web tokens (HS256) of thirty minutes, as the vendor issues them.

The claims are those of the document's example. They tell the machine's time, not the business
calendar's: a caller that looks at ``exp`` compares it with its own clock.

Not published, chosen by us: several tokens of a user are good side by side.
"""

import base64
import hashlib
import hmac
import json
import math

from peakproof.simkit import Kit

__all__ = ["LIFE_SECONDS", "Tokens"]

LIFE_SECONDS = 30 * 60.0


class Tokens:
    """Issues tokens for one user and knows which are good."""

    def __init__(self, kit: Kit, user: str, password: str) -> None:
        self._kit = kit
        self._user = user
        self._password = password
        self._secret = kit.seed.token("dhl_parcel|signing key").encode()
        self._expires: dict[str, float] = {}
        self.client = hashlib.sha256(user.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"Tokens(client={self.client}, issued={len(self._expires)})"

    def issue(self, user: str, password: str) -> str:
        """Return a new token, or nothing when the user or the password is wrong."""
        known = hmac.compare_digest(user.encode(), self._user.encode())
        if not (hmac.compare_digest(password.encode(), self._password.encode()) and known):
            return ""
        clock = self._kit.clock
        issued = clock.wall().timestamp()
        expires = issued + self._kit.real_seconds(LIFE_SECONDS)
        claims: dict[str, str | int] = {
            "unique_name": user,
            "nbf": int(issued),
            "exp": math.ceil(expires),
            "iat": int(issued),
            "iss": "DPDHL",
            "aud": "CIM_Spain",
        }
        text = self._signed(claims)
        self._expires[text] = clock.from_epoch(expires)
        return text

    def good(self, authorization: str) -> bool:
        """Return whether an Authorization header carries a token that is good now."""
        kind, _, text = authorization.partition(" ")
        expires = self._expires.get(text.strip()) if kind.lower() == "bearer" else None
        return expires is not None and self._kit.clock.now() < expires

    def _signed(self, claims: dict[str, str | int]) -> str:
        head = _part(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
        body = _part(json.dumps(claims, separators=(",", ":")).encode())
        signature = hmac.digest(self._secret, f"{head}.{body}".encode(), "sha256")
        return f"{head}.{body}.{_part(signature)}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
