"""The simulator as a process, as runs start it: ready, seeded, both folders open, ended."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from peakproof.simkit import SimulatorClient
from tests.simulators.bank.conftest import config, plan
from tests.simulators.bank.test_deliveries import fetched


def test_from_start_to_end(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(msgspec.json.encode(config(tmp_path, sftp=True)))
    with subprocess.Popen(
        [sys.executable, "-m", "simulators.bank", str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        client = SimulatorClient(f"http://127.0.0.1:{port}", "control")
        assert "api.myponto.com" in client.health()["hosts"]
        values = client.seed(plan())["values"]
        known = tmp_path / "known_hosts"
        known.write_text(values["sftp_known_host"] + "\n")
        client.act("pass_days", {"days": 3})
        client.act("receive", {"amount": "1.00"})
        result = client.act("issue_statement")
        found = asyncio.run(fetched(values, values["sftp_password"], known))
        assert list(found) == [result["file_name"]]
        client.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
