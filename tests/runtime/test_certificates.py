"""The throw-away authority: its certificates convince a client that trusts only it."""

import http.server
import ssl
import stat
import threading
from pathlib import Path

import httpx
import pytest

from peakproof.runtime.certificates import Authority


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers every GET with 204."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_client_with_the_bundle_trusts_the_server_and_others_do_not(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    issued = authority.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate_path, issued.key_path)
    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"https://127.0.0.1:{server.server_port}"
        trusting = ssl.create_default_context(cafile=authority.bundle_path)
        assert httpx.get(url, verify=trusting, trust_env=False).status_code == 204
        other = Authority(tmp_path / "other")
        distrusting = ssl.create_default_context(cafile=other.bundle_path)
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(url, verify=distrusting, trust_env=False)
        server.shutdown()
        thread.join()


def test_files_are_private_and_names_are_issued_once(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    vendor = authority.issue("api.vendor.example")
    assert authority.issue("api.vendor.example") == vendor
    assert authority.issue("*.vendor.example") != vendor
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes.pop("ca.pem") == 0o644, "anybody may trust it"
    assert set(modes.values()) == {0o600}
