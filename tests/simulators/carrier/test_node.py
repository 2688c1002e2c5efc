"""EasyPost's own Node client, unmodified: Basic authentication, numbers as JavaScript has them."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from peakproof.runtime.cache import build_folder, cache_folder
from peakproof.seed import wait_until
from tests.simulators.carrier.conftest import KEY, Desk
from tests.simulators.shopify.receiver import Receiver

HERE = Path(__file__).parent / "node"
SECRET = "s\u00e9cret"


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def node_folder() -> Path:
    """Return a folder with the pinned client installed."""
    lock = (HERE / "package-lock.json").read_text()

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_text((HERE / name).read_text())
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)

    name = f"node-{hashlib.sha256(lock.encode()).hexdigest()[:12]}"
    return build_folder(cache_folder() / "published" / name, install, "Node packages")


@pytest.mark.node
def test_the_official_node_client_and_its_webhook_verifier(
    desk: Desk, receiver: Receiver, tmp_path: Path
) -> None:
    desk.api.webhook.create(url=receiver.url, webhook_secret=SECRET)
    # A whole number of ounces: the Node client checks the signature over "16.0".
    desk.bought(parcel={"weight": 16})
    # Events may overtake each other on their way; this is the first one that was made.
    headers, body = wait_until(
        lambda: next(
            (entry for entry in receiver.received if b'"tracker.created"' in entry[1]), None
        ),
        10,
        "the tracker's first event",
    )
    file = tmp_path / "webhook.json"
    genuine = {"headers": headers, "body": body.decode()}
    file.write_text(json.dumps({"genuine": genuine, "secret": SECRET}))
    script = node_folder() / "clients.mjs"
    script.write_text((HERE / "clients.mjs").read_text())
    seen = json.loads(run("node", str(script), desk.url, KEY, str(file), folder=script.parent))
    assert seen["price"] == "5.93"
    assert seen["again"] == {"status": 422, "code": "SHIPMENT.POSTAGE.EXISTS"}
    assert seen["label"].endswith(".zpl")
    assert seen["tracker"] == "pre_transit"
    assert seen["pages"] == seen["ids"]
    assert seen["refund"] == "submitted"
    assert seen["stranger"] == {"status": 401, "code": "UNAUTHORIZED"}
    assert seen["genuine"] == "tracker.created"
    assert "secret mismatch" in seen["wrongSecret"]
    assert b'"weight":16.0' in body
