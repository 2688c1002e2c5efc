"""The harness's side of a simulator's control API."""

import ssl
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from peakproof.errors import SimulatorRefused, UsageError, WorldFailed
from peakproof.plan import Shop
from peakproof.simkit.control import CONTROL_PREFIX

__all__ = ["SimulatorClient"]


class SimulatorClient:
    """Calls one simulator's control API; usable from several threads.

    ``verify`` is the CA bundle's path when the simulator speaks TLS. Raises SimulatorRefused
    when an action was refused, UsageError when the call itself is wrong, WorldFailed when the
    simulator is broken, and httpx.TransportError when it could not be reached.
    """

    def __init__(
        self, url: str, token: str, verify: str | bool = True, timeout_seconds: float = 30.0
    ) -> None:
        self.url = url
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._http = httpx.Client(
            base_url=url.rstrip("/") + CONTROL_PREFIX,
            headers={"Authorization": f"Bearer {token}"},
            verify=context,
            timeout=timeout_seconds,
            trust_env=False,
        )

    def health(self) -> dict[str, Any]:
        """Return ``{"ready", "name", "seeded"}``."""
        return dict(self._call("GET", "/health"))

    def seed(self, shop: Shop) -> dict[str, Any]:
        """Set up the business; return what the simulator tells about it (ids ...)."""
        return dict(self._call("POST", "/seed", msgspec.to_builtins(shop))["result"])

    def act(
        self, action: str, arguments: Mapping[str, Any] | None = None, actor: str = ""
    ) -> dict[str, Any]:
        """Do what a person would do; return the result. Raises SimulatorRefused."""
        call = {"action": action, "arguments": dict(arguments or {}), "actor": actor}
        return dict(self._call("POST", "/act", call)["result"])

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return the final records: entity -> key -> record."""
        return dict(self._call("GET", "/snapshot"))

    def pending(self) -> dict[str, int]:
        """Return what is still under way, by kind; all zero means quiet."""
        return dict(self._call("GET", "/pending"))

    def secrets(self) -> dict[str, list[str]]:
        """Return what it handed out and nobody may let get about, by kind."""
        return dict(self._call("GET", "/secrets"))

    def inject(self, point: str, options: Mapping[str, Any]) -> str:
        """Put a fault rule at a point; return its id."""
        call = {"point": point, "options": dict(options)}
        return str(self._call("POST", "/faults", call)["id"])

    def heal(self, identity: str) -> None:
        """Take a fault rule away; doing so again does no harm."""
        self._call("DELETE", f"/faults/{identity}")

    def fired(self, identity: str) -> int:
        """Return how often a rule took effect, also after it was healed."""
        for rule in self.faults():
            if rule["id"] == identity:
                return int(rule["fired"])
        raise UsageError(f"{self.url} never had a fault rule {identity!r}.")

    def faults(self) -> list[dict[str, Any]]:
        """Return every rule with its point, options and count."""
        return list(self._call("GET", "/faults"))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else msgspec.json.encode(body, enc_hook=str)
        response = self._http.request(method, path, content=content)
        if response.status_code == 200:
            return msgspec.json.decode(response.content)
        code, message = _error_of(response)
        if response.status_code == 409:
            raise SimulatorRefused(code, message)
        if response.status_code in (400, 401, 404):
            raise UsageError(f"{method} {self.url}{CONTROL_PREFIX}{path}: {message}")
        raise WorldFailed(
            "simulator", f"{method} {path} answered {response.status_code}: {message}"
        )


def _error_of(response: httpx.Response) -> tuple[str, str]:
    try:
        body = response.json()
    except ValueError:
        return "", response.text[:500]
    error = body.get("error") or body.get("peakproof") or {}
    return str(error.get("code", "")), str(error.get("message", response.text[:500]))
