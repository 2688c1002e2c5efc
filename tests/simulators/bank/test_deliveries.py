"""How files arrive: whole or not at all in the folder, by halves under a fault, over SFTP."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from peakproof.seed import wait_until
from peakproof.simkit import SimulatorClient


def folder(bank: Any) -> Path:
    return Path(bank.values["statement_folder"])


def test_a_file_appears_whole(bank: Any) -> None:
    bank.act("receive", amount="1.00")
    result = bank.act("issue_statement", format="mt940")
    assert [path.name for path in folder(bank).iterdir()] == [result["file_name"]]
    assert Path(result["path"]).stat().st_size == result["size_bytes"]


def test_half_a_file_and_then_the_rest(bank: Any) -> None:
    bank.client.inject("partial_file", {"match": "camt053", "count": 1, "delay_seconds": 1.0})
    result = bank.act("issue_statement")
    path = Path(result["path"])
    assert path.stat().st_size == result["size_bytes"] // 2
    wait_until(lambda: path.stat().st_size == result["size_bytes"], 10, "the rest of the file")
    assert bank.client.pending()["files"] == 0


def test_half_a_file_for_ever(bank: Any) -> None:
    bank.client.inject("partial_file", {"count": 1, "how": "forever"})
    result = bank.act("issue_statement")
    assert bank.client.pending()["files"] == 0
    assert Path(result["path"]).stat().st_size == result["size_bytes"] // 2
    twin = bank.act("issue_statement", duplicate=True)
    assert Path(twin["path"]).stat().st_size == result["size_bytes"], "sent again, whole"


def test_a_file_taken_away_does_not_come_back(bank: Any) -> None:
    bank.client.inject("partial_file", {"count": 1, "delay_seconds": 0.1})
    path = Path(bank.act("issue_statement")["path"])
    path.unlink(missing_ok=True)
    wait_until(lambda: bank.client.pending()["files"] == 0, 10, "the upload to end")
    assert not path.exists()


def test_the_folder_lies_beside_the_journal_by_default(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(statement_folder="")
    bank.to_banking_day()
    bank.act("issue_statement")
    assert folder(bank).parent == bank.journal.parent
    assert len(list(folder(bank).iterdir())) == 1


async def fetched(values: dict[str, str], password: str, known: Path) -> dict[str, bytes]:
    async with (
        asyncssh.connect(
            values["sftp_host"],
            int(values["sftp_port"]),
            username=values["sftp_user"],
            password=password,
            known_hosts=str(known),
            config=None,
            client_keys=None,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        names = [str(name) for name in await sftp.listdir("/") if name not in (".", "..")]
        found: dict[str, bytes] = {}
        for name in names:
            async with sftp.open(f"/{name}", "rb") as file:
                found[name] = bytes(await file.read())
        return found


def test_files_over_sftp(open_bank: Callable[..., Any], tmp_path: Path) -> None:
    bank = open_bank(sftp=True)
    bank.to_banking_day()
    result = bank.act("issue_statement")
    known = tmp_path / "known_hosts"
    known.write_text(bank.values["sftp_known_host"] + "\n")
    found = asyncio.run(fetched(bank.values, bank.values["sftp_password"], known))
    assert found == {result["file_name"]: Path(result["path"]).read_bytes()}
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(fetched(bank.values, "guess", known))
    assert bank.values["sftp_password"] not in bank.journal.read_text()
    assert isinstance(bank.client, SimulatorClient)


def test_without_sftp_there_are_no_such_values(bank: Any) -> None:
    assert not [name for name in bank.values if name.startswith("sftp")]
