"""A simulator as a process of its own, with TLS, started and ended as the harness does it."""

import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec
import pytest
import trustme

from peakproof.simkit import SimulatorClient, SimulatorConfig
from tests.simkit.worlds import TOKEN, events, make_config

ROOT = Path(__file__).parents[2]


def started(config: SimulatorConfig, folder: Path) -> tuple["subprocess.Popen[bytes]", int]:
    path = folder / "config.json"
    path.write_bytes(msgspec.json.encode(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simkit.example", str(path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    line = msgspec.json.decode(process.stdout.readline())
    assert line["ready"] is True
    return process, line["port"]


def ended(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGTERM)
    with process:
        return process.wait(10)


def test_it_says_when_it_is_ready_and_ends_cleanly(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    process, port = started(config, tmp_path)
    client = SimulatorClient(f"http://127.0.0.1:{port}", TOKEN)
    client.act("checkout", {"sku": "A"})
    client.close()
    assert ended(process) == 0
    assert [event.kind for event in events(config)] == ["state"]


def test_it_speaks_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "shop.example")
    bundle, chain, key = (str(tmp_path / name) for name in ("ca.pem", "chain.pem", "key.pem"))
    authority.cert_pem.write_to_path(bundle)
    certificate.private_key_pem.write_to_path(key)
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(chain, append=True)
    config = make_config(tmp_path, tls_certificate_path=chain, tls_key_path=key)
    process, port = started(config, tmp_path)
    try:
        url = f"https://127.0.0.1:{port}"
        client = SimulatorClient(url, TOKEN, verify=bundle)
        client.inject("request", {"effect": "lost_acknowledgement", "count": 1})
        context = ssl.create_default_context(cafile=bundle)
        with httpx.Client(verify=context, trust_env=False, base_url=url) as http:
            # A real reset here too, but Python's TLS shows it as the end of the stream.
            with pytest.raises(httpx.TransportError):
                http.post("/orders", json={})
            assert http.get("/orders/1").json() == {"id": 1}
        client.close()
    finally:
        assert ended(process) == 0


@pytest.mark.parametrize("arguments", [[], ["nowhere.json"]])
def test_a_wrong_start_is_explained(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.simkit.example", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "CONFIG.json" in result.stderr or "nowhere.json" in result.stderr
