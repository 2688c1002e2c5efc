"""An endpoint for webhooks: keeps what came and answers with the status it was told."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from peakproof.seed import wait_until

__all__ = ["Receiver"]


class Receiver:
    """A server on a free port; ``received`` holds (headers, body) of every request."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.received.append((dict(self.headers.items()), body))
                self.send_response(owner.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(
        self, count: int = 1, topic: str = "", limit_seconds: float = 10
    ) -> list[tuple[dict[str, str], bytes]]:
        """Wait until so many requests (of a topic) have come; return them."""

        def found() -> list[tuple[dict[str, str], bytes]]:
            return [
                entry for entry in self.received if topic in ("", entry[0].get("X-Shopify-Topic"))
            ]

        wait_until(lambda: len(found()) >= count, limit_seconds, f"{count} webhooks {topic}")
        return found()

    def payloads(self, count: int = 1, topic: str = "") -> list[dict[str, Any]]:
        """Wait and return the decoded bodies."""
        return [msgspec.json.decode(body) for _, body in self.wait(count, topic)]

    def quiet(self, pending: Callable[[], dict[str, int]]) -> None:
        """Wait until the simulator has nothing more under way."""
        wait_until(lambda: not any(pending().values()), 20, "the simulator to be quiet")
